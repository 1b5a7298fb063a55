"""Tables and lines of records, read by parsers that did not write them."""

from __future__ import annotations

import csv
import html
import io
import json
import re

import pytest

from sensevoice.analysis.comparison import compare
from sensevoice.formats import render, render_view, to_dict
from sensevoice.formats.shared import RenderOptions
from sensevoice.formats.sheets import comparisons_csv
from sensevoice.transcript import Event, Segment, Span, Transcript

HOUR_MS = 3_600_000
STARTS_MS = (90_000, HOUR_MS, 10 * HOUR_MS)
NAME = "通话[1] (客户), “甲”|乙.mp3"


def spoken(text: str, start_ms: int = 0, **more: str) -> Segment:
    return Segment("speech", Span(start_ms, start_ms + 1500), text, language="zh", **more)  # type: ignore[arg-type]


def record(*segments: Segment) -> Transcript:
    return Transcript(NAME, 12 * HOUR_MS, segments)


def read_csv(text: str) -> list[list[str]]:
    assert text.encode("utf-8").startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(text.encode("utf-8").decode("utf-8-sig"), newline=""), strict=True))


def read_tsv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), dialect="excel-tab", strict=True))


READERS = [("csv", read_csv), ("tsv", read_tsv)]


_MARKS = re.compile(r"\\([!-/:-@\[-`{-~])|(&#?\w+;)")


def read_markdown(text: str) -> list[list[str]]:
    """Divide a GFM table at bars that are not escaped; then a backslash hides the mark after it."""
    rows = []
    for line in text.splitlines():
        assert line.startswith("|") and line.endswith("|")
        cells = re.split(r"(?<!\\)\|", line[1:-1])
        rows.append(
            [_MARKS.sub(lambda mark: mark[1] or html.unescape(mark[2]), cell).strip() for cell in cells]
        )
    return rows


@pytest.mark.parametrize(("name", "read"), READERS)
def test_a_row_holds_everything_about_a_segment(name, read) -> None:  # type: ignore[no-untyped-def]
    segment = Segment(
        "speech",
        Span(10 * HOUR_MS + 1, 10 * HOUR_MS + 1500),
        '他说："好, 吧"',
        language="zh",
        emotion="ANGRY",
        events=(Event("Laughter"), Event("BGM", "rising"), Event("Laughter", offset=2)),
        channel="left",
    )
    header, row = read(render(record(segment), name))
    assert header[:5] == ["开始", "结束", "开始毫秒", "结束毫秒", "类型"]
    assert row == [
        "10:00:00.001",
        "10:00:01.500",
        "36000001",
        "36001500",
        "语音",
        "左",
        "中文",
        "愤怒",
        "笑声、背景音乐渐强",
        '他说："好, 吧"',
    ]
    header, row = read(render(record(segment), name, RenderOptions(locale="en")))
    assert header[4:] == ["kind", "channel", "language", "emotion", "events", "text"]
    assert row[4:9] == ["speech", "left", "Chinese", "angry", "laughter; background music, growing louder"]


@pytest.mark.parametrize(("name", "read"), READERS)
def test_the_times_are_right_in_long_files(name, read) -> None:  # type: ignore[no-untyped-def]
    rows = read(render(record(*(spoken("好", start_ms) for start_ms in STARTS_MS)), name))[1:]
    assert [row[0] for row in rows] == ["00:01:30.000", "01:00:00.000", "10:00:00.000"]
    assert [int(row[2]) for row in rows] == list(STARTS_MS)


@pytest.mark.parametrize(("name", "read"), READERS)
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1 度", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(name, read, text: str) -> None:  # type: ignore[no-untyped-def]
    assert read(render(record(spoken(text)), name))[1][-1] == "'" + text


@pytest.mark.parametrize(("name", "read"), READERS)
@pytest.mark.parametrize("lead", ["\t", "\r", " ", "\n"])
def test_a_formula_after_white_space_is_none_either(name, read, lead: str) -> None:  # type: ignore[no-untyped-def]
    assert read(render(record(spoken(f"{lead}=1+1")), name))[1][-1] == "'=1+1"


