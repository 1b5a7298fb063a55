"""Measures how long an answer of the search takes over many rows, and writes a table for docs/.

Rows are made up: words drawn by the frequency that words have, in Chinese, English and mixed rows, so that
"common" is in most of the rows and "rare" in a handful.
"""

from __future__ import annotations

import argparse
import platform
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import _root  # noqa: F401  # makes the package importable

from sensevoice.search.database import Database
from sensevoice.search.finding import Order, counts, find
from sensevoice.search.model import Recording, Row
from sensevoice.search.query import parse

ROWS_EACH = 200
"""Rows of one recording: a call of a quarter of an hour."""

DAY_S = 86_400
FIRST_S = 1_700_000_000

EMOTIONS = ("NEUTRAL",) * 12 + ("HAPPY", "ANGRY", "SAD")
SOUNDS: tuple[tuple[str, ...], ...] = ((),) * 12 + (("Laughter",), ("BGM",), ("Applause", "BGM"))
WHO = (("客服", "客服"), ("客户", "客户"), ("说话人1", "Speaker 1"), ("说话人2", "Speaker 2"))

QUERIES: tuple[tuple[str, str], ...] = (
    ("two characters, rare", "退款"),
    ("a character in most rows", "的"),
    ("two characters, frequent", "我们"),
    ("with tags", "退款 情绪:愤怒 说话人:客户 -测试"),
    ("a sound alone", "声音:笑声"),
    ("a mood in most rows", "情绪:平静"),
    ("what most rows lack", "-退款"),
    ("an English word", "refund"),
    ("a piece of words", "fun"),
    ("one letter", "e"),
    ("a phrase", '"refund the"'),
    ("a day", "退款 晚于:2023-12-01 早于:2024-01-01"),
    ("a length", "longer:12"),
    ("a length and a frequent word", "我们 longer:12"),
    ("a file", "文件:77 我们"),
    ("nothing", "青蛙"),
)


def words(chance: random.Random) -> Iterator[str]:
    """Yield texts of rows for ever."""
    alphabet = [chr(0x4E00 + number) for number in range(3_000)]
    chinese = ["的", "我们", "是", *("".join(chance.choices(alphabet, k=2)) for _ in range(6_000))]
    chinese += ["退款", "测试"]
    letters = "etaoinshrdlucmfwypvbgk"
    made = ("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(20_000))
    english = ["the", "to", *made, "refund", "funding"]
    weights = [1 / (place + 1) ** 0.8 for place in range(len(english))]
    while True:
        many = chance.randint(4, 14)
        table = chinese if chance.random() < 0.7 else english
        drawn = chance.choices(table, weights[: len(table)], k=many)
        if chance.random() < 0.01:
            drawn.insert(chance.randrange(many), "退款" if table is chinese else "refund the")
        yield ("" if table is chinese else " ").join(drawn)


def fill(database: Database, rows: int, chance: random.Random) -> None:
    """Put so many rows into an index."""
    texts = words(chance)
    for number in range(rows // ROWS_EACH):
        created_s = FIRST_S + number * DAY_S / 8
        recording = Recording(f"job{number}", "", f"call {number}.wav", created_s, ROWS_EACH * 5_000, "")
        database.put(recording, [_row(place, next(texts), chance) for place in range(ROWS_EACH)])


def _row(place: int, text: str, chance: random.Random) -> Row:
    start_ms = place * 5_000
    end_ms = start_ms + chance.randint(400, 14_000)
    emotion, events, who = chance.choice(EMOTIONS), chance.choice(SOUNDS), chance.choice(WHO)
    return Row(place, "speech", start_ms, end_ms, text, "zh", emotion, events, "", "S1", who)


def measure(database: Database, line: str, rounds: int) -> tuple[int, float, float, float]:
    """Return how many rows a line finds, and median milliseconds: by time, by score, for its counts."""
    query = parse(line)
    orders: tuple[Order, ...] = ("newest", "score")
    times: dict[str, list[float]] = {"newest": [], "score": [], "counts": []}
    for _ in range(rounds):
        for order in orders:
            times[order].append(_ms(lambda order=order: find(database, query, "", order)))
        times["counts"].append(_ms(lambda: counts(database, query, "")))
    found = find(database, query, "")
    newest, score, counted = (statistics.median(times[name]) for name in ("newest", "score", "counts"))
    return found.rows, newest, score, counted


def _ms(work: object) -> float:
    started_s = time.thread_time()  # of the processor: what else runs on the machine does not count
    work()  # type: ignore[operator]
    return (time.thread_time() - started_s) * 1000


def table(database: Database, rounds: int) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield "| what | query | rows | newest first, ms | best first, ms | counts of a rule, ms |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for what, line in QUERIES:
        rows, newest, score, counted = measure(database, line, rounds)
        yield f"| {what} | `{line}` | {rows:,} | {newest:.1f} | {score:.1f} | {counted:.1f} |"


def processor() -> str:
    """Return what /proc says of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--index", type=Path, help="keep the index here, and use one that is there")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        path = args.index or Path(temporary) / "search.sqlite3"
        anew = not path.exists()
        database = Database(path)
        started_s = time.perf_counter()
        if anew:
            fill(database, args.rows, random.Random(args.seed))
        seconds, megabytes = time.perf_counter() - started_s, path.stat().st_size / 1e6
        print(f"{processor()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
        print(f"{args.rows:,} rows made in {seconds:.0f} s, {megabytes:.0f} MB\n")
        for line in table(database, args.rounds):
            print(line, flush=True)
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
