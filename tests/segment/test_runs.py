"""Runs of chunks, and which pieces are asked about together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sensevoice.options import Options
from sensevoice.segment.runs import MAX_RUN_MS, Run, RunCollector, together
from sensevoice.segment.segmenter import Chunk
from sensevoice.transcript import Kind, Span


def chunk(start_ms: int, end_ms: int, kind: Kind = "speech", speaker: str | None = None) -> Chunk:
    samples = np.zeros((end_ms - start_ms) * 16, dtype=np.float32)
    return Chunk(kind, Span(start_ms, end_ms), samples, speaker=speaker)


def starts(runs: Sequence[Run]) -> list[list[int]]:
    return [[each.span.start_ms for each in run.chunks] for run in runs]


def collected(chunks: Sequence[Chunk], options: Options | None = None) -> list[Run]:
    collector = RunCollector(options or Options())
    return [run for each in chunks for run in collector.push(each)] + list(collector.flush())


def groups(*spans: tuple[int, int], options: Options | None = None) -> list[list[int]]:
    result = together([chunk(*span) for span in spans], options or Options())
    return [[each.span.start_ms for each in group] for group in result]


def test_a_long_silence_parts_runs() -> None:
    runs = collected([chunk(0, 2_000), chunk(3_000, 5_000), chunk(6_001, 8_000)])
    assert starts(runs) == [[0, 3_000], [6_001]]


def test_a_long_sound_parts_runs_and_a_short_one_does_not() -> None:
    speech, more = chunk(0, 2_000), chunk(2_900, 5_000)
    assert starts(collected([speech, chunk(2_000, 2_800, "sound"), more])) == [[0, 2_000, 2_900]]
    runs = collected([speech, chunk(2_000, 3_500, "sound"), chunk(3_600, 5_000)])
    assert starts(runs) == [[0], [2_000], [3_600]]


def test_a_run_ends_when_nothing_more_can_belong_to_it() -> None:
    collector = RunCollector(Options())
    assert list(collector.push(chunk(0, 2_000))) == []
    assert list(collector.settle(3_000)) == []
    assert starts(list(collector.settle(3_001))) == [[0]]
    assert list(collector.flush()) == []


def test_talk_without_end_is_recognised_in_parts_that_may_go_on() -> None:
    spans = [(at, at + 1_900) for at in range(0, 60_000, 2_000)]
    spans[11] = (22_000, 23_500)  # the longest pause of the second half comes after it
    runs = collected([chunk(*span) for span in spans])
    assert runs[0].goes_on and runs[0].end_ms == 23_500
    assert sum(len(run.chunks) for run in runs) == len(spans)
    assert all(run.duration_ms <= MAX_RUN_MS for run in runs)


def test_by_length_nothing_waits() -> None:
    runs = collected([chunk(0, 2_000), chunk(2_100, 4_000)], Options(merge="length"))
    assert starts(runs) == [[0], [2_100]]


def test_a_short_piece_goes_with_the_neighbour_across_the_shorter_pause() -> None:
    assert groups((0, 2_000), (2_200, 2_600), (2_700, 5_000)) == [[0], [2_200, 2_700]]
    assert groups((0, 2_000), (2_100, 2_500), (2_700, 5_000)) == [[0, 2_100], [2_700]]
    assert groups((0, 2_000), (2_200, 2_900), (3_000, 5_000)) == [[0], [2_200], [3_000]]  # 0.7 s is enough


def test_a_short_piece_alone_stays_alone() -> None:
    assert groups((0, 400)) == [[0]]
    assert groups((0, 2_000), (2_251, 2_600), (2_851, 6_000)) == [[0], [2_251], [2_851]]
    assert groups((0, 2_000), (2_100, 2_400), options=Options(merge_length_s=0)) == [[0], [2_100]]


def test_short_pieces_do_not_gather_beyond_the_longest_row() -> None:
    result = groups(*((at, at + 400) for at in range(0, 20_000, 500)))
    assert all(group[-1] + 400 - group[0] <= 15_000 for group in result)
    assert sum(map(len, result)) == 40


def test_pieces_of_people_who_are_known_to_differ_are_not_heard_together() -> None:
    long, short = chunk(0, 2_000, speaker="S1"), chunk(2_100, 2_500, speaker="S2")
    assert [len(group) for group in together([long, short], Options())] == [1, 1]
    assert [len(group) for group in together([long, replace(short, speaker=None)], Options())] == [2]
