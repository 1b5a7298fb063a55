"""The index of recordings that are no jobs: what the folder script has transcribed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sensevoice.errors import OptionError
from sensevoice.search.database import Database
from sensevoice.search.model import SHARED, Recording, rows_of
from sensevoice.transcript import Transcript


class FileIndex:
    """An index in a file of its own. Raises NotAnIndex for another file, OptionError if it cannot be written.

    Everything in it belongs to nobody: whoever starts a page on it offers it to all who may use the page.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = Database(path)
            self._stamps = self._database.stamps()
        except (OSError, sqlite3.Error) as exc:
            raise OptionError(option="index", value=str(path), allowed=f"writable / 可写 ({exc})") from exc

    def close(self) -> None:
        self._database.close()

    def holds(self, path: Path, settings: str) -> bool:
        """Return whether this very file, transcribed with these settings, is in it. Raises OSError."""
        return self._stamps.get(_id(path)) == _stamp(path.stat(), settings)

    def rename(self, path: Path, name: str, settings: str) -> None:
        """Give the rows of a file that was renamed since to its new name. Raises OSError."""
        id, stamp = _id(path), _stamp(path.stat(), settings)
        if id in self._stamps:
            return
        gone = [old for old, known in self._stamps.items() if known == stamp and not os.path.lexists(old)]
        if gone:
            self._database.move(gone[0], id, name)
            self._stamps[id] = self._stamps.pop(gone[0])

    def add(
        self, path: Path, name: str, transcript: Transcript, state: os.stat_result, settings: str
    ) -> None:
        """Keep what was heard in a file, which was in this state before it was read."""
        id, stamp = _id(path), _stamp(state, settings)
        recording = Recording(id, SHARED, name, state.st_mtime, transcript.duration_ms, stamp, path=id)
        self._database.put(recording, rows_of(transcript))
        self._stamps[id] = stamp


def _id(path: Path) -> str:
    # A name on a disk may hold bytes that are not text, which SQLite does not take.
    return os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")


def _stamp(state: os.stat_result, settings: str) -> str:
    return f"{state.st_size}.{state.st_mtime_ns}.{settings}"
