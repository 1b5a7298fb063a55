"""Training clips in the shapes the program sends to the recogniser.

Speech comes as the pieces and rows that the program cuts: half a sentence, one, or several, with little
around them, sometimes with the short answer of a listener before or behind.
Everything else comes as short windows of sound or of nothing, which carry an event tag and no text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .augment import change_speed, record
from .bank import Bank
from .sentences import join
from .sounds import Rng, at_loudness, fade, soft_edges
from .tags import EMOTIONS, LANGUAGES, SOUND_EVENTS
from .voices import SAMPLE_RATE, Audio, Rendition

SHORT_SOUND_SECONDS = 0.3
"""A sound this short at the edge of a segment does not change the segment's event."""

WINDOW_SECONDS = 2.0
"""The length of the windows in which the program looks for sounds."""

HALF_SHARE = 0.4
"""Of the renditions with a pause at their comma: how many are cut there, where an end of the clip allows."""

BACK_CHANNEL_SHARE = 0.2
SHORTEST_MAIN = int(0.9 * SAMPLE_RATE)
"""Beside anything shorter than this, the answer of a listener would be as long as what it answers."""

# Chinese sentences are longest and most of the samples are Chinese, hence their share.
LANGUAGE_SHARES = (0.28, 0.18, 0.18, 0.18, 0.18)
EMOTION_SHARES = (0.4, 0.2, 0.22, 0.18)


@dataclass(frozen=True)
class Clip:
    """A piece of audio and what the recogniser is to answer for it."""

    audio: Audio
    language: str
    emotion: str
    event: str
    text: str


def silence(seconds: float) -> Audio:
    """Digital silence."""
    return np.zeros(max(0, int(seconds * SAMPLE_RATE)), dtype=np.float32)


def speech_level(rng: Rng) -> float:
    """How loud a voice is before the recording chain sets the final level."""
    return float(10 ** (rng.uniform(-24, -16) / 20))


def _half(rendition: Rendition, first: bool, rng: Rng) -> tuple[Audio, str]:
    """What comes before or behind the pause at a comma, and what a recogniser writes for it alone."""
    assert rendition.comma is not None and rendition.sentence.clauses is not None
    start, end = rendition.comma
    rest = int(rng.uniform(0, (end - start) / 2))
    audio = rendition.audio[: start + rest] if first else rendition.audio[end - rest :]
    return audio, rendition.sentence.clauses[0 if first else 1]


def _said(rendition: Rendition, at_start: bool, at_end: bool, rng: Rng) -> tuple[Audio, str]:
    """A sentence, or, at an end of the clip, perhaps the half of it that a cut left there."""
    if rendition.comma and rng.random() < HALF_SHARE:
        if at_start and (not at_end or rng.random() < 0.5):
            return _half(rendition, False, rng)
        if at_end:
            return _half(rendition, True, rng)
    return rendition.audio, rendition.sentence.text


def _between(rng: Rng) -> Audio:
    """The pause between two sentences."""
    return silence(rng.uniform(0.15, 0.7) if rng.random() < 0.6 else rng.uniform(0.5, 1.8))


def spoken_clip(bank: Bank, rng: Rng, sentences: int, plain: bool) -> Clip:
    """One or more sentences in one language and mood; unless plain, perhaps with a sound."""
    language = str(rng.choice(LANGUAGES, p=LANGUAGE_SHARES))
    emotion = str(rng.choice(EMOTIONS, p=EMOTION_SHARES))
    level = speech_level(rng)
    texts: list[str] = []
    pieces: list[Audio] = []
    for number in range(sentences):
        rendition = bank.draw_speech(language, emotion, rng)
        message, text = _said(rendition, number == 0, number == sentences - 1, rng)
        if pieces:
            pieces.append(_between(rng))
        pieces.append(at_loudness(change_speed(message, rng.uniform(0.97, 1.03)), level))
        texts.append(text)
    if not plain and sentences == 1 and len(pieces[0]) > SHORTEST_MAIN and rng.random() < BACK_CHANNEL_SHARE:
        _put_in_back_channel(bank, rng, language, level, pieces, texts)
    speech = np.concatenate(pieces)
    event = "Speech"
    lead, trail = silence(rng.uniform(0, 0.4)), silence(rng.uniform(0, 0.4))
    kind = 1.0 if plain else rng.random()
    if kind < 0.24:  # music under all of it
        event = "BGM"
        whole = np.concatenate([lead, speech, trail])
        under = bank.draw_sound("BGM", len(whole) / SAMPLE_RATE, rng)
        if rng.random() < 0.5:  # the music keeps to the speech, the edges stay silent
            under = bank.draw_sound("BGM", len(speech) / SAMPLE_RATE + rng.uniform(0, 0.2), rng)
            under = np.concatenate([lead, soft_edges(under, rng.uniform(0.02, 0.2)), trail])
        under = np.pad(under, (0, max(0, len(whole) - len(under))))[: len(whole)]
        whole = whole + at_loudness(under, level * 10 ** (-rng.uniform(6, 20) / 20))
    elif kind < 0.40:  # the first moments of the next sound, or the last of the one before
        sound = str(rng.choice(SOUND_EVENTS))
        edge = bank.draw_sound(sound, rng.uniform(0.03, SHORT_SOUND_SECONDS), rng)
        edge = at_loudness(edge, level * 10 ** (rng.uniform(-10, 6) / 20))
        gap = silence(rng.uniform(0, 0.2))
        whole = np.concatenate([lead, speech, gap, edge])
        if rng.random() < 0.25:
            whole = np.concatenate([edge, gap, speech, trail])
    elif kind < 0.50:  # a sound of some length right after the end, or over it
        event = str(rng.choice(("Laughter", "Applause", "Cough")))
        sound_level = level * 10 ** (rng.uniform(-8, 4) / 20)
        after = at_loudness(bank.draw_sound(event, rng.uniform(0.9, 2.5), rng), sound_level)
        overlap = int(rng.uniform(-0.2, 0.6) * SAMPLE_RATE)
        start = len(lead) + max(0, len(speech) - overlap)
        whole = np.zeros(max(start + len(after), len(lead) + len(speech)), dtype=np.float32)
        whole[len(lead) : len(lead) + len(speech)] = speech
        whole[start : start + len(after)] += soft_edges(after)
    else:
        whole = np.concatenate([lead, speech, trail])
    return Clip(record(whole, rng), language, emotion, event, join(texts, language))


