"""How far a graph's answers are from those of the weights themselves: about text, not about numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensevoice.recognise.ctc import PROMPT_FRAMES
from sensevoice.tags.parse import parse


@dataclass(frozen=True)
class Answer:
    """What the model makes of a clip: the best piece of each frame, prompt frames first, and their text."""

    best: np.ndarray
    text: str


@dataclass(frozen=True)
class Bounds:
    """What is good enough: the least share of frames with the same piece, the largest character error.

    `other_tags` is how many clips may have another language, emotion or event.
    """

    tokens: float
    characters: float
    other_tags: int = 0


@dataclass(frozen=True)
class Agreement:
    """The share of frames with the same piece, the character error, and the clips whose tags differ."""

    tokens: float
    characters: float
    other_tags: int

    def is_within(self, bounds: Bounds) -> bool:
        """Return whether tags, text and frames are as near as they have to be."""
        same = self.other_tags <= bounds.other_tags
        return same and self.tokens >= bounds.tokens and self.characters <= bounds.characters

    def __str__(self) -> str:
        return (
            f"{self.tokens:.2%} of frames / 帧一致, {self.characters:.2%} character error / 字错率, "
            f"{self.other_tags} clips with other tags / 标签不同"
        )


def compare(expected: Sequence[Answer], result: Sequence[Answer]) -> Agreement:
    """Compare answers to the same clips, in order."""
    frames = same = characters = errors = other_tags = 0
    for one, other in zip(expected, result, strict=True):
        shorter = min(len(one.best), len(other.best))
        frames += max(len(one.best), len(other.best))
        same += int(np.sum(one.best[:shorter] == other.best[:shorter]))
        other_tags += not np.array_equal(one.best[:PROMPT_FRAMES], other.best[:PROMPT_FRAMES])
        text = parse(one.text).text
        characters += len(text)
        errors += edit_distance(text, parse(other.text).text)
    return Agreement(same / max(1, frames), errors / max(1, characters), other_tags)


def edit_distance(one: str, other: str) -> int:
    """Return how many characters have to be put in, taken out or replaced (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        diagonal, row[0] = row[0], number
        for place, another in enumerate(other, 1):
            changed = diagonal + (character != another)
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, changed)
    return row[-1]
