"""What a recording amounts to in numbers."""

from __future__ import annotations

import pytest

from sensevoice.analysis.statistics import (
    Share,
    default_bin_ms,
    emotion_over_time,
    shares,
    speech_rate_over_time,
    spoken_units,
)
from sensevoice.transcript import Event, Segment, Span, Transcript


def said(
    start_s: float, end_s: float, text: str = "好的", language: str = "zh", emotion: str = ""
) -> Segment:
    span = Span(int(start_s * 1000), int(end_s * 1000))
    return Segment("speech", span, text, language=language, emotion=emotion)


def record(*segments: Segment, duration_s: int = 100, source: str = "a.wav") -> Transcript:
    return Transcript(source, duration_s * 1000, segments)


def test_shares_of_time() -> None:
    result = shares(
        record(
            said(0, 10, emotion="ANGRY"),
            said(10, 40, emotion="NEUTRAL"),
            said(40, 50, "Yes", "en", "ANGRY"),
            Segment("sound", Span(50_000, 70_000), language="nospeech", events=(Event("BGM"),)),
            Segment("sound", Span(60_000, 75_000), events=(Event("BGM"), Event("Laughter"))),
            Segment("speech", Span(80_000, 90_000), error="out of memory"),
        )
    )
    assert result.languages == (Share("zh", 40_000, 0.8), Share("en", 10_000, 0.2))
    assert result.emotions == (Share("", 30_000, 0.6), Share("ANGRY", 20_000, 0.4))
    assert result.events == (Share("BGM", 25_000, 0.25), Share("Laughter", 15_000, 0.15))


def test_a_file_without_anything_has_no_shares() -> None:
    result = shares(record(duration_s=0))
    assert (result.languages, result.emotions, result.events) == ((), (), ())
    assert emotion_over_time(record(duration_s=0)) == ()
    assert speech_rate_over_time(record(duration_s=0)) == ()


def test_emotion_over_time_is_divided_at_the_bins() -> None:
    bins = emotion_over_time(record(said(5, 25, emotion="ANGRY"), said(25, 28), duration_s=35), 10_000)
    assert [item.span for item in bins] == [
        Span(0, 10_000),
        Span(10_000, 20_000),
        Span(20_000, 30_000),
        Span(30_000, 35_000),
    ]
    assert [item.emotions for item in bins] == [
        (("ANGRY", 5000),),
        (("ANGRY", 10_000),),
        (("ANGRY", 5000), ("", 3000)),
        (),
    ]


def test_the_rate_counts_characters_or_words_by_the_time_that_was_speech() -> None:
    segments = (
        said(0, 5, "今天天气很好，我们走吧。"),  # 10 characters in 5 s
        said(12, 18, "That is what we know, today.", "en"),  # 6 words in 6 s
        said(20, 20.5, "嗯。"),
    )
    first, second, third = speech_rate_over_time(record(*segments, duration_s=30), 10_000)
    assert (first.characters_per_minute, first.words_per_minute) == (pytest.approx(120), None)
    assert (second.characters_per_minute, second.words_per_minute) == (None, pytest.approx(60))
    assert (third.characters_per_minute, third.words_per_minute) == (
        None,
        None,
    )  # half a second tells nothing


def test_a_segment_across_two_bins_keeps_its_rate() -> None:
    bins = speech_rate_over_time(record(said(5, 20, "一二三四五六七八九十十一二三四"), duration_s=20), 10_000)
    assert [item.characters_per_minute for item in bins] == [pytest.approx(60), pytest.approx(60)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("共20元，好吗？", "zh", ("characters", 6)),
        ("唔該。", "yue", ("characters", 2)),
        ("そうですね。", "ja", ("characters", 5)),
        ("안녕 하세요.", "ko", ("characters", 5)),
        ("Don't stop - now!", "en", ("words", 3)),
        ("你好", "", ("characters", 2)),
        ("hello there", "", ("words", 2)),
        ("", "en", ("words", 0)),
    ],
)
def test_what_is_counted(text: str, language: str, expected: tuple[str, int]) -> None:
    assert spoken_units(said(0, 1, text, language)) == expected


def test_the_bins_of_a_long_file_are_few_and_those_of_a_short_one_long_enough() -> None:
    assert default_bin_ms(20_000) == 10_000
    assert default_bin_ms(3 * 3_600_000) == 180_000
    assert len(emotion_over_time(record(duration_s=36_001))) <= 60
