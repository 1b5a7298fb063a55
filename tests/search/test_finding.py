"""A search finds exactly the rows whose text holds what was typed, as Python's `in` has it, in any script."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensevoice.search import matching
from sensevoice.search.database import Database
from sensevoice.search.finding import counts, find
from sensevoice.search.model import Found, Recording, Row
from sensevoice.search.query import parse
from sensevoice.search.tokens import folded

CHINESE = "退款的情绪很好测试我们不是一二，。？"
KANA = "かなガナはいソウデスねー、。"
HANGUL = "안녕하세요그래요네 "
LATIN = "abcab est th 12"
MARKS = "-!?.,:;'%_*()[]{}|\\/&^~ 😀é"

texts = st.one_of(
    st.text(CHINESE, max_size=12),
    st.text(KANA, max_size=12),
    st.text(HANGUL, max_size=12),
    st.text(LATIN, max_size=20),
    st.text(CHINESE + KANA + HANGUL + LATIN + MARKS, max_size=20),
    st.text(st.characters(exclude_characters='"“”「」『』＂'), max_size=8),
)

steady = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def row(place: int, text: str, **more: object) -> Row:
    values: dict[str, object] = {
        "kind": "speech",
        "start_ms": place * 1000,
        "end_ms": place * 1000 + 900,
        "language": "zh",
        "emotion": "NEUTRAL",
        "events": (),
        "channel": "",
        "speaker": "",
        "who": ("", ""),
    }
    return Row(place=place, text=text, **{**values, **more})  # type: ignore[arg-type]


def recording(id: str, owner: str = "", created_s: float = 1_700_000_000.0, name: str = "") -> Recording:
    return Recording(id, owner, name or f"{id}.wav", created_s, 60_000, "stamp")


def texts_of(found: Found) -> list[str]:
    return [hit.row.text for hit in found.hits]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "search.sqlite3")
    yield opened
    opened.close()


class Owners:
    """An owner of their own for each example: one database serves all of them."""

    count = 0

    @classmethod
    def next(cls) -> str:
        cls.count += 1
        return f"owner {cls.count}"


@given(st.data())
@steady
@pytest.mark.parametrize("most_words", [500, 0])
def test_it_finds_what_in_finds(database: Database, most_words: int, data: st.DataObject) -> None:
    written = data.draw(st.lists(texts, min_size=1, max_size=6))
    source = data.draw(st.sampled_from(written))
    start = data.draw(st.integers(0, len(source)))
    wanted = data.draw(st.one_of(st.just(source[start : start + data.draw(st.integers(1, 6))]), texts))
    if not folded(wanted) or any(mark in wanted for mark in '"“”「」『』＂'):
        return
    owner = Owners.next()
    database.put(recording(owner, owner), [row(place, text) for place, text in enumerate(written)])
    matching.MOST_WORDS, kept = most_words, matching.MOST_WORDS  # 0: by reading the rows
    try:
        for line, holds in ((f'"{wanted}"', True), (f'-"{wanted}"', False)):
            query = parse(line)
            found = find(database, query, owner)
            expected = [text for text in written if (folded(wanted) in folded(text)) is holds]
            assert sorted(texts_of(found)) == sorted(expected), (line, written)
            assert found.rows == sum(counts(database, query, owner).values()) == len(expected)
    finally:
        matching.MOST_WORDS = kept


@pytest.mark.parametrize(
    "alphabet", [CHINESE, KANA, HANGUL, LATIN, CHINESE + LATIN], ids=["zh", "kana", "ko", "en", "mixed"]
)
def test_plain_lower_case_text_is_found_as_it_is(database: Database, alphabet: str) -> None:
    """Without folding on the side of the test: `in` itself, on pieces of texts and on others."""
    chance = random.Random(7)
    written = [" ".join("".join(chance.choices(alphabet, k=30)).split()) for _ in range(40)]
    database.put(recording(alphabet, alphabet), [row(place, text) for place, text in enumerate(written)])
    for _ in range(150):
        source = chance.choice(written)
        at = chance.randrange(len(source))
        wanted = source[at : at + chance.randint(1, 5)].strip()
        wanted = "".join(chance.choices(alphabet, k=2)).strip() if chance.random() < 0.3 else wanted
        if wanted:
            found = find(database, parse(f'"{wanted}"'), alphabet, limit=200)
            assert sorted(texts_of(found)) == sorted(text for text in written if wanted in text), wanted


CALL = (
    row(0, "您好，请问有什么可以帮您？", speaker="S1", who=("客服", "客服"), channel="left"),
    row(1, "我要退款，这都第几天了！", emotion="ANGRY", speaker="S2", who=("客户", "客户"), channel="right"),
    row(2, "", kind="sound", events=("Laughter", "BGM"), emotion="", language=""),
    row(3, "退款测试 Refund test", emotion="ANGRY", speaker="S1", who=("客服", "客服"), language="en"),
    row(4, "好的，谢谢！", emotion="HAPPY", speaker="S12", who=("说话人12", "Speaker 12"), end_ms=19_000),
)
DAY_S = 86_400.0
MONDAY_S = 1_763_971_200.0  # 24 November 2025, 8:00 in UTC


@pytest.fixture
def calls(database: Database) -> Database:
    database.put(recording("call", "ann", MONDAY_S, "周一 客服.wav"), CALL)
    database.put(
        recording("meeting", "ann", MONDAY_S + 7 * DAY_S, "会议.mp3"), [row(0, "会议现在开始，不退款。")]
    )
    database.put(recording("his", "bert", MONDAY_S, "秘密.wav"), [row(0, "我也要退款", emotion="ANGRY")])
    return database


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("退款 情绪:愤怒 说话人:客户 -测试", ["call 1"]),
        ("退款 mood:angry -测试", ["call 1"]),
        ("退款", ["meeting 0", "call 1", "call 3"]),
        ("REFUND", ["call 3"]),
        ("ｒｅｆｕｎｄ", ["call 3"]),
        ("fund", ["call 3"]),
        ('"refund te"', ["call 3"]),
        ('"fund test"', ["call 3"]),
        ('"refund  TEST"', ["call 3"]),
        ("退款 测试", ["call 3"]),
        ("-退款 情绪:开心,愤怒", ["call 4"]),
        ("情绪：愤怒、开心", ["call 1", "call 3", "call 4"]),
        ("声音:笑声", ["call 2"]),
        ("sound:music sound:laughter", ["call 2"]),
        ("-声音:笑声 退款", ["meeting 0", "call 1", "call 3"]),
        ("语言:英文", ["call 3"]),
        ("语种:zh 谢谢", ["call 4"]),
        ("声道:左", ["call 0"]),
        ("channel:right", ["call 1"]),
        ("who:12", ["call 4"]),
        ("说话人:1", []),
        ("说话人:说话人1", []),
        ("说话人:说话人12", ["call 4"]),
        ("speaker:speaker", ["call 4"]),
        ('说话人:"客户"', ["call 1"]),
        ("文件:会议", ["meeting 0"]),
        ("file:.wav 退款", ["call 1", "call 3"]),
        ("-file:.wav", ["meeting 0"]),
        ("晚于:2025-11-30 退款", ["meeting 0"]),
        ("早于:2025-11-30 退款", ["call 1", "call 3"]),
        ("date:2025-12", ["meeting 0"]),
        ("after:0001 谢谢", ["call 4"]),
        ("before:2300 谢谢", ["call 4"]),
        ("after:2300", []),
        ("before:0001", []),
        ("date:0001-01-01", []),
        ("longer:10", ["call 4"]),
        ("shorter:1 -退款", ["call 0", "call 2"]),
        ("长于:10秒 退款", []),
        ("秘密", []),
        ("xyzzy", []),
        ("-xyzzy longer:10", ["call 4"]),
    ],
)
def test_a_line_finds_its_rows_of_one_owner(calls: Database, line: str, places: list[str]) -> None:
    found = find(calls, parse(line), "ann")
    assert [f"{hit.recording.id} {hit.row.place}" for hit in found.hits] == places
    assert found.rows == len(places) and found.recordings == len({place.split()[0] for place in places})
    assert sum(counts(calls, parse(line), "ann").values()) == len(places)


def test_rows_come_with_their_neighbours_the_newest_recording_first(calls: Database) -> None:
    newest, *_, last = find(calls, parse("退款"), "ann").hits
    assert newest.recording.id == "meeting" and newest.before is None and newest.after is None
    assert last.before is not None and last.before.events == ("Laughter", "BGM")
    assert last.after is not None and last.after.text == "好的，谢谢！"


def test_by_score_what_says_most_of_it_comes_first(calls: Database) -> None:
    rows = [row(0, "啊" * 60 + "苹果"), row(1, "苹果苹果"), row(2, "pineapple"), row(3, "an apple")]
    calls.put(recording("fruit", "ann", MONDAY_S), rows)
    assert [hit.row.place for hit in find(calls, parse("苹果"), "ann", "score").hits] == [1, 0]
    whole, part = find(calls, parse("apple"), "ann", "score").hits
    assert (whole.row.place, part.row.place) == (3, 2) and whole.score > part.score > 0


@pytest.mark.parametrize("order", ["newest", "score"])
def test_pages_hold_every_row_once(database: Database, order: str) -> None:
    for number in range(5):
        rows = [row(place, f"第 {place} 句 苹果") for place in range(7)]
        database.put(recording(f"r{number}", created_s=MONDAY_S + number), rows)
    pages = [find(database, parse("苹果"), "", order, 10, offset) for offset in range(0, 40, 10)]  # type: ignore[arg-type]
    seen = [(hit.recording.id, hit.row.place) for page in pages for hit in page.hits]
    assert len(seen) == len(set(seen)) == 35 and {page.rows for page in pages} == {35}


def test_two_recordings_of_one_moment_are_two(database: Database) -> None:
    for name in ("a", "b"):
        database.put(recording(name), [row(0, name * 3)])
    assert [find(database, parse(each), "").hits[0].recording.id for each in ("aaa", "bbb")] == ["a", "b"]


def owners(names: Sequence[str]) -> list[str]:
    return list(names)


@pytest.mark.parametrize("owner", owners(["", "an", "ANN", "ann ", '"ann" OR owner', "*", "o616e6e"]))
def test_no_other_name_finds_what_belongs_to_one(calls: Database, owner: str) -> None:
    for line in ("退款", "-没有", "longer:0", "文件:wav", "after:2000", "情绪:愤怒"):
        assert find(calls, parse(line), owner) == Found((), 0, 0)
        assert counts(calls, parse(line), owner) == {}
