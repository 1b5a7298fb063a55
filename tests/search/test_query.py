"""What somebody types, as a query; what cannot be read is a sentence in both languages."""

from __future__ import annotations

from datetime import datetime

import pytest

from sensevoice.errors import BadQuery
from sensevoice.search.query import Lasting, Made, Query, Tagged, Words, parse
from sensevoice.search.times import Days

NOW = datetime(2026, 11, 26, 15, 30)


def terms(line: str) -> tuple[object, ...]:
    return parse(line, NOW).terms


def test_words_tags_and_what_is_left_out() -> None:
    assert terms("退款 情绪:愤怒 说话人:客户 声音:笑声 -测试") == (
        Words("退款"),
        Tagged("emotion", ("ANGRY",)),
        Tagged("speaker", ("客户",)),
        Tagged("event", ("Laughter",)),
        Words("测试", excluded=True),
    )
    assert terms("Mood:Angry,SAD -lang:en") == (
        Tagged("emotion", ("ANGRY", "SAD")),
        Tagged("language", ("en",), excluded=True),
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('"a b"', (Words("a b"),)),
        ("“a b” 「你 好」", (Words("a b"), Words("你 好"))),
        ('-"a b"', (Words("a b", excluded=True),)),
        ('speaker:"王, 李"', (Tagged("speaker", ("王, 李",)),)),
        ("10:30", (Words("10:30"),)),
        ("http://a", (Words("http://a"),)),
        ("　退款　", (Words("退款"),)),
        ("e-mail", (Words("e-mail"),)),
        ("声道:2", (Tagged("channel", ("2",)),)),
        ('"mood:angry"', (Words("mood:angry"),)),
    ],
)
def test_quotes_and_signs(line: str, found: tuple[object, ...]) -> None:
    assert terms(line) == found


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2026-11-01", datetime(2026, 11, 1), datetime(2026, 11, 2)),
        ("2026年11月1日", datetime(2026, 11, 1), datetime(2026, 11, 2)),
        ("2026/2", datetime(2026, 2, 1), datetime(2026, 3, 1)),
        ("2026-12", datetime(2026, 12, 1), datetime(2027, 1, 1)),
        ("2026", datetime(2026, 1, 1), datetime(2027, 1, 1)),
        ("今天", datetime(2026, 11, 26), datetime(2026, 11, 27)),
        ("yesterday", datetime(2026, 11, 25), datetime(2026, 11, 26)),
        ("7天", datetime(2026, 11, 19, 15, 30), NOW),
        ("24h", datetime(2026, 11, 25, 15, 30), NOW),
        ("2026-11-01T08:30", datetime(2026, 11, 1, 8, 30), datetime(2026, 11, 1, 8, 31)),
    ],
)
def test_days(value: str, start: datetime, end: datetime) -> None:
    assert terms(f"date:{value}") == (Made(Days(start, end)),)
    assert terms(f"after:{value}") == (Made(Days(start, None)),)
    assert terms(f"早于:{value}") == (Made(Days(None, start)),)


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        *(("10", 10_000), ("1.5s", 1_500), ("10秒", 10_000), ("1m30s", 90_000), ("1分30秒", 90_000)),
        *(("2分钟", 120_000), ("1:30", 90_000), ("1:00:00", 3_600_000), ("1h", 3_600_000)),
    ],
)
def test_lengths(value: str, ms: int) -> None:
    assert terms(f"longer:{value}") == (Lasting(ms),)
    assert terms(f"短于:{value}") == (Lasting(0, ms),)


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        ("", "请输入", "Type what"),
        ("  ", "请输入", "Type what"),
        ('"退款', "引号没有闭合", "not closed"),
        ("情绪:", "“情绪:”后面", "behind “情绪:”"),
        ("-", "“-”后面", "behind “-”"),
        ('""', "后面缺少", "missing behind"),
        ("情绪:饿", "“饿”。可用：开心", "There are: happy"),
        ("sound:thunder", "笑声", "laughter"),
        ("language:klingon", "中文", "Chinese"),
        ("channel:middle", "左、右", "left, right"),
        ("color:red", "没有“color:”", '"color:red"'),
        ("他说:好", "请加引号", "quote them"),
        ("after:soon", "不是日期", "is no date"),
        ("after:2026-13", "不是日期", "is no date"),
        ("after:9999-12-31", "不是日期", "is no date"),
        ("longer:long", "不是时长", "no length of time"),
        ("a" * 501, "超过 500", "over 500"),
        (" ".join("abcdefghijklmnopqrstuvwxyz0123456789"), "最多 32", "at most 32"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(line: str, zh: str, en: str) -> None:
    with pytest.raises(BadQuery) as refused:
        parse(line, NOW)
    assert zh in refused.value.message("zh") and en in refused.value.message("en")


def test_a_query_keeps_its_line() -> None:
    assert parse("退款", NOW) == Query("退款", (Words("退款"),))
