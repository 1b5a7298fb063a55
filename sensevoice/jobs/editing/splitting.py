"""One row made two, and two made one, as a person wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sensevoice.errors import BadRequest
from sensevoice.jobs.editing.edits import Change, put_together
from sensevoice.tags.parse import is_unspaced
from sensevoice.tags.replacements import inside, shifted
from sensevoice.tags.word_times import word_places
from sensevoice.transcript import Segment, Span, Word


def split(rows: Sequence[Segment], number: int, offset: int) -> list[Change]:
    """Return the changes that make two of a row, at a place in its text. Raises BadRequest.

    Each half gets its own words; what else was heard in the row stays with both.
    """
    row = rows[number]
    first, second = row.text[:offset].strip(), row.text[offset:].strip()
    at_ms = _time_at(row, offset)
    if not first or not second or not row.span.start_ms < at_ms < row.span.end_ms:
        raise BadRequest(reason=f"at={offset}")
    whole = replace(row, inline=(), events=tuple(replace(event, offset=None) for event in row.events))
    kept = row.original or row
    before, after = _words(row.words, at_ms)
    left = replace(whole, span=Span(row.span.start_ms, at_ms), text=first, words=before, original=kept)
    right = replace(whole, span=Span(at_ms, row.span.end_ms), text=second, words=after, original=kept)
    return [
        Change(None, number),
        Change(replace(left, terms=inside(row.terms, row.text.find(first), len(first)))),
        Change(replace(right, terms=inside(row.terms, row.text.find(second, offset), len(second)))),
    ]


def join(rows: Sequence[Segment], number: int) -> list[Change]:
    """Return the changes that join a row with the next of its channel. Raises BadRequest for the last one."""
    row = rows[number]
    following = [
        at for at in range(number + 1, len(rows)) if rows[at].channel == row.channel and rows[at].text
    ]
    if not following or not row.text:
        raise BadRequest(reason=f"row {number}")
    other = rows[following[0]]
    events = {event.name: replace(event, offset=None) for each in (row, other) for event in each.events}
    whole = _joined(row.text, other.text)
    joined = replace(
        row,
        span=Span(row.span.start_ms, max(row.span.end_ms, other.span.end_ms)),
        text=whole,
        events=tuple(events.values()),
        inline=(),
        words=row.words + other.words,
        pieces=row.pieces + other.pieces,
        terms=row.terms + shifted(other.terms, len(whole) - len(other.text)),
        original=put_together((row, other)),
    )
    return [Change(None, number), Change(None, following[0]), Change(joined)]


def _joined(first: str, second: str) -> str:
    between = (
        "" if is_unspaced(first[-1]) or is_unspaced(second[0]) or first[-1] in "，。！？；：、…" else " "
    )
    return first + between + second


def _time_at(row: Segment, offset: int) -> int:
    """Return when the text at an offset is said: by the words, or by the share of the text before it."""
    for start_ms, _, at, length in word_places(row):
        if at + length > offset:
            return start_ms
    return row.span.start_ms + row.span.duration_ms * offset // max(1, len(row.text))


def _words(words: Sequence[Word], at_ms: int) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    before = tuple(word for word in words if word.span.start_ms < at_ms)
    return before, tuple(words[len(before) :])
