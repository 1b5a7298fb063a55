"""SplitPolicy speech at its pauses: where a cut lies, what stays of a pause, and what happens without pauses."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sensevoice.protocols import Speech
from sensevoice.segment.pieces import MARGIN_MS, MAX_PIECE_MS, PieceCutter
from sensevoice.transcript import Span

RATE = 16


def sound(length_ms: int, *quiet: tuple[int, int]) -> np.ndarray:
    """Return noise with quiet chunks."""
    samples = np.random.default_rng(1).normal(0, 0.1, length_ms * RATE).astype(np.float32)
    for start_ms, end_ms in quiet:
        samples[start_ms * RATE : end_ms * RATE] *= 0.001
    return samples


def cut(samples: np.ndarray, *speech: Speech) -> list[tuple[int, int]]:
    cutter = PieceCutter(lambda span: samples[span.start_ms * RATE : span.end_ms * RATE])
    result = [span for each in speech for span in cutter.push(each)] + list(cutter.flush())
    return [(span.start_ms, span.end_ms) for span in result]


def test_a_short_pause_is_cut_in_its_middle() -> None:
    samples = sound(4_000, (1_900, 2_100))
    assert cut(samples, Speech.of(0, 4_000, [(1_900, 2_100)])) == [(0, 2_000), (2_000, 4_000)]


def test_of_a_long_pause_a_margin_stays_on_either_side() -> None:
    samples = sound(6_000, (2_000, 3_500))
    assert cut(samples, Speech.of(0, 6_000, [(2_000, 3_500)])) == [
        (0, 2_000 + MARGIN_MS),
        (3_500 - MARGIN_MS, 6_000),
    ]


def test_a_cut_avoids_what_is_loud_in_a_pause() -> None:
    """The detector calls a breath or a faint consonant a pause, too."""
    samples = sound(4_000, (1_800, 1_950), (2_050, 2_080))
    ((_, end_ms), (start_ms, _)) = cut(samples, Speech.of(0, 4_000, [(1_800, 2_080)]))
    assert 1_850 <= end_ms <= start_ms < 1_950


def test_segments_that_touch_are_one() -> None:
    """They were divided by the detector's longest segment, which may lie inside a word."""
    samples = sound(12_000, (9_000, 9_200))
    speech = Speech.of(0, 8_000), Speech.of(8_000, 12_000, [(9_000, 9_200)])
    assert cut(samples, *speech) == [(0, 9_100), (9_100, 12_000)]
    assert cut(samples, Speech.of(0, 3_000), Speech.of(3_010, 6_000)) == [(0, 3_000), (3_010, 6_000)]


def test_without_any_pause_a_piece_is_cut_at_the_quietest_place_of_its_last_seconds() -> None:
    samples = sound(40_000, (10_000, 10_200), (27_000, 27_150))
    first, last = cut(samples, Speech.of(0, 30_000), Speech.of(30_000, 40_000))
    assert (first[0], last[1]) == (0, 40_000)
    assert first[1] == last[0] and 27_050 <= first[1] <= 27_100


@pytest.mark.parametrize("length_ms", [MAX_PIECE_MS, MAX_PIECE_MS + 1, 95_000])
def test_no_piece_is_longer_than_the_recogniser_was_made_for(length_ms: int) -> None:
    pieces = cut(sound(length_ms), Speech.of(0, length_ms))
    assert pieces[0][0] == 0 and pieces[-1][1] == length_ms
    assert all(0 < end_ms - start_ms <= MAX_PIECE_MS for start_ms, end_ms in pieces)
    assert all(before[1] == after[0] for before, after in pairwise(pieces))


def test_the_last_piece_waits_until_nothing_can_go_on_with_it() -> None:
    cutter = PieceCutter(lambda span: np.zeros(span.duration_ms * RATE, dtype=np.float32))
    assert list(cutter.push(Speech.of(1_000, 4_000, [(2_000, 2_300)]))) == [Span(1_000, 2_150)]
    assert cutter.open_from_ms == 2_150
    assert list(cutter.settle(4_000)) == []
    assert list(cutter.settle(4_001)) == [Span(2_150, 4_000)]
    assert cutter.open_from_ms is None
