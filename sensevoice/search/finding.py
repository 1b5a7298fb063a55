"""Answers to a query: rows with their neighbours, how many there are, and how many in each recording."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from sensevoice.search.database import Database
from sensevoice.search.matching import Conditions, conditions
from sensevoice.search.model import PLACE_BITS, Found, Hit, Recording, Row
from sensevoice.search.query import Query, Words
from sensevoice.search.stored import recording_of, row_from
from sensevoice.search.tokens import is_word

Order = Literal["newest", "score"]
ORDERS: tuple[Order, ...] = get_args(Order)

SCORED = 5_000
"""By score the newest so many of the found rows are put in order: more cannot be read in a moment."""

_NEWEST = "ORDER BY {number} DESC"

_SMOOTHING_CHARS = 40
"""A row this much longer counts half as much for the same mention."""


def find(
    database: Database, query: Query, owner: str, order: Order = "newest", limit: int = 50, offset: int = 0
) -> Found:
    """Return a page of what an owner's query finds. Raises sqlite3.Error."""
    with database.reading() as connection:
        wanted = conditions(query, owner, connection)
        rows, recordings = _counted(connection, wanted)
        if order == "score":
            page = _best(connection, wanted, query, limit, offset)
        else:
            statement, values = wanted.sql("{number}", f"{_NEWEST} LIMIT ? OFFSET ?")
            numbers = connection.execute(statement, [*values, limit, offset]).fetchall()
            page = [(number, _score(connection, number, query)) for (number,) in numbers]
        return Found(tuple(_hits(connection, page, owner)), rows, recordings)


def counts(database: Database, query: Query, owner: str, recording: str | None = None) -> dict[str, int]:
    """Return how many rows a query finds in each recording by its id, or in one of them alone.

    Recordings without any are left out. Raises sqlite3.Error.
    """
    with database.reading() as connection:
        wanted = conditions(query, owner, connection)
        if recording is not None:
            number = connection.execute(
                "SELECT number FROM recordings WHERE id = ? AND owner = ?", (recording, owner)
            ).fetchone()
            if number is None:
                return {}
            wanted.add(f"({{number}} >> {PLACE_BITS}) = ?", number, excluded=False)
        statement, values = wanted.sql(
            f"({{number}} >> {PLACE_BITS}) AS recording, count(*)", "GROUP BY recording"
        )
        found = dict(connection.execute(statement, values).fetchall())
        ids = dict(connection.execute("SELECT number, id FROM recordings WHERE owner = ?", (owner,)))
        return {ids[number]: count for number, count in found.items() if number in ids}


def _counted(connection: sqlite3.Connection, wanted: Conditions) -> tuple[int, int]:
    """Return how many rows there are, and in how many recordings."""
    statement, values = wanted.sql(f"count(*), count(DISTINCT {{number}} >> {PLACE_BITS})")
    rows, recordings = connection.execute(statement, values).fetchone()
    return int(rows), int(recordings)


def _best(
    connection: sqlite3.Connection, wanted: Conditions, query: Query, limit: int, offset: int
) -> list[tuple[int, float]]:
    """Return the numbers and scores of the rows that say most of what is looked for; of equals the newest."""
    newest, values = wanted.sql("{number}", f"{_NEWEST} LIMIT {SCORED}")
    score, words = _score_sql(query)
    statement = (
        f"SELECT number, {score} AS score FROM rows WHERE owner = ? AND number IN ({newest}) "
        "ORDER BY score DESC, number DESC LIMIT ? OFFSET ?"
    )
    rows = connection.execute(statement, [*words, wanted.owner, *values, limit, offset])
    return [(number, score) for number, score in rows.fetchall()]


def _score(connection: sqlite3.Connection, number: int, query: Query) -> float:
    score, words = _score_sql(query)
    row = connection.execute(f"SELECT {score} FROM rows WHERE number = ?", [*words, number]).fetchone()
    return float(row[0]) if row else 0.0


def _score_sql(query: Query) -> tuple[str, list[object]]:
    """Return an expression over a row: the share of it that is what was looked for, whole words twice.

    1 would be a row of nothing else; without words all are alike, and have 0.
    """
    mentions: list[str] = []
    values: list[object] = []
    for text in (term.text for term in query.terms if isinstance(term, Words) and not term.excluded):
        mentions.append("(length(folded) - length(replace(folded, ?, '')))")
        values.append(text)
        if is_word(text):  # nothing that GLOB reads as a pattern
            mentions.append(f"{len(text)} * ((' ' || folded || ' ') GLOB ?)")
            values.append(f"*[^a-z0-9]{text}[^a-z0-9]*")
    if not mentions:
        return "0.0", []
    return f"({' + '.join(mentions)}) * 1.0 / (length(folded) + {_SMOOTHING_CHARS})", values


def _hits(connection: sqlite3.Connection, page: Sequence[tuple[int, float]], owner: str) -> Iterable[Hit]:
    """Yield what is kept of the rows with these numbers, in their order."""
    recordings = _recordings(connection, {recording_of(number) for number, _ in page}, owner)
    for number, score in page:
        recording = recordings.get(recording_of(number))
        near = _near(connection, number, owner)
        if recording is not None and number in near:  # else it went meanwhile
            before, after = near.get(number + 1), near.get(number - 1)
            yield Hit(recording, near[number], before, after, round(score, 4))


def _near(connection: sqlite3.Connection, number: int, owner: str) -> dict[int, Row]:
    """Return a row and those beside it in its recording, as far as there are any."""
    rows = connection.execute(
        "SELECT number, content FROM rows WHERE owner = ? AND number BETWEEN ? AND ?",
        (owner, number - 1, number + 1),
    ).fetchall()
    return {key: row_from(key, content) for key, content in rows if recording_of(key) == recording_of(number)}


def _recordings(connection: sqlite3.Connection, numbers: Iterable[int], owner: str) -> dict[int, Recording]:
    wanted = list(numbers)
    marks = ", ".join("?" for _ in wanted)
    rows = connection.execute(
        "SELECT number, id, owner, name, created_s, duration_ms, stamp, path FROM recordings "
        f"WHERE owner = ? AND number IN ({marks})",
        (owner, *wanted),
    )
    return {number: Recording(*values) for number, *values in rows.fetchall()}
