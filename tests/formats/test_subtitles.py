"""Subtitle files, read by parsers that did not write them."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
import srt
import webvtt

from sensevoice.formats import RenderOptions, render
from sensevoice.transcript import Event, Segment, Span, Transcript, Word

HOUR_MS = 3_600_000
Parsed = list[tuple[int, int, str]]


def read_srt(text: str) -> Parsed:
    cues = srt.parse(text, ignore_errors=False)
    millisecond = timedelta(milliseconds=1)
    return [(cue.start // millisecond, cue.end // millisecond, cue.content) for cue in cues]


def read_vtt(text: str) -> Parsed:
    return [(_to_ms(cue.start), _to_ms(cue.end), html.unescape(cue.text)) for cue in webvtt.from_string(text)]


def _to_ms(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * HOUR_MS + int(minutes) * 60_000 + round(float(seconds) * 1000)


READERS = [("srt", read_srt), ("vtt", read_vtt)]


def record(*segments: Segment) -> Transcript:
    return Transcript("a.wav", 12 * HOUR_MS, segments)


@pytest.mark.parametrize(("name", "read"), READERS)
@pytest.mark.parametrize("start_ms", [0, 90_000, HOUR_MS, 10 * HOUR_MS, 12 * HOUR_MS - 2000])
def test_the_clock_is_right(name: str, read: Callable[[str], Parsed], start_ms: int) -> None:
    word = Word("好。", Span(start_ms + 7, start_ms + 1234))
    segment = Segment("speech", Span(start_ms, start_ms + 2000), "好。", words=(word,))
    assert read(render(record(segment), name)) == [(start_ms + 7, start_ms + 1234, "好。")]


def test_the_syntax() -> None:
    segments = (
        Segment("speech", Span(90_000, 92_000), "You never know until you try, my friend. Yes!"),
        Segment("sound", Span(10 * HOUR_MS, 10 * HOUR_MS + 1500), events=(Event("Laughter"),)),
    )
    deaf = RenderOptions(captions=True)
    assert render(record(*segments), "srt", deaf) == (
        "1\n00:01:30,000 --> 00:01:32,000\nYou never know until you try, my friend.\nYes!\n\n"
        "2\n10:00:00,000 --> 10:00:01,500\n[笑声]\n\n"
    )
    assert render(record(*segments), "vtt", deaf) == (
        "WEBVTT\n\n"
        "1\n00:01:30.000 --> 00:01:32.000\nYou never know until you try, my friend.\nYes!\n\n"
        "2\n10:00:00.000 --> 10:00:01.500\n[笑声]\n\n"
    )


@pytest.mark.parametrize(("name", "read"), READERS)
@pytest.mark.parametrize(
    "text",
    [
        "a < b & c > d",
        "use {x} and {\\an8}",
        "C:\\new\\Next",
        "{\\p1}m 0 0{\\p0}",
        "one --> two",
        "42",
        "WEBVTT NOTE",
        "他说：“好。”",
    ],
)
def test_text_that_looks_like_markup_stays_text(name: str, read: Callable[[str], Parsed], text: str) -> None:
    before = Segment("speech", Span(0, 500), "before")
    result = read(render(record(before, Segment("speech", Span(1000, 5000), text)), name))
    assert [cue[2] for cue in result] == ["before", text.replace("\\", "＼")]


@pytest.mark.parametrize(("name", "read"), READERS)
def test_nothing_is_lost(name: str, read: Callable[[str], Parsed]) -> None:
    texts = ["大家好，欢迎收听今天的节目。" * 9, "This is what we know, and what we do not. " * 12]
    segments = [
        Segment("speech", Span(index * 60_000, index * 60_000 + 30_000), text.strip())
        for index, text in enumerate(texts)
    ]
    result = read(render(record(*segments), name))
    joined = "".join(cue[2] for cue in result)
    assert "".join(joined.split()) == "".join("".join(texts).split())


def test_a_transcript_without_segments_is_an_empty_subtitle_file() -> None:
    """An SRT of nothing has a cue without text: ffmpeg takes an empty file for none."""
    assert render(record(), "srt") == "1\n00:00:00,000 --> 00:00:00,001\n\n"
    assert render(record(), "vtt") == "WEBVTT\n\n"
