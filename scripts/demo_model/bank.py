"""Everything training mixes its clips from: renditions of all sentences, and a store of sounds."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sentences import SENTENCES, back_channels
from .sounds import MAKERS, Rng
from .tags import EMOTIONS
from .voices import SAMPLE_RATE, Audio, Rendition, say

SOUND_SECONDS = 10.0
PROCESSES = 2

COMMA_MS = (200, 700)
"""Half of the renditions of a sentence with a comma stop there for a time between these."""

Task = tuple[int, str, str, int]


@dataclass
class Bank:
    """Renditions by language and emotion, and sounds by event."""

    speech: dict[tuple[str, str], list[Rendition]]
    sounds: dict[str, list[NDArray[np.int16]]]

    def draw_speech(self, language: str, emotion: str, rng: Rng) -> Rendition:
        """Any rendition in a language and mood."""
        choices = self.speech[language, emotion]
        return choices[int(rng.integers(len(choices)))]

    def draw_back_channel(self, language: str, emotion: str, rng: Rng) -> Rendition:
        """Any rendition of what a listener puts in."""
        short = [sentence.text for sentence in back_channels(language)]
        choices = [item for item in self.speech[language, emotion] if item.sentence.text in short]
        return choices[int(rng.integers(len(choices)))]

    def draw_sound(self, event: str, seconds: float, rng: Rng) -> Audio:
        """A random stretch of a random sound of an event."""
        whole = self.sounds[event][int(rng.integers(len(self.sounds[event])))]
        count = min(len(whole), int(seconds * SAMPLE_RATE))
        start = int(rng.integers(0, len(whole) - count + 1))
        return whole[start : start + count].astype(np.float32) / 32768.0


def _render(task: Task) -> Rendition:
    index, emotion, voice, seed = task
    rng = np.random.default_rng(seed)
    comma_ms = int(rng.integers(*COMMA_MS)) if SENTENCES[index].clauses and rng.random() < 0.5 else 0
    return say(SENTENCES[index], emotion, voice, rng, comma_ms=comma_ms)


def _make_sound(task: tuple[str, int]) -> NDArray[np.int16]:
    event, seed = task
    audio = MAKERS[event](SOUND_SECONDS, np.random.default_rng(seed))
    return (np.clip(audio, -1.0, 1.0) * 32767).astype(np.int16)


def make_bank(
    voices: Sequence[str], neutral_takes: int, mood_takes: int, sound_count: int, seed: int
) -> Bank:
    """Render every sentence in every mood by several voices, and make the sounds."""
    rng = np.random.default_rng(seed)
    tasks: list[Task] = []
    for index in range(len(SENTENCES)):
        for emotion in EMOTIONS:
            takes = neutral_takes if emotion == "NEUTRAL" else mood_takes
            chosen = [voices[i % len(voices)] for i in rng.permutation(max(takes, len(voices)))[:takes]]
            tasks += [(index, emotion, voice, int(rng.integers(2**31))) for voice in chosen]
    sound_tasks = [(event, int(rng.integers(2**31))) for event in MAKERS for _ in range(sound_count)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        renditions = list(pool.map(_render, tasks, chunksize=32))
        sounds = list(pool.map(_make_sound, sound_tasks, chunksize=4))
    bank = Bank({}, {})
    for rendition in renditions:
        bank.speech.setdefault((rendition.sentence.language, rendition.emotion), []).append(rendition)
    for (event, _), sound in zip(sound_tasks, sounds, strict=True):
        bank.sounds.setdefault(event, []).append(sound)
    return bank
