"""What people corrected: a list of changes beside the original rows, of which the last can be taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

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


@dataclass(frozen=True)
class Step:
    """Changes that are taken back together; `what` is what a person did: one of STEPS."""

    changes: tuple[Change, ...]
    what: str = "edit"


STEPS = ("edit", "replace", "split", "join", "accept", "transcribe", "speaker", "term")

_Turn = Literal["undo", "redo"]


class Edits:
    """The changes of one job, kept in a file of JSON lines.

    Rows are numbered as people see them: in order of time, at the moment of the change.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[Step | _Turn | None] = []
        cut_broken_line(path)
        for line in read_lines(path):
            self._lines.append(self._read(line))

    def _read(self, line: dict[str, Any]) -> Step | _Turn | None:
        """Return what a line says, None for one that says nothing: versions are counted by lines."""
        try:
            for turn in get_args(_Turn):
                if line.get(turn):
                    return turn  # type: ignore[no-any-return]  # one of the two
            return Step(tuple(_change(item) for item in line["changes"]), str(line.get("what", "edit")))
        except UNREADABLE as exc:
            log.warning(
                "%s: a correction that cannot be read is passed over: %s", self._path.parent.name, exc
            )
            return None

    @property
    def count(self) -> int:
        """How often something was corrected, a correction taken back or made again."""
        return len(self._lines)

    def make(self, changes: Iterable[Change], what: str = "edit") -> Step:
        """Keep some changes, which are taken back together, and return them."""
        step = Step(tuple(changes), what)
        rows = [
            {
                "row": each.row,
                "segment": segment_to_dict(each.segment) if each.segment else None,
                "counting": each.counting,
            }
            for each in step.changes
        ]
        append_line(self._path, {"changes": rows, "what": what})
        self._lines.append(step)
        return step

    def undo(self) -> Step | None:
        """Take the last change back and return it; None when there is none."""
        return self._turn("undo", self._state()[0])

    def redo(self) -> Step | None:
        """Make the change again that was taken back last and return it; None when there is none."""
        return self._turn("redo", self._state()[1])

    def _turn(self, turn: _Turn, steps: Sequence[Step]) -> Step | None:
        if not steps:
            return None
        append_line(self._path, {turn: True})
        self._lines.append(turn)
        return steps[-1]

    def _state(self, lines: int | None = None) -> tuple[list[Step], list[Step]]:
        """Return the steps that hold after so many lines, or all, and those that were taken back."""
        made: list[Step] = []
        undone: list[Step] = []
        for line in self._lines[:lines]:
            if isinstance(line, Step):
                made.append(line)
                undone.clear()
            elif line == "undo" and made:
                undone.append(made.pop())
            elif line == "redo" and undone:
                made.append(undone.pop())
        return made, undone

    def applied(
        self, segments: Sequence[Segment], counting: str = "", lines: int | None = None
    ) -> list[Segment]:
        """Return the rows with all changes, or with those of the first so many lines.

        `counting` is how the people of these rows were counted.

        A changed row keeps what the model had heard as `original`. Changes of rows that are not there, as in
        what is left of a damaged record, are passed over.
        """
        rows = list(segments)
        for step in self._state(lines)[0]:
            rows = after(rows, step, counting)
        return rows

    def number_now(self, segments: Sequence[Segment], row: int, lines: int, counting: str = "") -> int | None:
        """Return the number that a row has now which had the number `row` after so many lines.

        None when it is no longer there as it was.
        """
        then, now = self.applied(segments, counting, lines), self.applied(segments, counting)
        if not 0 <= row < len(then):
            return None
        if row < len(now) and now[row] == then[row]:
            return row
        places = [number for number, segment in enumerate(now) if segment == then[row]]
        return places[0] if len(places) == 1 else None


def after(rows: Sequence[Segment], step: Step, counting: str = "") -> list[Segment]:
    """Return the rows after one step, in order of time; the same rows if it names one that is not there."""
    if not all(each.row is None or 0 <= each.row < len(rows) for each in step.changes):
        return list(rows)
    changed: list[Segment | None] = list(rows)
    for change in step.changes:
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
        terms=(),
        pieces=tuple(piece for row in kept for piece in row.pieces),
    )


def _change(item: dict) -> Change:  # type: ignore[type-arg]  # a line of JSON
    segment = segment_from_dict(item["segment"]) if item["segment"] else None
    return Change(segment, item["row"], item.get("counting"))
