"""Finding what sounds between the speech."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sensevoice.segment.sounds import NoiseFloor, audible_spans, frame_levels_dbfs, trend, windows
from sensevoice.transcript import Span
from tests.fakes import silence, tone


def audible(*parts: np.ndarray) -> list[tuple[int, int]]:
    levels = frame_levels_dbfs(np.concatenate(parts))
    floor = NoiseFloor()
    floor.feed(levels)
    return [(span.start_ms, span.end_ms) for span in audible_spans(levels, floor.threshold_dbfs)]


def hiss(duration_ms: int, level_dbfs: float) -> np.ndarray:
    noise = np.random.default_rng(1).standard_normal(duration_ms * 16)
    return (noise * 10 ** (level_dbfs / 20)).astype(np.float32)


def test_levels_are_those_of_the_samples() -> None:
    levels = frame_levels_dbfs(np.concatenate([tone(100, level=1.0), silence(130)]))
    assert levels == pytest.approx([-3.01, -3.01, -100, -100], abs=0.01)


def test_a_sound_in_silence_is_found_at_its_place() -> None:
    assert audible(silence(1_000), tone(600), silence(1_000)) == [(1_000, 1_600)]


def test_a_sound_over_noise_is_found_and_the_noise_is_not() -> None:
    noise = hiss(6_000, -55)
    sound = np.zeros_like(noise)
    sound[32_000:48_000] = tone(1_000, level=0.1)
    assert audible(noise + sound) == [(2_000, 3_000)]


def test_a_file_of_music_alone_is_a_sound() -> None:
    assert audible(tone(5_000, level=0.1)) == [(0, 5_000)]


def test_faint_hiss_is_silence_even_where_nothing_is_quieter() -> None:
    assert audible(hiss(3_000, -70)) == []


def test_clicks_are_left_out_and_bursts_belong_together() -> None:
    assert audible(silence(1_000), tone(250), silence(1_000)) == []
    assert audible(silence(1_000), tone(200), silence(300), tone(200), silence(1_000)) == [(1_000, 1_700)]


def test_windows_cover_a_stretch_second_by_second() -> None:
    covered = windows(Span(10_000, 14_300))
    assert [(w.cell.start_ms, w.cell.end_ms) for w in covered] == [
        (10_000, 11_000),
        (11_000, 12_000),
        (12_000, 13_000),
        (13_000, 14_300),
    ]
    assert [(w.heard.start_ms, w.heard.end_ms) for w in covered] == [
        (10_000, 12_000),
        (10_500, 12_500),
        (11_500, 13_500),
        (12_300, 14_300),
    ]


@pytest.mark.parametrize("duration_ms", [300, 700, 1_000, 1_499, 1_500, 2_000, 2_600, 59_999])
def test_cells_touch_and_windows_stay_inside(duration_ms: int) -> None:
    chunk = Span(5_000, 5_000 + duration_ms)
    covered = windows(chunk)
    assert covered[0].cell.start_ms == chunk.start_ms
    assert covered[-1].cell.end_ms == chunk.end_ms
    for left, right in itertools.pairwise(covered):
        assert left.cell.end_ms == right.cell.start_ms
    for window in covered:
        assert chunk.start_ms <= window.heard.start_ms <= window.cell.start_ms
        assert window.heard.end_ms <= chunk.end_ms
        assert window.heard.duration_ms == min(2_000, duration_ms)


def test_trend() -> None:
    assert trend([1.0, 2.0, 4.0, 8.0]) == "rising"
    assert trend([8.0, 4.0, 2.0, 1.0]) == "falling"
    assert trend([1.0, 1.0, 3.9]) is None  # 5.9 dB
    assert trend([1.0, 1.0, 4.0]) == "rising"  # 6.02 dB
    assert trend([1.0, 100.0]) is None  # too short to tell
    assert trend([0.0, 0.0, 0.0]) is None
