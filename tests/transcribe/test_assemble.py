"""Cells of a sound become one segment, and an endless sound takes little memory."""

from __future__ import annotations

import tracemalloc

import pytest

from sensevoice.transcribe.assemble import SoundMerger, WindowResult
from sensevoice.transcript import Segment, Span, TagScore

SOUNDS = ("BGM", "Speech", "Applause", "Laughter", "Cry", "Sneeze", "Breath", "Cough")
KINDS = (*(("event", name) for name in SOUNDS), ("emotion", "NEUTRAL"), ("language", "nospeech"))


def cell(number: int, event: str = "BGM") -> WindowResult:
    """Return what is heard in a second of a sound, with a score of its own for each tag."""
    scores = tuple(TagScore(kind, name, number / 10_000) for kind, name in KINDS)
    span = Span(1000 * number, 1000 * (number + 1))
    return WindowResult(span, (event,), 1.0, f"<|nospeech|><|{event}|>", scores=scores)


def merged(cells: list[WindowResult]) -> list[Segment]:
    merger = SoundMerger()
    return [*(segment for each in cells for segment in merger.push(each)), *merger.flush()]


def test_scores_of_a_sound_are_the_means_of_its_cells() -> None:
    first, second = merged([*map(cell, range(11)), cell(11, "Applause"), cell(12, "Applause")])
    assert first.span == Span(0, 11_000)
    assert first.scores == (TagScore("event", "BGM", 0.0005), TagScore("event", "Speech", 0.0005))
    assert [score.score for score in second.scores] == pytest.approx([0.0012, 0.0012], abs=1e-4)


def test_an_hour_of_one_sound_takes_little_memory() -> None:
    """It took 3 KB for each second, 10 MB for an hour of music."""
    merger = SoundMerger()
    tracemalloc.start()
    for number in range(3600):
        assert not list(merger.push(cell(number)))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept / 3600 < 500
    assert [segment.span.duration_ms for segment in merger.flush()] == [3_600_000]
