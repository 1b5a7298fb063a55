"""What the segmenter keeps in memory: the samples that are still wanted, and what is handed out owns its own.

What it hands out is tested with the pipeline.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from sensevoice.options import Options
from sensevoice.segment.kept import own
from sensevoice.segment.segmenter import Chunk, Segmenter
from sensevoice.transcript import Span
from tests.fakes import FakeSpeechFinder, tone

BLOCK_MS = 10_000


def chunks_of(spans: list[Span], blocks: int, sounds: bool = True) -> tuple[list[Chunk], int]:
    """Return the chunks of some blocks of sound, and the most bytes that were kept on the way."""
    segmenter = Segmenter(FakeSpeechFinder(spans, delay_ms=20_000), Options(sounds=sounds))
    chunks: list[Chunk] = []
    most = 0
    for number in range(blocks):
        block = tone(BLOCK_MS, level=0.1 + 0.01 * (number % 5))
        chunks += segmenter.feed(block)
        kept = segmenter._kept._parts[0]
        most = max(most, (kept if kept.base is None else kept.base).nbytes)
    return [*chunks, *segmenter.finish()], most


@pytest.mark.parametrize("spans", [[], [Span(at, at + 400) for at in range(0, 170_000, 5000)]])
def test_a_chunk_keeps_no_more_than_its_own_samples(spans: list[Span]) -> None:
    """A view would keep two minutes of sound for a word."""
    chunks, _ = chunks_of(spans, 18)
    assert len(chunks) >= 3
    for chunk in chunks:
        assert chunk.samples.base is None and chunk.lead.base is None
        assert chunk.samples.nbytes == chunk.duration_ms * 16 * 4


def test_what_is_kept_is_less_than_twice_what_is_wanted() -> None:
    spans = [Span(at, at + 4000) for at in range(0, 590_000, 5000)]
    _, most = chunks_of(spans, 60, sounds=False)
    assert most <= 2 * (20_000 + 2 * BLOCK_MS) * 16 * 4


def test_samples_are_copied_when_they_are_the_smaller_half() -> None:
    whole = np.arange(1000, dtype=np.float32)
    assert own(whole) is whole
    assert own(whole[400:]).base is whole
    small = own(whole[600:])
    assert small.base is None and np.array_equal(small, whole[600:])


@pytest.mark.parametrize("merge", ["agreement", "length"])
def test_a_segmenter_that_is_let_go_is_gone(merge: str) -> None:
    """It stayed, with up to two minutes of sound, until garbage was collected: 4 MB for each run."""
    gc.disable()
    try:
        segmenter = Segmenter(FakeSpeechFinder([Span(400, 900)], delay_ms=20_000), Options(merge=merge))  # type: ignore[arg-type]
        list(segmenter.feed(tone(BLOCK_MS, level=0.1)))
        gone = weakref.ref(segmenter)
        del segmenter
        assert gone() is None
    finally:
        gc.enable()
