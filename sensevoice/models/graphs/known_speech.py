"""Speech by which models are checked: the sample recordings, and the released model's examples."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from sensevoice.audio.source import SAMPLES_PER_MS, open_audio, select_channels
from sensevoice.models.sources import demo

EXAMPLES = "example"
"""The folder in the released model's directory with five recordings, one in each language."""

TAIL_MS = 150
"""What the first clip has of the pause behind it, which is 0.2 s at the shortest."""


def known_clip() -> np.ndarray:
    """Return the first utterance of the first sample recording, float32 mono 16 kHz."""
    sample = demo.sample_recordings()[0]
    first = sample.utterances[0]
    return _read(sample.path)[first.start_ms * SAMPLES_PER_MS : (first.end_ms + TAIL_MS) * SAMPLES_PER_MS]


def check_clips(directory: Path) -> list[np.ndarray]:
    """Return 170 s of speech and sounds in 35 clips, and the examples in a model's directory, if any.

    The sample recordings are cut in the middle of each pause, so that nothing is left out, and given once
    by themselves and once with the clip that follows: one character is then a fifth of a percent.
    """
    clips: list[np.ndarray] = []
    for sample in demo.sample_recordings():
        samples = _read(sample.path)
        middles = [(one.end_ms + next_.start_ms) // 2 for one, next_ in pairwise(sample.utterances)]
        parts = np.split(samples, [middle * SAMPLES_PER_MS for middle in middles])
        clips += [*parts, *(np.concatenate(pair) for pair in pairwise(parts))]
    return [*clips, *map(_read, sorted((directory / EXAMPLES).glob("*.mp3")))]


def _read(path: Path) -> np.ndarray:
    with open_audio(path) as source:
        return np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()])
