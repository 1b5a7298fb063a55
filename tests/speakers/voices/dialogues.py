"""Dialogues put together from recordings of eight people, with everything that a judge has to know."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from sensevoice.transcript import Span, Word

SAMPLES_PER_MS = 16
PAUSES_MS = (200, 800)
TURNS = (10, 16)
SENTENCE_MS = (1_800, 6_000)
"""How long a part of a recording a turn is."""
BRIDGED_MS = 400
"""A detector with this end silence takes what lies closer together for one piece."""


@dataclass(frozen=True)
class Dialogue:
    """`turns` are (time, person); `pieces` what a detector would give; `words` as a recogniser would."""

    samples: np.ndarray
    turns: tuple[tuple[Span, str], ...]

    @property
    def people(self) -> list[str]:
        return sorted({person for _, person in self.turns})

    @property
    def pieces(self) -> list[Span]:
        pieces: list[Span] = []
        for span, _ in self.turns:
            if pieces and span.start_ms - pieces[-1].end_ms < BRIDGED_MS:
                pieces[-1] = Span(pieces[-1].start_ms, span.end_ms)
            else:
                pieces.append(span)
        return pieces

    def words(self) -> list[Word]:
        """Return words of about a third of a second, none of which belongs to two turns."""
        words = []
        for span, _ in self.turns:
            count = max(1, span.duration_ms // 330)
            edges = np.linspace(span.start_ms, span.end_ms, count + 1).astype(int).tolist()
            words += [Word("w", Span(a, b)) for a, b in itertools.pairwise(edges)]
        return words

    def cut(self, span: Span) -> np.ndarray:
        return self.samples[span.start_ms * SAMPLES_PER_MS : span.end_ms * SAMPLES_PER_MS]


def recordings(folder: Path) -> dict[str, list[np.ndarray]]:
    """Return the recordings of each person."""
    result: dict[str, list[np.ndarray]] = {}
    for path in sorted(folder.glob("*.flac")):
        samples, rate_hz = soundfile.read(path, dtype="float32")
        assert rate_hz == 1000 * SAMPLES_PER_MS
        result.setdefault(path.name.split("-")[0], []).append(samples)
    return result


def dialogue(voices: dict[str, list[np.ndarray]], seed: int, people: int | None = None) -> Dialogue:
    """Return a dialogue of 1 to 4 people; everybody speaks at least twice."""
    rng = np.random.default_rng(seed)
    count = people or int(rng.integers(1, 5))
    cast = [str(name) for name in rng.choice(sorted(voices), count, replace=False)]
    parts: list[np.ndarray] = []
    turns: list[tuple[Span, str]] = []
    at_ms = 0
    for person in _order(cast, rng):
        pause_ms = int(rng.integers(*PAUSES_MS))
        speech = _sentence(voices[person], rng)
        start_ms = at_ms + pause_ms
        at_ms = start_ms + len(speech) // SAMPLES_PER_MS
        parts += [_breath(pause_ms, rng), speech]
        turns.append((Span(start_ms, at_ms), person))
    return Dialogue(np.concatenate(parts), tuple(turns))


def _order(cast: list[str], rng: np.random.Generator) -> list[str]:
    turns = int(rng.integers(*TURNS))
    order = [*cast, *cast]
    while len(order) < turns:
        others = [name for name in cast if name != order[-1]] or cast
        order.append(str(rng.choice(others if rng.random() < 0.8 else cast)))
    return order


def _sentence(recordings: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    samples = recordings[int(rng.integers(len(recordings)))]
    wanted = int(rng.integers(*SENTENCE_MS)) * SAMPLES_PER_MS
    start = int(rng.integers(0, max(1, len(samples) - wanted)))
    part = samples[start : start + wanted]
    part = part[: len(part) // SAMPLES_PER_MS * SAMPLES_PER_MS]
    return part / (np.abs(part).max() + 1e-9) * 0.5


def _breath(pause_ms: int, rng: np.random.Generator) -> np.ndarray:
    return (rng.standard_normal(pause_ms * SAMPLES_PER_MS) * 1e-3).astype(np.float32)