def _one_sound(bank: Bank, event: str, seconds: float, rng: Rng) -> Audio:
    sound = at_loudness(bank.draw_sound(event, seconds, rng))
    if rng.random() < (0.4 if event == "BGM" else 0.15):
        sound = fade(sound, float(rng.uniform(8, 22) * rng.choice((-1, 1))))
    return sound


def sound_clip(bank: Bank, rng: Rng) -> Clip:
    """A window of sound: all of it, its beginning, its end, or two sounds of which one prevails."""
    seconds = WINDOW_SECONDS if rng.random() < 0.65 else float(rng.uniform(0.3, 3.0))
    event = str(rng.choice(SOUND_EVENTS, p=(0.3, 0.25, 0.3, 0.15)))
    shape = rng.random()
    if shape < 0.5:
        audio = _one_sound(bank, event, seconds, rng)
    elif shape < 0.75:  # begins or ends inside the window
        audio = soft_edges(_one_sound(bank, event, seconds * rng.uniform(0.25, 0.95), rng))
        rest = silence(seconds - len(audio) / SAMPLE_RATE)
        audio = np.concatenate([rest, audio] if rng.random() < 0.5 else [audio, rest])
    else:
        other = str(rng.choice([name for name in SOUND_EVENTS if name != event]))
        share = rng.uniform(0.6, 0.95)
        gap = min(rng.uniform(0, 0.3), (1 - share) * seconds / 2)
        long = soft_edges(_one_sound(bank, event, seconds * share, rng))
        short = soft_edges(_one_sound(bank, other, seconds * (1 - share) - gap, rng))
        short = at_loudness(short, 0.1 * 10 ** (rng.uniform(-8, 5) / 20)) if len(short) else short
        parts = [long, silence(gap), short]
        audio = np.concatenate(parts if rng.random() < 0.5 else parts[::-1])
    if rng.random() < 0.12:  # the last moment of the speech before, or the first of the speech after
        language, emotion = str(rng.choice(LANGUAGES)), str(rng.choice(EMOTIONS))
        speech = at_loudness(bank.draw_speech(language, emotion, rng).audio, speech_level(rng))
        count = int(rng.uniform(0.02, 0.12) * min(seconds, 1.5) * SAMPLE_RATE)
        if rng.random() < 0.5:
            audio = np.concatenate([speech[-count:], audio])[: len(audio)]
        else:
            audio = np.concatenate([audio, speech[:count]])[-len(audio) :]
    return Clip(record(audio, rng), "nospeech", "EMO_UNKNOWN", event, "")


def empty_clip(rng: Rng) -> Clip:
    """A window with nothing in it but, perhaps, background noise."""
    seconds = WINDOW_SECONDS if rng.random() < 0.5 else float(rng.uniform(0.3, 3.0))
    audio = record(silence(seconds), rng)
    if rng.random() < 0.3:
        audio = silence(seconds)
    return Clip(audio, "nospeech", "EMO_UNKNOWN", "Event_UNK", "")


def _put_in_back_channel(
    bank: Bank, rng: Rng, language: str, level: float, pieces: list[Audio], texts: list[str]
) -> None:
    """Add a listener's short answer before or behind a sentence, whose tags the clip keeps."""
    of = language if rng.random() < 0.85 else str(rng.choice(LANGUAGES))
    short = bank.draw_back_channel(of, "NEUTRAL" if rng.random() < 0.6 else str(rng.choice(EMOTIONS)), rng)
    audio = at_loudness(short.audio, level * 10 ** (rng.uniform(-4, 2) / 20))
    pause = silence(rng.uniform(0.05, 0.6))
    if rng.random() < 0.5:
        pieces[:0], texts[:0] = [audio, pause], [short.sentence.text]
    else:
        pieces += [pause, audio]
        texts.append(short.sentence.text)


def training_clip(bank: Bank, rng: Rng, easy: bool) -> Clip:
    """A clip for training; an easy one is mostly a single sentence without further sounds."""
    kind = rng.random()
    if kind < (0.80 if easy else 0.64):
        sentences = 1 if easy else int(rng.choice((1, 2, 3, 4), p=(0.7, 0.18, 0.08, 0.04)))
        return spoken_clip(bank, rng, sentences, plain=easy)
    if kind < 0.94:
        return sound_clip(bank, rng)
    return empty_clip(rng)
