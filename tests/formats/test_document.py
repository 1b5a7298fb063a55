"""Word files, read back by zip and XML, and by python-docx's own reader."""

from __future__ import annotations

import io

import pytest
from docx import Document

from sensevoice.formats import RenderOptions, render
from sensevoice.formats.document import EAST_ASIAN_FONT
from sensevoice.transcript import Event, Segment, Span, Speaker, Transcript
from tests.formats.office import W, paragraphs, parts, table

HOSTILE = [
    "=1+1",
    "\x00\x07\x0b",
    "a\ud800b",
    "]]>&amp;<w:p/>",
    "\ufffe\uffff",
    "字" * 40_000,
    "👨\u200d👩\u200d👧",
]


def row(number: int, text: str, **more: object) -> Segment:
    more = {"language": "zh", "emotion": "ANGRY", "speaker": f"S{1 + number % 2}", **more}
    return Segment("speech", Span(number * 2_000, number * 2_000 + 1_500), text, **more)  # type: ignore[arg-type]


def record(*segments: Segment, duration_ms: int = 600_000, **more: object) -> Transcript:
    people = (Speaker("S1", "客服 <甲>"), Speaker("S2"))
    return Transcript("通话[1] & 😀.mp3", duration_ms, segments, speakers=people, **more)  # type: ignore[arg-type]


def written(transcript: Transcript, **options: object) -> bytes:
    content = render(transcript, "docx", RenderOptions(**options))  # type: ignore[arg-type]
    assert isinstance(content, bytes)
    Document(io.BytesIO(content))
    return content


def test_headings_speakers_times_and_tags() -> None:
    laughter = (Event("Laughter"),)
    content = written(record(row(0, "您好。"), row(1, "退款！😀", events=laughter), row(3, "现在就退。")))
    assert paragraphs(content) == [
        ("Title", "通话[1] & 😀.mp3"),
        ("Subtitle", "10:00 · 3 段 · 客服 <甲>、说话人2"),
        ("Heading1", "关键片段"),
        *[
            ("ListBullet", text)
            for text in (
                "0:00 愤怒 您好。",
                "0:02 笑声 退款！😀",
                "0:02 愤怒 退款！😀",
                "0:06 愤怒 现在就退。",
            )
        ],
        ("Heading1", "正文"),
        ("Heading2", "客服 <甲>"),
        ("Normal", "0:00 [中文 · 愤怒] 您好。"),
        ("Heading2", "说话人2"),
        ("Normal", "0:02 [中文 · 愤怒 · 笑声] 退款！😀"),
        ("Normal", "0:06 [中文 · 愤怒] 现在就退。"),
    ]


def test_the_tags_are_a_switch() -> None:
    clap = Segment("sound", Span(9_000, 9_500), events=(Event("Applause"),))
    shown = paragraphs(written(record(row(0, "您好。"), clap), tags=False))
    assert [text for style, text in shown if style == "Normal"] == ["0:00 您好。"]
    assert not [text for _, text in shown if "愤怒" in text or "掌声" in text]


def test_the_table_view() -> None:
    transcript = record(row(0, "您好。"), row(1, "退款", events=(Event("Laughter"),)))
    assert table(written(transcript, table=True, locale="en")) == [
        ["Start", "End", "Who", "Language", "Emotion", "Sounds", "Text"],
        ["0:00", "0:01", "客服 <甲>", "Chinese", "angry", "", "您好。"],
        ["0:02", "0:03", "Speaker 2", "Chinese", "angry", "laughter", "退款"],
    ]
    assert table(written(transcript, table=True, tags=False))[0] == ["开始", "结束", "说话人", "文本"]
    assert table(written(Transcript("a.wav", 100, ()), table=True)) == [
        ["开始", "结束", "语言", "情绪", "声音", "文本"]
    ]


def test_every_font_has_an_east_asian_one_and_no_theme_comes_before_it() -> None:
    styles = parts(written(record(row(0, "好"))))["word/styles.xml"]
    fonts = list(styles.iter(f"{W}rFonts"))
    assert fonts and all(each.attrib[f"{W}eastAsia"] == EAST_ASIAN_FONT for each in fonts)
    assert not [name for each in fonts for name in each.attrib if "heme" in name]
    assert {each.attrib[f"{W}eastAsia"] for each in styles.iter(f"{W}lang")} == {"zh-CN"}


def test_every_style_that_is_used_is_there() -> None:
    transcript = record(
        row(0, "好", events=(Event("Applause"),)), duration_ms=900_000, complete_until_ms=1_500
    )
    for as_table in (False, True):
        found = parts(written(transcript, table=as_table))
        known = {each.attrib[f"{W}styleId"] for each in found["word/styles.xml"].iter(f"{W}style")}
        used = {
            each.attrib[f"{W}val"]
            for tag in ("pStyle", "rStyle", "tblStyle")
            for each in found["word/document.xml"].iter(f"{W}{tag}")
        }
        assert used and used <= known


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
@pytest.mark.parametrize("as_table", [False, True])
def test_hostile_text_stays_text(text: str, as_table: bool) -> None:
    failed = Segment("speech", Span(0, 1), error=f"x{text}")
    hostile = Transcript(f"{text}.wav", 9_000, (row(1, text), failed), speakers=(Speaker("S2", text),))
    content = written(hostile, table=as_table)
    shown = "\n".join(each for _, each in paragraphs(content))
    expected = " ".join(
        "".join(char if char.isprintable() or char in "\u200d" else " " for char in text).split()
    )
    assert expected in shown.replace("a?b", "a b")


def test_three_thousand_rows_and_a_heading_every_ten_minutes() -> None:
    long = record(*(row(number, f"第 {number} 句。") for number in range(3_000)), duration_ms=6_000_000)
    for as_table in (False, True):
        content = written(long, table=as_table)
        shown = "\n".join(text for _, text in paragraphs(content))
        assert "第 0 句。" in shown and "第 2999 句。" in shown
    headings = [text for style, text in paragraphs(written(long)) if style == "Heading2"]
    assert headings == [f"{10 * number}:00" for number in range(6)] + [f"1:{10 * n:02d}:00" for n in range(4)]


def test_what_is_not_finished_says_so_and_the_same_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    partial = record(row(0, "好"), complete_until_ms=13_500)
    content = written(partial)
    assert paragraphs(content)[-1] == ("IntenseQuote", "【未完成：0:13 之后没有转写】")
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert written(partial) == content
