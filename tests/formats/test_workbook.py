"""Excel files, read back by openpyxl."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from sensevoice.analysis.comparison import compare
from sensevoice.formats import RenderOptions, render
from sensevoice.formats.spreadsheet import MAX_CELL_CHARS
from sensevoice.formats.workbook import comparisons_xlsx
from sensevoice.transcript import Event, Segment, Span, Speaker, TagScore, Transcript
from tests.formats.office import parts

HOUR_MS = 3_600_000


def row(start_ms: int, text: str, **more: object) -> Segment:
    more = {"language": "zh", "emotion": "ANGRY", "speaker": "S1", **more}
    return Segment("speech", Span(start_ms, start_ms + 1_500), text, **more)  # type: ignore[arg-type]


def record(*segments: Segment, **more: object) -> Transcript:
    people = (Speaker("S1", "客服"), Speaker("S2"))
    return Transcript("通话 😀.mp3", 30 * HOUR_MS, segments, speakers=people, **more)  # type: ignore[arg-type]


def opened(content: str | bytes) -> Any:
    assert isinstance(content, bytes)
    parts(content)
    return openpyxl.load_workbook(io.BytesIO(content))


def values(sheet: Any) -> list[list[Any]]:
    return [list(cells) for cells in sheet.iter_rows(values_only=True)]


def test_numbers_are_numbers_and_times_are_times() -> None:
    scores = (TagScore("emotion", "ANGRY", 0.87654),)
    late = row(26 * HOUR_MS + 1, "退款！😀", scores=scores, events=(Event("Laughter"),))
    book = opened(render(record(row(90_000, "您好。"), late), "xlsx"))
    assert book.sheetnames == ["逐句", "概要", "通话卡", "统计", "随时间变化", "关键片段", "可能漏掉的部分"]
    header, _, last = values(book["逐句"])
    assert header == [
        *("序号", "开始", "结束", "秒", "类型", "说话人", "语言", "情绪", "情绪得分", "声音", "文本"),
    ]
    assert last[0] == 2 and last[3] == 1.5 and last[8] == 0.8765
    assert last[4:8] == ["语音", "客服", "中文", "愤怒"] and last[9:] == ["笑声", "退款！😀"]
    start = book["逐句"]["B3"]
    assert start.number_format == "[h]:mm:ss.000"
    assert start.value == timedelta(hours=26, milliseconds=1)
    assert values(book["概要"])[1:4] == [["文件", "通话 😀.mp3"], ["时长", timedelta(hours=30)], ["段数", 2]]


def test_the_sheets_are_the_tables_of_the_page() -> None:
    other = row(3_000, "Yes.", language="en", emotion="HAPPY", speaker="S2")
    clap = Segment("sound", Span(6_000, 8_000), events=(Event("Applause"),))
    small = Transcript("a.wav", 20_000, (row(0, "您好您好。"), other, clap), speakers=record().speakers)
    book = opened(render(small, "xlsx", RenderOptions(locale="en")))
    people = values(book["Conversation"])
    assert people[1][:5] == ["客服", 0.5, timedelta(seconds=1.5), 1, 0]
    assert people[2][0] == "Speaker 2" and people[2][5] == 1.5 and people[2][8] == "happy 100%"
    assert ["Sound", "applause", timedelta(seconds=2), 0.1, "the recording"] in values(book["Statistics"])
    assert values(book["Over time"])[0][2:] == ["angry (s)", "happy (s)", "Characters/min", "Words/min"]
    assert [each[3] for each in values(book["Key moments"])[1:]] == ["anger", "applause"]
    assert values(book["Possibly missed"])[1:] == [[timedelta(seconds=8), timedelta(seconds=20), 12]]


def test_without_tags_and_without_rows() -> None:
    bare = opened(render(record(row(0, "您好。")), "xlsx", RenderOptions(tags=False)))
    assert values(bare["逐句"])[0] == ["序号", "开始", "结束", "秒", "类型", "说话人", "文本"]
    assert not {"统计", "关键片段"} & set(bare.sheetnames)
    empty = opened(render(Transcript("a.wav", 0, ()), "xlsx"))
    assert empty.sheetnames == ["逐句", "概要"] and len(values(empty["逐句"])) == 1


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "{=1}", "http://a.example", "0012"]
)
def test_no_text_is_a_formula_a_link_or_a_number(text: str) -> None:
    book = opened(render(record(row(0, text)), "xlsx"))
    cell = book["逐句"].cell(2, len(values(book["逐句"])[0]))
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    (jobs,) = opened(comparisons_xlsx(compare([Transcript(text, 1000, ())]), "zh")).worksheets
    assert (jobs["A2"].value, jobs["A2"].data_type) == (text, "s")


def test_control_characters_and_surrogates_are_spaces_and_nothing_long_is_lost() -> None:
    hostile = "a\x00b\x1fc\ud800d_x0041_\ufffe"
    long = "字😀" * 20_000
    book = opened(render(record(row(0, hostile), row(5_000, long)), "xlsx"))
    header, first, second = values(book["逐句"])
    place = header.index("文本")
    assert first[place] == "a b c?d_x0041_"
    assert header[place + 1 :] == ["（续）"] * 2
    assert "".join(second[place:]) == long and len(second[place]) == MAX_CELL_CHARS


def test_three_thousand_rows() -> None:
    long = record(*(row(number * 2_000, f"第 {number} 句。") for number in range(3_000)))
    sheet = values(opened(render(long, "xlsx"))["逐句"])
    assert len(sheet) == 3_001 and sheet[-1][0] == 3_000 and sheet[-1][-1] == "第 2999 句。"


def test_the_same_transcript_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    partial = record(row(0, "好"), complete_until_ms=13_500)
    first = render(partial, "xlsx")
    assert values(opened(first)["逐句"])[-1][-1] == "【未完成：0:13 之后没有转写】"
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert render(partial, "xlsx") == first


def test_the_librarys_table() -> None:
    files = [
        Transcript("a.wav", 61_000, (row(0, "一", emotion="HAPPY"), row(9_000, "二"))),
        Transcript("b.wav", 1_000, ()),
    ]
    counted = [("complaints", [3, 0])]
    (sheet,) = opened(comparisons_xlsx(compare(files), "en", counted=counted)).worksheets
    table = values(sheet)
    more = [
        "Share of anger",
        "Who speaks",
        "Characters a minute",
        "Words a minute",
        "Longest silence",
        "Date",
    ]
    assert table[0][6:-3] == more and [row[-1] for row in table] == ["complaints", 3, 0]
    assert [[*row[:6], *row[-3:-1]] for row in table] == [
        ["File", "Length", "Segments", "First anger", "Times angry", "What was said then", "happy", "angry"],
        ["a.wav", timedelta(seconds=61), 2, timedelta(seconds=9), 1, "二", 1, 1],
        ["b.wav", timedelta(seconds=1), 0, None, 0, None, 0, 0],
    ]
