"""What people change of a recording while it is made: names of speakers, and texts of settled rows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from sensevoice.jobs.editing.corrections import MAX_TEXT_CHARS
from sensevoice.jobs.editing.edits import edited
from sensevoice.jobs.editing.people import LONGEST_NAME
from sensevoice.jobs.files import UNREADABLE, append_line, cut_broken_line, read_lines
from sensevoice.transcript import Segment, Span

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TypedText:
    """What a row said at first, and what it is to say."""

    before: str
    text: str


class LiveChanges:
    """The changes of one recording, each kept in a file of JSON lines from the moment it is made.

    `names` are by the ids of speakers while live, which mean other people in the record; `texts` by the
    spans of rows. Raises OSError when the disk refuses a change, which then is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names: dict[str, str] = {}
        self.texts: dict[Span, TypedText] = {}
        cut_broken_line(path)
        for line in read_lines(path):
            try:
                self._take(line)
            except UNREADABLE as exc:
                log.warning("%s: a change that cannot be read is passed over: %s", path.parent.name, exc)

    def __bool__(self) -> bool:
        return bool(self.names or self.texts)

    def rename(self, speaker: str, name: str) -> None:
        """Give a speaker a name; an empty one takes it away."""
        self._keep({"speaker": speaker, "name": " ".join(name.split())[:LONGEST_NAME]})

    def correct(self, row: Segment, text: str) -> None:
        """Give a row another text."""
        before = (row.original or row).text
        typed = text.strip()[:MAX_TEXT_CHARS]
        span = {"start_ms": row.span.start_ms, "end_ms": row.span.end_ms}
        self._keep({**span, "before": before, "text": typed})

    def applied(self, row: Segment) -> Segment:
        """Return a row with the text that somebody gave it."""
        typed = self.texts.get(row.span)
        heard = row.original or row
        return heard if typed is None else edited(heard, replace(heard, text=typed.text, inline=(), terms=()))

    def _keep(self, line: dict[str, object]) -> None:
        append_line(self._path, line)
        self._take(line)

    def _take(self, line: dict) -> None:  # type: ignore[type-arg]  # a line of JSON
        if "speaker" in line:
            speaker, name = str(line["speaker"]), str(line["name"])
            self.names.pop(speaker, None)
            if name:
                self.names[speaker] = name
            return
        span = Span(int(line["start_ms"]), int(line["end_ms"]))
        typed = TypedText(str(line["before"]), str(line["text"]))
        self.texts.pop(span, None)
        if typed.text != typed.before:
            self.texts[span] = typed
