"""Conversations as people hold them, for evaluation: turns, short pauses, answers put in, several languages.

All from voices and renditions that training never sees; the sentences are those that the demonstration model
knows, as it knows no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from .clips import silence
from .sentences import SENTENCES, Sentence, back_channels
from .sounds import MAKERS, Rng, at_loudness, noise
from .tags import EMOTIONS, LANGUAGES
from .voices import HELD_OUT_VOICES, SAMPLE_RATE, Audio, say

SHORTEST_S, LONGEST_S = 60.0, 180.0
LONGEST_PAUSE_S = 1.2
"""Between turns; inside a turn people pause for a little less."""
TURN_PAUSE_S = (0.2, 0.7)
COMMA_MS = (200, 500)
COMMA_SHARE = 0.4
BACK_CHANNEL_SHARE = 0.2
MOOD_SHARES = (0.52, 0.16, 0.16, 0.16)
SWITCH_SHARE = 0.25
"""How often a turn is in another of the conversation's languages than the turn before."""
LOUDNESS = 0.09
ROOM = 0.0005
CONDITIONS = ("plain", "plain", "8 kHz", "noisy")
MEETING_PEOPLE = 3
MEETING_LANGUAGES = ("zh", "en")
MEETING_SOUNDS = ("Laughter", "Applause")
MEETING_SOUND_S = (2.5, 5.0)
MEETING_TURNS_BETWEEN = 10
"""Turns from one laughter, or applause, to the next."""


@dataclass(frozen=True)
class Utterance:
    """A sentence of a conversation and the truth about it."""

    start_ms: int
    end_ms: int
    text: str
    language: str
    emotion: str
    speaker: str


@dataclass(frozen=True)
class Conversation:
    """What was said, in order, and how it was recorded."""

    condition: str
    utterances: tuple[Utterance, ...]


@dataclass(frozen=True)
class _Turn:
    speaker: str
    language: str
    emotion: str
    sentences: tuple[Sentence, ...]


def make_conversation(seed: int, seconds: float | None = None) -> tuple[Audio, Conversation]:
    """Draw a conversation of a minute to three; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    people = [str(voice) for voice in rng.permutation(HELD_OUT_VOICES)[: int(rng.integers(2, 5))]]
    languages = [str(name) for name in rng.permutation(LANGUAGES)[: int(rng.integers(1, 4))]]
    loudness = {person: LOUDNESS * 10 ** (rng.uniform(-4, 4) / 20) for person in people}
    wanted = seconds or rng.uniform(SHORTEST_S, LONGEST_S)
    pieces: list[Audio] = [silence(rng.uniform(0.2, 1.0))]
    message: list[Utterance] = []
    turn: _Turn | None = None
    while sum(map(len, pieces)) < wanted * SAMPLE_RATE:
        turn = _next_turn(turn, people, languages, rng)
        _speak(turn, loudness[turn.speaker], pieces, message, rng)
        pieces.append(silence(rng.uniform(0.0, LONGEST_PAUSE_S)))
    pieces.append(silence(0.5))
    condition = CONDITIONS[seed % len(CONDITIONS)]
    return _recorded(np.concatenate(pieces), condition, rng), Conversation(condition, tuple(message))


def make_meeting(seed: int, seconds: float) -> Audio:
    """Draw a meeting of three in two languages, with moods, laughter and applause; a seed gives one."""
    rng = np.random.default_rng(seed)
    people = [str(voice) for voice in rng.permutation(HELD_OUT_VOICES)[:MEETING_PEOPLE]]
    loudness = {person: LOUDNESS * 10 ** (rng.uniform(-4, 4) / 20) for person in people}
    pieces: list[Audio] = [silence(rng.uniform(0.2, 1.0))]
    turn: _Turn | None = None
    turns = 0
    while sum(map(len, pieces)) < seconds * SAMPLE_RATE:
        turns += 1
        if turns % MEETING_TURNS_BETWEEN == 0:
            sound = MAKERS[MEETING_SOUNDS[turns // MEETING_TURNS_BETWEEN % len(MEETING_SOUNDS)]]
            pieces += [at_loudness(sound(rng.uniform(*MEETING_SOUND_S), rng), LOUDNESS), silence(0.8)]
        turn = _next_turn(turn, people, MEETING_LANGUAGES, rng)
        _speak(turn, loudness[turn.speaker], pieces, [], rng)
        pieces.append(silence(rng.uniform(0.0, LONGEST_PAUSE_S)))
    return _recorded(np.concatenate(pieces)[: int(seconds * SAMPLE_RATE)], "plain", rng)


def _next_turn(before: _Turn | None, people: Sequence[str], languages: Sequence[str], rng: Rng) -> _Turn:
    others = [person for person in people if before is None or person != before.speaker]
    speaker = str(rng.choice(others))
    language = before.language if before else languages[0]
    if rng.random() < BACK_CHANNEL_SHARE and before:
        return _Turn(speaker, language, "NEUTRAL", (_draw(back_channels(language), rng),))
    if rng.random() < SWITCH_SHARE:
        language = str(rng.choice(languages))
    short = back_channels(language)
    known = [item for item in SENTENCES if item.language == language and item not in short]
    count = int(rng.choice((1, 2, 3), p=(0.6, 0.28, 0.12)))
    emotion = str(rng.choice(EMOTIONS, p=MOOD_SHARES))
    return _Turn(speaker, language, emotion, tuple(_draw(known, rng) for _ in range(count)))


def _draw(choices: Sequence[Sentence], rng: Rng) -> Sentence:
    return choices[int(rng.integers(len(choices)))]


def _speak(turn: _Turn, loudness: float, pieces: list[Audio], said: list[Utterance], rng: Rng) -> None:
    """Append a turn to the sound and to the truth."""
    for number, sentence in enumerate(turn.sentences):
        if number:
            pieces.append(silence(rng.uniform(*TURN_PAUSE_S)))
        comma_ms = int(rng.integers(*COMMA_MS)) if rng.random() < COMMA_SHARE else 0
        audio = at_loudness(say(sentence, turn.emotion, turn.speaker, rng, comma_ms=comma_ms).audio, loudness)
        start = sum(map(len, pieces))
        pieces.append(audio)
        start_ms, end_ms = (at * 1000 // SAMPLE_RATE for at in (start, start + len(audio)))
        said.append(Utterance(start_ms, end_ms, sentence.text, turn.language, turn.emotion, turn.speaker))


def _recorded(audio: Audio, condition: str, rng: Rng) -> Audio:
    """Add room noise, and what a telephone or a noisy room does."""
    level = LOUDNESS * 10 ** (-rng.uniform(14, 24) / 20) if condition == "noisy" else ROOM
    audio = audio + at_loudness(noise(len(audio) / SAMPLE_RATE + 0.01, rng)[: len(audio)], level)
    if condition == "8 kHz":
        narrow = signal.resample_poly(audio, 1, 2)
        audio = signal.resample_poly(narrow, 2, 1)[: len(audio)]
    result: Audio = np.clip(audio, -0.99, 0.99).astype(np.float32)
    return result
