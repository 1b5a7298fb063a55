"""The rows of a recording that is being made: settled ones, which are kept on disk, and open ones."""

from __future__ import annotations

import logging
from dataclasses import replace

from sensevoice.errors import BadRequest, RowChanged
from sensevoice.formats.record import segment_from_dict, segment_to_dict
from sensevoice.jobs.editing.live_changes import LiveChanges
from sensevoice.jobs.files import UNREADABLE, JobFolder, append_line, cut_broken_line, read_lines
from sensevoice.live.stream import Heard
from sensevoice.transcript import Segment

log = logging.getLogger(__name__)


class LiveRows:
    """The rows as they are seen, with the names and texts that people gave. Not safe for threads.

    `settled` are those of the process before, whose recording had `duration_ms`, and those to come: they only
    become more, and `until_ms` is the time up to which they are all there. `corrected` are the numbers of
    those with another text, one for each time.
    """

    def __init__(self, folder: JobFolder, settled: list[Segment], duration_ms: int) -> None:
        self._folder = folder
        self.settled = settled
        self.open: tuple[Segment, ...] = ()
        self.corrected: list[int] = []
        self.until_ms = 0
        self._changes = LiveChanges(folder.live_changes)
        self._read_settled(duration_ms)
        self._people_before = max((_number(row.speaker) for row in settled), default=0)

    @property
    def names(self) -> dict[str, str]:
        """The names of speakers, by their ids."""
        return dict(self._changes.names)

    def settle(self, heard: Heard) -> None:
        """Keep rows that are settled, also for a process that comes after this one."""
        self.open = tuple(self._numbered_on(row) for row in heard.open)
        self.until_ms = heard.until_ms
        for row in map(self._numbered_on, heard.settled):
            self.settled.append(row)
            self._write(row)

    def check_speaker(self, speaker: str) -> None:
        """Raise BadRequest for one who is not there."""
        if speaker not in {row.speaker for row in (*self.settled, *self.open)}:
            raise BadRequest(reason=f"speaker {speaker[:20]}")

    def rename(self, speaker: str, name: str) -> None:
        """Give a speaker a name, for good. Raises OSError."""
        self._changes.rename(speaker, name)

    def correct(self, number: int, start_ms: int, text: str) -> None:
        """Give a settled row another text, for good. Raises OSError, RowChanged for one that is not there."""
        if not number < len(self.settled) or self.settled[number].span.start_ms != start_ms:
            raise RowChanged()
        self._changes.correct(self.settled[number], text)
        self.settled[number] = self._changes.applied(self.settled[number])
        self.corrected.append(number)

    def leave(self) -> None:
        """Keep the rows, the open ones too, if whoever recognises the whole has to know who was named."""
        if not self._changes:
            self._folder.live_rows.unlink(missing_ok=True)
            return
        for row in self.open:
            self._write(row)

    def _numbered_on(self, row: Segment) -> Segment:
        """Return a row with a speaker of its own for each process: who was S1 before is not who is now."""
        if row.speaker is None or not self._people_before:
            return row
        return replace(row, speaker=f"S{_number(row.speaker) + self._people_before}")

    def _write(self, row: Segment) -> None:
        try:
            append_line(self._folder.live_rows, {"until_ms": self.until_ms, "row": segment_to_dict(row)})
        except OSError as exc:  # the sound is what counts
            log.debug("recording %s: a row is not written: %s", self._folder.path.name, exc)

    def _read_settled(self, duration_ms: int) -> None:
        """Read the rows that the process before this one had settled, up to one that cannot be read."""
        path = self._folder.live_rows
        try:
            cut_broken_line(path)
            for line in read_lines(path):
                row = self._changes.applied(segment_from_dict(line["row"]))
                self.until_ms = min(int(line["until_ms"]), duration_ms)
                self.settled.append(row)
        except (OSError, *UNREADABLE) as exc:
            log.warning("recording %s: rows of before cannot be read: %s", self._folder.path.name, exc)


def _number(speaker: str | None) -> int:
    return int(speaker[1:]) if speaker else 0
