"""Several files side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sensevoice.analysis.comparison import Comparison, Voice, compare
from sensevoice.transcript import Event, Segment, Span, Speaker
from tests.analysis.test_statistics import record, said

ALONE = (Voice("", "", "", 1.0),)


def test_several_files_side_by_side() -> None:
    calm = record(said(0, 4, emotion="HAPPY"), source="甲.wav")
    angry = record(
        said(0, 4, emotion="HAPPY"),
        said(10, 14, emotion="ANGRY"),
        said(20, 24, emotion="ANGRY"),
        Segment("sound", Span(25_000, 26_000), events=(Event("Cough"),)),
        source="乙.wav",
    )
    first, second = compare([calm, angry])
    assert first == Comparison(
        "甲.wav", 100_000, 1, (("HAPPY", 1),), None, 0, voices=ALONE, characters_per_minute=30.0
    )
    assert second == Comparison(
        "乙.wav",
        100_000,
        4,
        (("ANGRY", 2), ("HAPPY", 1)),
        10_000,
        2,
        "好的",
        anger_share=pytest.approx(2 / 3),
        voices=ALONE,
        characters_per_minute=30.0,
        longest_silence_ms=6000,
    )


def test_who_speaks_and_how_much() -> None:
    rows = (
        replace(said(0, 3), speaker="S2", channel="left"),
        replace(said(3, 4), speaker="S1", channel="right"),
        replace(said(4, 6), speaker="S1", channel="left"),
    )
    (row,) = compare([replace(record(*rows), speakers=(Speaker("S2"), Speaker("S1", "客服")))])
    assert row.voices == (Voice("S2", "", "left", 0.5), Voice("S1", "客服", "", 0.5))
    split = [replace(each, speaker=None) for each in rows]
    (row,) = compare([record(*split)])
    assert [(voice.channel, voice.share) for voice in row.voices] == [
        ("left", pytest.approx(5 / 6)),
        ("right", pytest.approx(1 / 6)),
    ]


def test_a_file_without_speech_has_a_row_too() -> None:
    (row,) = compare([record(Segment("sound", Span(0, 900), events=(Event("BGM"),)))])
    assert (row.voices, row.anger_share, row.longest_silence_ms, row.words_per_minute) == (
        (),
        0.0,
        None,
        None,
    )
