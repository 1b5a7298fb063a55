"""What people corrected: a list of changes beside the original rows, of which the last can be taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sensevoice.formats.record import segment_from_dict, segment_to_dict
from sensevoice.jobs.files import UNREADABLE, append_line, cut_broken_line, read_lines
from sensevoice.transcript import Segment, Span

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A row with a new content; without `row`, one that was not there; without `segment`, one taken away.

    A row is given to another person only by a change that names the counting of people (`People.counting`)
    whose ids `segment.speaker` is of, and only where people are counted so; else who speaks in it stays as
    it is known.
    """

    segment: Segment | None
    row: int | None = None
    counting: str | None = None


class Edits:
    """The changes of one job, kept in a file of JSON lines.

    Rows are numbered as people see them: in order of time, at the moment of the change.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changes: list[tuple[Change, ...]] = []
        cut_broken_line(path)
        for line in read_lines(path):
            try:
                self._take(line)
            except UNREADABLE as exc:
                log.warning("%s: a correction that cannot be read is passed over: %s", path.parent.name, exc)

    def _take(self, line: dict[str, Any]) -> None:
        if not line.get("undo"):
            self._changes.append(tuple(_read(item) for item in line["changes"]))
        elif self._changes:
            self._changes.pop()

    @staticmethod
    def count_in(path: Path) -> int:
        """Return how many lines a file of changes has, those that take something back as well."""
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def make(self, changes: Iterable[Change]) -> None:
        """Keep some changes, which are taken back together."""
        made = tuple(changes)
        rows = [
            {
                "row": each.row,
                "segment": segment_to_dict(each.segment) if each.segment else None,
                "counting": each.counting,
            }
            for each in made
        ]
        append_line(self._path, {"changes": rows})
        self._changes.append(made)

    def undo(self) -> bool:
        """Take the last change back; False when there is none."""
        if not self._changes:
            return False
        append_line(self._path, {"undo": True})
        self._changes.pop()
        return True

    def applied(self, segments: Sequence[Segment], counting: str = "") -> list[Segment]:
        """Return the rows with all changes; a changed row keeps what the model had heard as `original`.

        `counting` is how the people of these rows were counted.

        Changes of rows that are not there, as in what is left of a damaged record, are passed over.
        """
        rows = list(segments)
        for changes in self._changes:
            if all(each.row is None or 0 <= each.row < len(rows) for each in changes):
                rows = _changed(rows, changes, counting)
        return rows


def _changed(rows: Sequence[Segment], changes: Sequence[Change], counting: str) -> list[Segment]:
    """Return the rows after one step, in order of time."""
    changed: list[Segment | None] = list(rows)
    for change in changes:
        if change.row is None:
            changed.append(change.segment)
        else:
            changed[change.row] = _made(rows[change.row], change, counting)
    kept = [row for row in changed if row is not None]
    return sorted(kept, key=lambda row: (row.span, row.channel or ""))


def _made(row: Segment, change: Change, counting: str) -> Segment | None:
    if change.segment is None:
        return None
    speaker = change.segment.speaker if change.counting == counting else row.speaker
    return edited(row, replace(change.segment, speaker=speaker))


def edited(old: Segment, new: Segment) -> Segment:
    """Return `new` with what the model had first heard in its place; times of words go with the words."""
    words = new.words if new.words or new.text != old.text else old.words
    return replace(new, words=words, original=old.original or old)


def put_together(rows: Sequence[Segment]) -> Segment:
    """Return neighbouring rows as one with all that was heard in them: the original of what replaces them."""
    if len(rows) == 1:
        return rows[0].original or rows[0]
    kept = [row.original or row for row in rows]
    return replace(
        kept[0],
        span=Span(kept[0].span.start_ms, max(row.span.end_ms for row in kept)),
        text=" ".join(row.text for row in kept if row.text),
        raw="".join(row.raw for row in kept),
        events=tuple(
            {event.name: replace(event, offset=None) for row in kept for event in row.events}.values()
        ),
        inline=(),
        words=tuple(word for row in kept for word in row.words),
        pieces=tuple(piece for row in kept for piece in row.pieces),
    )


def _read(item: dict) -> Change:  # type: ignore[type-arg]  # a line of JSON
    segment = segment_from_dict(item["segment"]) if item["segment"] else None
    return Change(segment, item["row"], item.get("counting"))
