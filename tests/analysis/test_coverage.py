"""How much of a recording was taken as speech."""

from __future__ import annotations

from sensevoice.analysis.coverage import coverage, covered_ms, union
from sensevoice.transcript import Event, Segment, Span, Transcript


def speech(start_ms: int, end_ms: int, channel: str | None = None) -> Segment:
    return Segment("speech", Span(start_ms, end_ms), "好", channel=channel)


def test_speech_sound_and_gaps() -> None:
    music = Segment("sound", Span(20_000, 30_000), events=(Event("BGM"),))
    result = coverage(Transcript("a.wav", 60_000, (speech(4000, 10_000), speech(13_000, 20_000), music)))
    assert (result.speech_ms, result.sound_ms) == (13_000, 10_000)
    assert result.gaps == (Span(0, 4000), Span(30_000, 60_000))  # 10 to 13 s is no longer than 3 s


def test_pauses_between_rows_are_part_of_the_speech_however_it_was_divided() -> None:
    rows = (speech(1000, 2000), speech(2300, 3000), speech(3800, 4000), speech(4801, 5000))
    assert coverage(Transcript("a.wav", 6000, rows)).speech_ms == 3000 + 199
    whole = coverage(Transcript("a.wav", 6000, (speech(1000, 4000), speech(4801, 5000))))
    assert whole == coverage(Transcript("a.wav", 6000, rows))


def test_a_gap_is_longer_than_three_seconds() -> None:
    assert coverage(Transcript("a.wav", 9001, (speech(3000, 6000),))).gaps == (Span(6000, 9001),)
    assert coverage(Transcript("a.wav", 9000, (speech(3000, 6000),))).gaps == ()


def test_both_channels_count_once() -> None:
    both = (speech(0, 5000, "left"), speech(4000, 8000, "right"), speech(4500, 5000, "left"))
    assert coverage(Transcript("a.wav", 8000, both)).speech_ms == 8000


def test_sound_beside_speech_is_speech() -> None:
    laughter = Segment("sound", Span(1000, 6000), events=(Event("Laughter"),), channel="right")
    result = coverage(Transcript("a.wav", 10_000, (speech(0, 4000, "left"), laughter)))
    assert (result.speech_ms, result.sound_ms, result.gaps) == (4000, 2000, (Span(6000, 10_000),))


def test_the_ends_of_the_file() -> None:
    assert coverage(Transcript("a.wav", 0, ())).gaps == ()
    assert coverage(Transcript("a.wav", 5000, ())).gaps == (Span(0, 5000),)
    beyond = coverage(Transcript("a.wav", 5000, (speech(1000, 5500),)))
    assert (beyond.speech_ms, beyond.gaps) == (4000, ())


def test_the_union_of_spans() -> None:
    spans = [Span(5, 9), Span(0, 3), Span(3, 4), Span(6, 7)]
    assert union(spans) == [Span(0, 4), Span(5, 9)]
    assert covered_ms(spans, 8) == 7
    assert covered_ms([Span(10, 12)], 8) == 0
