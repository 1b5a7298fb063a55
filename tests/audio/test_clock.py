"""A frame lies where its stamp says, unless the stamp cannot be true."""

from __future__ import annotations

import random

import pytest

from sensevoice.audio.clock import Limits, StreamClock

RATE_HZ = 48_000
FRAME = 960  # 20 ms
BASE = (1, RATE_HZ)


def clock(
    start_us: int | None = 0, stated_ms: int | None = None, base: tuple[int, int] = BASE, **limits: bool
) -> StreamClock:
    return StreamClock(start_us, base, Limits(stated_ms, 100_000_000, **limits))


def starts(clock: StreamClock, stamps: list[int | None], samples: int = FRAME) -> list[int]:
    return [clock.place(pts, samples, RATE_HZ).start for pts in stamps]


def test_frames_that_follow_each_other() -> None:
    placed = [clock_.place(n * FRAME, FRAME, RATE_HZ) for clock_ in [clock()] for n in range(5)]
    assert [each.start for each in placed] == [0, 960, 1920, 2880, 3840]
    assert [each.follows for each in placed] == [False, True, True, True, True]


def test_time_counts_from_the_start_of_the_container() -> None:
    assert starts(clock(1_400_000), [round(1.4 * RATE_HZ)]) == [0]
    assert starts(clock(1_400_000), [round(3.9 * RATE_HZ)]) == [round(2.5 * RATE_HZ)]
    assert starts(clock(None), [10 * RATE_HZ]) == [0]


def test_what_comes_before_the_start_is_before_it() -> None:
    assert starts(clock(), [-312, 648]) == [-312, 648]


def test_a_hole_and_an_overlap() -> None:
    placed = clock()
    assert starts(placed, [0, FRAME, 10 * RATE_HZ, 10 * RATE_HZ + FRAME - 9 * FRAME]) == [
        *(0, FRAME, 10 * RATE_HZ),
        10 * RATE_HZ - 8 * FRAME,
    ]
    assert placed.at == 10 * RATE_HZ + FRAME  # behind all that was given so far
    assert placed.breaks == 0


def test_jitter_is_no_hole() -> None:
    chance = random.Random(1)
    stamps = [n * FRAME + chance.randrange(-2000, 2000) for n in range(500)]
    stamps[0] = 0
    assert starts(clock(), stamps) == [n * FRAME for n in range(500)]


def test_a_small_difference_that_lasts_is_put_right() -> None:
    placed = clock()
    late = RATE_HZ * 50 // 1000
    result = starts(placed, [n * FRAME + (late if n >= 10 else 0) for n in range(200)])
    assert result[30] == 30 * FRAME and result[-1] == 199 * FRAME + late


def test_milliseconds_do_not_add_up() -> None:
    """Ten hours of frames of 1024 samples at 44.1 kHz, with stamps rounded to milliseconds."""
    placed = StreamClock(0, (1, 1000), Limits(None, 100_000_000))
    samples = 1024
    for n in range(0, 10 * 3600 * 44_100 // samples):
        start = placed.place(round(n * samples * 1000 / 44_100), samples, 44_100).start
    assert abs(start - n * samples) / 44_100 < 0.001


@pytest.mark.parametrize("seconds", [601, 3600, 1e6])
def test_a_jump_that_nothing_bears_out(seconds: float) -> None:
    placed = clock(stated_ms=60_000)
    assert starts(placed, [0, round(seconds * RATE_HZ), round(seconds * RATE_HZ) + FRAME]) == [0, 960, 1920]
    assert placed.breaks == 1


def test_a_jump_that_the_length_bears_out() -> None:
    placed = clock(stated_ms=3_700_000)
    assert starts(placed, [0, 3600 * RATE_HZ]) == [0, 3600 * RATE_HZ]
    assert placed.breaks == 0


def test_no_more_silence_than_a_file_of_that_size_can_last() -> None:
    placed = StreamClock(0, BASE, Limits(None, 60_000))
    assert starts(placed, [0, 50 * RATE_HZ, 100 * RATE_HZ]) == [0, 50 * RATE_HZ, 50 * RATE_HZ + FRAME]


def test_stamps_that_begin_anew() -> None:
    placed = clock()
    one = [n * FRAME for n in range(50)]
    assert starts(placed, one * 4) == [n * FRAME for n in range(200)]
    assert placed.breaks == 3


def test_files_without_stamps() -> None:
    assert starts(clock(), [None, None]) == [0, FRAME]
    assert starts(clock(stamped=False), [0, 50_000_000, 7]) == [0, FRAME, 2 * FRAME]


def test_a_change_of_rate() -> None:
    placed = clock()
    assert placed.place(0, RATE_HZ, RATE_HZ).start == 0
    assert placed.place(RATE_HZ, 16_000, 16_000).start == 16_000
    assert placed.place(2 * RATE_HZ, RATE_HZ, RATE_HZ).start == 2 * RATE_HZ


def test_after_a_jump_the_stamp_alone_counts() -> None:
    placed = clock(500_000)
    starts(placed, [24_000, 24_000 + FRAME])
    placed.jump()
    pts = placed.pts_at(100)
    assert placed.place(pts, FRAME, RATE_HZ).start == 100 * RATE_HZ
