"""Joining speech: never across long silence, never beyond the limit, never silence itself."""

from __future__ import annotations

import itertools
import random

import pytest

from sensevoice.segment.merge import SpanMerger, join_spans
from sensevoice.transcript import Span


def joined(
    spans: list[tuple[int, int]], max_length_ms: int = 15_000, max_gap_ms: int = 1_000
) -> list[tuple[int, int]]:
    result = join_spans([Span(*span) for span in spans], max_length_ms, max_gap_ms)
    return [(span.start_ms, span.end_ms) for span in result]


def test_neighbours_are_joined_up_to_the_limit() -> None:
    assert joined([(0, 4_000), (4_500, 9_000), (9_100, 15_000)]) == [(0, 15_000)]
    assert joined([(0, 4_000), (4_500, 9_000), (9_100, 15_001)]) == [(0, 9_000), (9_100, 15_001)]


@pytest.mark.parametrize(
    "spans",
    [
        # funasr's merge_vad makes ten minutes of silence of the first, a segment from 0 of the second,
        # and moves starts to the end before in the third.
        [(2_000, 5_000), (605_000, 608_000)],
        [(20_000, 24_000), (25_001, 29_000)],
        [(5_000, 20_000)],
    ],
)
def test_the_traps_of_funasr(spans: list[tuple[int, int]]) -> None:
    assert joined(spans) == spans


def test_the_gap_is_a_setting() -> None:
    spans = [(0, 1_000), (1_800, 2_500)]
    assert joined(spans, max_gap_ms=800) == [(0, 2_500)]
    assert joined(spans, max_gap_ms=799) == spans


def test_a_span_longer_than_the_limit_passes_unchanged() -> None:
    assert joined([(0, 29_000), (29_100, 30_000)]) == [(0, 29_000), (29_100, 30_000)]


def test_a_gap_below_zero_joins_nothing_not_even_what_touches() -> None:
    assert joined([(0, 1_000), (1_000, 2_000)], max_length_ms=0, max_gap_ms=-1) == [
        (0, 1_000),
        (1_000, 2_000),
    ]


def test_nothing_gives_nothing() -> None:
    assert joined([]) == []


def test_whatever_comes_no_limit_is_broken_and_no_speech_lost() -> None:
    chance = random.Random(7)
    for _ in range(300):
        spans, at_ms = [], 0
        for _ in range(chance.randrange(1, 30)):
            at_ms += chance.choice([0, 10, 500, 1_000, 1_001, 30_000])
            spans.append((at_ms, at_ms + chance.randrange(1, 20_000)))
            at_ms = spans[-1][1]
        result = joined(spans)
        for start_ms, end_ms in result:
            inside = [span for span in spans if start_ms <= span[0] and span[1] <= end_ms]
            assert (start_ms, end_ms) == (inside[0][0], inside[-1][1])
            assert end_ms - start_ms <= 15_000 or len(inside) == 1
            pairs = itertools.pairwise(inside)
            assert all(right[0] - left[1] <= 1_000 for left, right in pairs)
        assert sum(len([s for s in spans if r[0] <= s[0] < r[1]]) for r in result) == len(spans)


def test_what_can_no_longer_grow_is_let_go() -> None:
    merger = SpanMerger(15_000, 1_000)
    assert list(merger.push(Span(0, 2_000))) == []
    assert list(merger.settle(3_000)) == []
    assert merger.open_from_ms == 0
    assert list(merger.settle(3_001)) == [Span(0, 2_000)]
    assert merger.open_from_ms is None
    assert list(merger.flush()) == []


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-1, 5), (5, 5), (6, 5)])
def test_a_span_that_is_none(start_ms: int, end_ms: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start_ms, end_ms)
