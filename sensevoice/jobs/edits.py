"""What people corrected: a list of changes beside the original rows, of which the last can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sensevoice.formats.record import segment_from_dict, segment_to_dict
from sensevoice.jobs.folder import append_line, cut_broken_line, read_lines
from sensevoice.transcript import Segment


@dataclass(frozen=True)
class Change:
    """A row with a new content, or, without a `row`, a row that was not there."""

    segment: Segment
    row: int | None = None


class Edits:
    """The changes of one job, kept in a file of JSON lines.

    Rows are numbered as people see them: in order of time, at the moment of the change.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changes: list[tuple[Change, ...]] = []
        cut_broken_line(path)
        for line in read_lines(path):
            if line.get("undo"):
                self._changes.pop()
            else:
                self._changes.append(tuple(_read(item) for item in line["changes"]))

    @staticmethod
    def count_in(path: Path) -> int:
        """Return how many lines a file of changes has, those that take something back as well."""
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def make(self, changes: Iterable[Change]) -> None:
        """Keep some changes, which are taken back together."""
        made = tuple(changes)
        rows = [{"row": each.row, "segment": segment_to_dict(each.segment)} for each in made]
        append_line(self._path, {"changes": rows})
        self._changes.append(made)

    def undo(self) -> bool:
        """Take the last change back; False when there is none."""
        if not self._changes:
            return False
        append_line(self._path, {"undo": True})
        self._changes.pop()
        return True

    def applied(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return the rows with all changes; a changed row keeps what the model had heard as `original`."""
        rows = list(segments)
        for changes in self._changes:
            for change in changes:
                if change.row is not None:
                    rows[change.row] = edited(rows[change.row], change.segment)
            rows += [change.segment for change in changes if change.row is None]
            rows.sort(key=lambda row: (row.span, row.channel or ""))
        return rows


def edited(old: Segment, new: Segment) -> Segment:
    """Return `new` with what the model had first heard in its place; times of words go with the words."""
    words = new.words if new.words or new.text != old.text else old.words
    return replace(new, words=words, original=old.original or old)


def _read(item: dict) -> Change:  # type: ignore[type-arg]  # a line of JSON
    return Change(segment_from_dict(item["segment"]), item["row"])
