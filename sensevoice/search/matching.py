"""A query as conditions of SQLite: as one expression of the full-text table wherever that can be.

What cannot are pieces of very many different words, lengths, and times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sensevoice.search.model import CHANNEL, EMOTION, EVENT, LANGUAGE, OWNER, PLACE_BITS
from sensevoice.search.query import Lasting, Made, Query, Tagged, Term, Words
from sensevoice.search.stored import first_number
from sensevoice.search.tokens import LETTERS, is_word, letter_token, named, parts, token

KINDS = {"emotion": EMOTION, "event": EVENT, "language": LANGUAGE, "channel": CHANNEL}

MOST_WORDS = 500
"""Words of which a piece is looked for; what has a piece of more, such as "ing", is read."""

Containing = Callable[[str, bool], list[str] | None]
"""Returns the words of the index that contain a piece, or end with it; None when they are too many."""


@dataclass
class Conditions:
    """What the rows of one owner have to be like. `match` is of FTS5, `where` of SQL with its values.

    {number} in a condition is the row's number. `rows` says that conditions name columns of the rows' table.
    """

    owner: str
    match: list[str] = field(default_factory=list)
    unmatch: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    rows: bool = False

    def add(self, condition: str, values: Iterable[object], excluded: bool, rows: bool = False) -> None:
        self.where.append(f"NOT ({condition})" if excluded else condition)
        self.values.extend(values)
        self.rows = self.rows or rows

    def matches(self, expression: str, excluded: bool) -> None:
        (self.unmatch if excluded else self.match).append(expression)

    def sql(self, select: str, order: str = "") -> tuple[str, list[object]]:
        """Return a statement and its values; in `select` and `order`, {number} stands for the row's number.

        The owner stands in it, always: as a word of the full-text table, or of the table of rows.
        """
        number, owner = "found.rowid", ["rows.owner = ?"]
        if not (self.match or self.unmatch):
            source, number = "rows", "rows.number"
            where, values = [*owner, *self.where], [self.owner, *self.values]
        elif self.rows:
            source = "found CROSS JOIN rows ON rows.number = found.rowid"  # in this order
            where = ["found MATCH ?", *owner, *self.where]
            values = [self._expression(), self.owner, *self.values]
        else:
            source, where = "found", ["found MATCH ?", *self.where]
            values = [self._expression(), *self.values]
        statement = f"SELECT {select} FROM {source} WHERE {' AND '.join(where)} {order}"
        return statement.replace("{number}", number), values

    def _expression(self) -> str:
        wanted = " AND ".join([f'owner : "{named(OWNER, self.owner)}"', *self.match])
        return f"({wanted}) NOT ({' OR '.join(self.unmatch)})" if self.unmatch else wanted


def conditions(query: Query, owner: str, connection: sqlite3.Connection) -> Conditions:
    """Return what the rows of an owner have to be like that a query finds."""
    result = Conditions(owner)
    for term in query.terms:
        _add(result, term, partial(_containing, connection))
    return result


def _add(result: Conditions, term: Term, containing: Containing) -> None:
    match term:
        case Words():
            _add_words(result, term, containing)
        case Tagged("speaker"):
            names = " OR ".join(f"people : {_name_phrase(name)}" for name in term.names)
            result.matches(f"({names})", term.excluded)
        case Tagged("file"):
            fitting = " OR ".join("instr(folded, ?) > 0" for _ in term.names)
            condition = (
                f"({{number}} >> {PLACE_BITS}) IN "
                f"(SELECT number FROM recordings WHERE owner = ? AND ({fitting}))"
            )
            result.add(condition, (result.owner, *term.names), term.excluded)
        case Tagged():
            names = " OR ".join(f'"{named(KINDS[term.kind], name)}"' for name in term.names)
            result.matches(f"tags : ({names})", term.excluded)
        case Lasting():
            upper = 1 << 62 if term.below_ms is None else term.below_ms
            condition = "rows.length_ms >= ? AND rows.length_ms < ?"
            result.add(condition, (term.at_least_ms, upper), term.excluded, rows=True)
        case Made():
            lowest = first_number(_ms(term.days.start)) if term.days.start else 0
            end = first_number(_ms(term.days.end)) if term.days.end else (1 << 63) - 1
            result.add("{number} >= ? AND {number} < ?", (lowest, end), term.excluded)


def _ms(moment: datetime) -> int:
    try:
        return round(moment.timestamp() * 1000)
    except (OverflowError, ValueError):  # in a year before the clocks of this system
        return 0


def _add_words(result: Conditions, words: Words, containing: Containing) -> None:
    """Add that a text stands in the row: as phrases, else by reading the rows that can have it."""
    found = parts(words.text)
    phrases = _phrases(found, containing)
    if phrases is None:
        if not words.excluded:
            result.match.extend(_narrowing(found))
        result.add("instr(rows.folded, ?) > 0", (words.text,), words.excluded, rows=True)
    elif phrases:
        result.matches(f"({' OR '.join(phrases)})", words.excluded)
    else:
        result.add("0", (), words.excluded)  # in no word of any row


def _phrases(found: list[str], containing: Containing) -> list[str] | None:
    """Return phrases of which one is in every text that holds these parts, and in no other; None if too many.

    At its ends a text may hold pieces of words: the last one is a beginning, which FTS5 looks for itself; for
    the first, and for one alone, the words of the index are looked through.
    """
    if not is_word(found[0]):
        return [f"body : {_phrase(found)}"]
    if len(found) == 1 and len(found[0]) <= LETTERS:
        return [f'letters : "{letter_token(found[0])}"']
    words = containing(found[0], len(found) > 1)
    if words is None:
        return None
    return [f"body : {_phrase([word, *found[1:]], whole=len(found) == 1)}" for word in words]


def _narrowing(found: list[str]) -> Iterator[str]:
    """Yield what holds of every row with these parts, the first of which is a piece of very many words."""
    for at in range(max(1, len(found[0]) - LETTERS + 1)):
        yield f'letters : "{letter_token(found[0][at : at + LETTERS])}"'
    if len(found) > 1:
        yield f"body : {_phrase(found[1:])}"


def _phrase(found: list[str], whole: bool = False) -> str:
    """Return a phrase; the last word of it is a beginning unless it is `whole`."""
    quoted = '"' + " ".join(token(part) for part in found) + '"'
    return f"{quoted} *" if is_word(found[-1]) and not whole else quoted


def _name_phrase(name: str) -> str:
    """Return a phrase for a piece of a name; a number is meant as a whole: 1 is not 12."""
    found = parts(name)
    return _phrase(found, whole=found[-1].isdecimal())


def _containing(connection: sqlite3.Connection, piece: str, at_the_end: bool) -> list[str] | None:
    where = "substr(word, -length(?1)) = ?1" if at_the_end else "instr(word, ?1) > 0"
    rows = connection.execute(f"SELECT word FROM vocabulary WHERE {where} LIMIT ?2", (piece, MOST_WORDS + 1))
    words = [word for (word,) in rows.fetchall()]
    return None if len(words) > MOST_WORDS else words
