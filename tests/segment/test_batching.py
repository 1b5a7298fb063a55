"""Grouping chunks by their seconds, and clips by their length."""

from __future__ import annotations

import numpy as np
import pytest

from sensevoice.segment.batching import batches, packs
from sensevoice.segment.segmenter import Chunk
from sensevoice.transcript import Span


def chunks(*lengths_ms: int) -> list[Chunk]:
    nothing = np.zeros(0, np.float32)
    return [Chunk("speech", Span(0, length_ms), nothing) for length_ms in lengths_ms]


@pytest.mark.parametrize(
    ("lengths_ms", "expected"),
    [
        ([], []),
        ([90_000], [1]),
        ([30_000, 30_000, 1], [2, 1]),
        ([90_000, 1, 1], [1, 2]),
        ([20_000] * 7, [3, 3, 1]),
    ],
)
def test_batches_keep_their_order_and_their_seconds(lengths_ms: list[int], expected: list[int]) -> None:
    result = list(batches(chunks(*lengths_ms), 60))
    assert [len(batch) for batch in result] == expected
    assert [chunk.span.duration_ms for batch in result for chunk in batch] == lengths_ms


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([500], [[0]]),
        ([3, 1, 2], [[1, 2, 0]]),
        ([30, 1, 2, 25], [[1, 2], [3], [0]]),
        ([10, 10, 10, 10], [[0, 1, 2], [3]]),
    ],
)
def test_packs_of_similar_length(lengths: list[int], expected: list[list[int]]) -> None:
    assert packs(lengths, 30) == expected


def test_every_clip_is_in_one_pack_and_none_is_too_large() -> None:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 480_000, 300).tolist()
    groups = packs(lengths, 2_000_000)
    assert sorted(position for group in groups for position in group) == list(range(300))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[position] for position in group) <= 2_000_000
    padded = sum(len(group) * max(lengths[position] for position in group) for group in groups)
    assert padded < 1.15 * sum(lengths)
