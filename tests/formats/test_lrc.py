"""Timed lyrics, read by a parser that did not write them."""

from __future__ import annotations

import re

from sensevoice.formats import render
from sensevoice.transcript import Segment, Span, Transcript

HOUR_MS = 3_600_000
STARTS_MS = (90_000, HOUR_MS, 10 * HOUR_MS)


def record(*segments: Segment) -> Transcript:
    return Transcript("通话[1] {客户} “甲”.mp4", 12 * HOUR_MS, segments)


def spoken(start_ms: int, text: str = "好。") -> Segment:
    return Segment("speech", Span(start_ms, start_ms + 1500), text)


def read_lrc(text: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    heads, lines = {}, []
    for line in text.splitlines():
        if timed := re.fullmatch(r"\[(\d{2,}):([0-5]\d)\.(\d\d)\](.*)", line):
            minutes, seconds, hundredths = map(int, timed.groups()[:3])
            lines.append(((minutes * 60 + seconds) * 1000 + hundredths * 10, timed[4]))
        else:
            head = re.fullmatch(r"\[([a-z]+):([^\]]*)\]", line)
            assert head, line
            heads[head[1]] = head[2]
    return heads, lines


def test_lrc_counts_minutes_beyond_the_hour_and_clears_after_a_line() -> None:
    heads, lines = read_lrc(render(record(*(spoken(start_ms) for start_ms in STARTS_MS)), "lrc"))
    assert heads == {"ti": "通话［1］ {客户} “甲”.mp4", "length": "720:00"}
    expected = [pair for start in STARTS_MS for pair in ((start, "好。"), (start + 1500, ""))]
    assert lines == expected


def test_lrc_text_in_brackets_is_no_time() -> None:
    _, lines = read_lrc(render(record(spoken(1000, "[00:10.00]好"), spoken(3000, "吧")), "lrc"))
    assert lines == [(1000, "［00:10.00］好"), (3000, "吧"), (4500, "")]


def test_lrc_joins_two_lines_as_their_writing_does() -> None:
    chinese = "大家好，欢迎收听今天的节目，我们今天来谈谈天气。"
    english = "Hello everybody, and welcome to the show; today we talk."
    _, lines = read_lrc(render(record(spoken(0, chinese), spoken(2000, english)), "lrc"))
    assert [text for _, text in lines] == [chinese, english, ""]