def test_a_file_named_like_a_formula_is_text() -> None:
    rows = read_csv(comparisons_csv(compare([Transcript("=1+1.wav", 1000, ())]), "zh"))
    assert rows[1][0] == "'=1+1.wav"


def test_several_files_as_a_table() -> None:
    files = [
        record(
            spoken("一", 90_000, emotion="ANGRY"),
            spoken("二", emotion="HAPPY"),
            spoken("三", emotion="HAPPY"),
        ),
        Transcript("b.wav", 1000, ()),
    ]
    assert read_csv(comparisons_csv(compare(files), "en")) == [
        [
            "file",
            "duration",
            "duration_ms",
            "segments",
            "emotions",
            "first_anger",
            "first_anger_ms",
            "anger_count",
            "first_anger_text",
            "anger_percent",
            "who",
            "talk_percent",
            "characters_per_minute",
            "words_per_minute",
            "longest_silence_ms",
            "date",
        ],
        [
            *(NAME, "12:00:00.000", "43200000", "3", "happy 2; angry 1", "00:01:30.000", "90000", "1"),
            *("一", "33", "", "100", "40", "", "88500", ""),
        ],
        ["b.wav", "00:00:01.000", "1000", "0", "", "", "", "0", "", "0", "", "", "", "", "", ""],
    ]
    assert comparisons_csv([], "zh").startswith("\ufeff文件,时长,")


def test_the_highlights_as_a_table() -> None:
    joke = Segment("speech", Span(10 * HOUR_MS, 10 * HOUR_MS + 900), "=好, 笑", events=(Event("Laughter"),))
    assert read_csv(render(record(spoken("嗯"), joke), "highlights_csv")) == [
        ["开始", "结束", "开始毫秒", "结束毫秒", "亮点", "片段", "声道", "文本"],
        ["10:00:00.000", "10:00:00.900", "36000000", "36000900", "笑声", "2", "", "'=好, 笑"],
    ]


def test_each_line_of_json_is_a_segment_of_the_record() -> None:
    transcript = record(*(spoken('a\u2028b\n"{}[]好', start_ms) for start_ms in STARTS_MS))
    lines = render(transcript, "jsonl").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == to_dict(transcript)["segments"]
    assert render(record(), "jsonl") == ""


@pytest.mark.parametrize(
    "text", ["a|b", "a\\|b", "*a* _b_ `c` ~~d~~", "<b>&amp;&lt;", "[a](b)", "# 1. C:\\new", "a\nb"]
)
def test_text_in_a_markdown_table_stays_text(text: str) -> None:
    view = render_view(record(spoken(text)), "markdown")
    assert read_markdown(view)[2][-1] == text.replace("\n", " ")
    assert render(record(spoken(text)), "markdown") == view + "\n"
    assert "\n".join(re.findall(r"(?<!\\)[*_`~<\[]", view)) == ""


@pytest.mark.parametrize("text", ["👨\u200d👩\u200d👧", "می\u200cخواهم"])
@pytest.mark.parametrize("name", ["csv", "tsv", "markdown", "textgrid", "audacity", "lrc", "srt"])
def test_joiners_stay(text: str, name: str) -> None:
    assert text in render(record(spoken(text)), name)


def test_a_markdown_table_names_the_channels_when_they_were_split() -> None:
    mono = read_markdown(render_view(record(spoken("好", HOUR_MS, emotion="HAPPY")), "markdown"))
    assert mono == [
        ["开始", "结束", "语言", "情绪", "声音", "文本"],
        ["---"] * 6,
        ["01:00:00.000", "01:00:01.500", "中文", "开心", "", "好"],
    ]
    split = read_markdown(render_view(record(spoken("好", channel="right")), "markdown", "en"))
    assert split[0][2] == "Channel" and split[2][2] == "right"
    assert len({len(row) for row in split}) == 1
