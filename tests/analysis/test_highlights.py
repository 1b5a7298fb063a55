"""The moments that people look for."""

from __future__ import annotations

from sensevoice.analysis.highlights import HIGHLIGHT_NAMES, Highlight, highlight_name, highlights
from sensevoice.transcript import Event, InlineTag, Segment, Span, Transcript


def found(*segments: Segment) -> list[tuple[str, int, int, int]]:
    items = highlights(Transcript("a.wav", 60_000, segments))
    return [(item.kind, item.span.start_ms, item.span.end_ms, item.index) for item in items]


def speech(start_s: int, emotion: str = "", *events: str, channel: str | None = None) -> Segment:
    span = Span(start_s * 1000, start_s * 1000 + 4000)
    return Segment("speech", span, "喂？", emotion=emotion, events=tuple(map(Event, events)), channel=channel)


def sound(start_ms: int, end_ms: int, *events: str) -> Segment:
    return Segment("sound", Span(start_ms, end_ms), events=tuple(map(Event, events)))


def test_each_kind_has_its_tag() -> None:
    segments = [
        sound(0, 1000, "Applause"),
        sound(5000, 6000, "Laughter", "BGM"),
        sound(10_000, 11_000, "Cry"),
        speech(20, "ANGRY"),
        speech(30, "HAPPY", "Cough"),
    ]
    assert found(*segments[:3]) == [
        ("applause", 0, 1000, 0),
        ("laughter", 5000, 6000, 1),
        ("crying", 10_000, 11_000, 2),
    ]
    assert found(segments[3]) == [("anger", 20_000, 24_000, 0)]
    assert found(segments[4]) == []


def test_anger_inside_the_text_counts() -> None:
    segment = Segment(
        "speech", Span(0, 1000), "好的。什么？", emotion="HAPPY", inline=(InlineTag("ANGRY", 3),)
    )
    assert found(segment) == [("anger", 0, 1000, 0)]


def test_anger_with_a_cough_in_the_same_or_the_next_segment_is_impatience() -> None:
    assert found(speech(0, "ANGRY", "Cough")) == [("impatience", 0, 4000, 0)]
    assert found(speech(0, "ANGRY"), sound(5000, 6000, "Cough")) == [("impatience", 0, 6000, 0)]
    assert found(speech(0, "ANGRY"), speech(5), sound(10_000, 11_000, "Cough")) == [("anger", 0, 4000, 0)]
    assert found(sound(0, 500, "Cough"), speech(1, "ANGRY")) == [("anger", 1000, 5000, 1)]


def test_the_cough_of_the_other_channel_is_another_persons() -> None:
    angry = speech(0, "ANGRY", channel="left")
    other = speech(2, "", "Cough", channel="right")
    own = speech(8, "", "Cough", channel="left")
    assert found(angry, other) == [("anger", 0, 4000, 0)]
    assert found(angry, other, own) == [("impatience", 0, 12_000, 0)]


def test_one_laughter_with_a_breath_in_it_is_one_cut() -> None:
    joke = speech(0, "", "Laughter")
    assert found(joke, sound(5000, 6000, "Laughter")) == [("laughter", 0, 6000, 0)]
    assert found(joke, sound(5001, 6000, "Laughter")) == [
        ("laughter", 0, 4000, 0),
        ("laughter", 5001, 6000, 1),
    ]
    # Each angry sentence is a moment of its own.
    assert found(speech(0, "ANGRY"), speech(4, "ANGRY")) == [("anger", 0, 4000, 0), ("anger", 4000, 8000, 1)]


def test_two_sounds_at_once_are_two_highlights_with_their_text() -> None:
    items = highlights(Transcript("a.wav", 60_000, (speech(0, "", "Laughter", "Applause", "Laughter"),)))
    assert items == (
        Highlight("laughter", Span(0, 4000), 0, "喂？"),
        Highlight("applause", Span(0, 4000), 0, "喂？"),
    )


def test_every_kind_has_a_name_for_both_readers() -> None:
    assert [highlight_name(kind, "zh") for kind in HIGHLIGHT_NAMES] == [
        "掌声",
        "笑声",
        "哭声",
        "愤怒",
        "不耐烦",
    ]
    assert highlight_name("impatience", "en") == "impatience"
