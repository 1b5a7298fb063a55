"""How recordings and their rows stand in the tables of the index, and the statements that write them.

A row's number is the time at which its recording came, in milliseconds, and then its place counted from the
end: numbers in falling order are the newest recordings first and each from its beginning, so that a page of
results, a day, and one recording are all ranges of numbers, in which SQLite walks without sorting.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from sensevoice.search.model import MAX_PLACE, OWNER, PLACE_BITS, Recording, Row
from sensevoice.search.tokens import folded, is_word, letters, named, parts, tokens

MAX_RECORDING = (1 << 62 - PLACE_BITS) - 1
"""The highest number of a recording: a time in the year 2109."""


def first_number(recording: int) -> int:
    """Return the lowest number that a row of a recording can have, or of one that came at a time in ms."""
    return min(max(0, recording), MAX_RECORDING) << PLACE_BITS


def row_number(recording: int, place: int) -> int:
    return first_number(recording) | (MAX_PLACE - place)


def place_of(number: int) -> int:
    """Return the place of a row in its recording."""
    return MAX_PLACE - (number & MAX_PLACE)


def recording_of(number: int) -> int:
    """Return the number of a row's recording."""
    return number >> PLACE_BITS


Values = tuple[str, int, str, str, str, str]
"""Columns of `rows` behind the number: owner, length_ms, folded, people, tags, content."""


def values_of(owner: str, row: Row) -> Values:
    heard = (row.kind, row.start_ms, row.end_ms, row.text, row.language, row.emotion, row.events)
    content = json.dumps(
        [*heard, row.channel, row.speaker, *row.who], ensure_ascii=False, separators=(",", ":")
    )
    length_ms = row.end_ms - row.start_ms
    return (owner, length_ms, folded(row.text), row.people(), row.tags(), content)


def _as_found(values: Values) -> tuple[str, ...]:
    """Return the columns of `found` that belong to those of `rows`."""
    owner, _, text, people, tags, _ = values
    return named(OWNER, owner), tokens(text), letters(text), people, tags


def row_from(number: int, content: str) -> Row:
    """Return the row that is kept under a number."""
    kind, start_ms, end_ms, text, language, emotion, events, channel, speaker, zh, en = json.loads(content)
    place = place_of(number)
    return Row(
        place, kind, start_ms, end_ms, text, language, emotion, tuple(events), channel, speaker, (zh, en)
    )


def number_of(writer: sqlite3.Connection, recording: Recording) -> tuple[int, bool]:
    """Return the number of a recording and whether it has one already; else the next that is free."""
    known = writer.execute("SELECT number FROM recordings WHERE id = ?", (recording.id,)).fetchone()
    if known:
        return int(known[0]), True
    number = min(max(1, round(recording.created_s * 1000)), MAX_RECORDING)
    while writer.execute("SELECT 1 FROM recordings WHERE number = ?", (number,)).fetchone():
        number += 1
    return number, False


def write_recording(writer: sqlite3.Connection, number: int, recording: Recording) -> None:
    values: Mapping[str, Any] = {
        "number": number,
        "id": recording.id,
        "owner": recording.owner,
        "name": recording.name,
        "folded": folded(recording.name),
        "created_s": recording.created_s,
        "duration_ms": recording.duration_ms,
        "stamp": recording.stamp,
        "path": recording.path,
    }
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    writer.execute(f"INSERT OR REPLACE INTO recordings ({names}) VALUES ({marks})", values)


def kept_rows(writer: sqlite3.Connection, recording: int) -> dict[int, Values]:
    rows = writer.execute(
        "SELECT number, owner, length_ms, folded, people, tags, content FROM rows "
        "WHERE number BETWEEN ? AND ?",
        (first_number(recording), first_number(recording) | MAX_PLACE),
    )
    return {row[0]: row[1:] for row in rows.fetchall()}


def insert_rows(writer: sqlite3.Connection, rows: Mapping[int, Values]) -> None:
    writer.executemany(
        "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", ((key, *values) for key, values in rows.items())
    )
    writer.executemany(
        "INSERT INTO found (rowid, owner, body, letters, people, tags) VALUES (?, ?, ?, ?, ?, ?)",
        ((key, *_as_found(values)) for key, values in rows.items()),
    )
    new = {part for values in rows.values() for part in parts(values[2]) if is_word(part)}
    writer.executemany("INSERT OR IGNORE INTO vocabulary VALUES (?)", ((word,) for word in new))


def delete_rows(writer: sqlite3.Connection, rows: Mapping[int, Values]) -> None:
    # A table without content has to be told what was in it.
    writer.executemany(
        "INSERT INTO found (found, rowid, owner, body, letters, people, tags) "
        "VALUES ('delete', ?, ?, ?, ?, ?, ?)",
        ((key, *_as_found(values)) for key, values in rows.items()),
    )
    writer.executemany("DELETE FROM rows WHERE number = ?", ((key,) for key in rows))
