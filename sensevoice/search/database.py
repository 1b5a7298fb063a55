"""The index on disk: a SQLite database of rows that can be deleted at any time and is made again.

stored.py says what stands in its tables. The full-text table holds no text of its own; what is in it follows
from the rows.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sensevoice.errors import NotAnIndex
from sensevoice.search.model import Recording, Row
from sensevoice.search.stored import (
    delete_rows,
    insert_rows,
    kept_rows,
    number_of,
    row_number,
    values_of,
    write_recording,
)
from sensevoice.search.tokens import folded

log = logging.getLogger(__name__)

VERSION = 1
"""Counts up when the schema or the way of writing tokens changes: then the index is made anew."""

APPLICATION_ID = 0x53566978
"""Marks the file as ours (`PRAGMA application_id`)."""

SCHEMA = """
CREATE TABLE recordings (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, name TEXT NOT NULL,
  folded TEXT NOT NULL, created_s REAL NOT NULL, duration_ms INTEGER NOT NULL, stamp TEXT NOT NULL,
  path TEXT NOT NULL
);
CREATE TABLE rows (
  number INTEGER PRIMARY KEY, owner TEXT NOT NULL, length_ms INTEGER NOT NULL, folded TEXT NOT NULL,
  people TEXT NOT NULL, tags TEXT NOT NULL, content TEXT NOT NULL
);
CREATE INDEX rows_of_owner ON rows (owner, number);
CREATE INDEX rows_by_length ON rows (owner, length_ms);
CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE steps (name TEXT PRIMARY KEY);
CREATE VIRTUAL TABLE found USING fts5(
  owner, body, letters, people, tags, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0'
);
"""

KEPT_READERS = 2
"""Connections that stay open between answers; more are opened when more ask at once."""

PAGE_CACHE_KB = 64 << 10
"""Of each. Not mapped into memory: a file that is cut off meanwhile would end the process."""

WAIT_S = 30.0
"""For another process that writes; the folder script commits after each recording."""


class Database:
    """The index in one file. Any thread may read; writing is for one thread at a time.

    With `writable` it is made when it is not there, and made anew when it is damaged or of another version.
    `ours` says that whatever has this name may be replaced, with `anew` it is; else NotAnIndex is raised for
    a file that is no index, which stays as it is. For reading alone, NotAnIndex for any but one of this
    version.
    """

    def __init__(self, path: Path, writable: bool = True, ours: bool = False, anew: bool = False) -> None:
        self.path = path
        self._writable = writable
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._writer: sqlite3.Connection | None = None
        self.changes = 0
        if not ours and not is_index(path) and not (writable and not _has_content(path)):
            raise NotAnIndex(path=path)
        if writable:
            if anew:
                remove(path)
            self._writer = self._opened_for_writing()
            return
        try:
            self._readers.put(self._reader())
        except sqlite3.DatabaseError as exc:
            raise NotAnIndex(path=path) from exc

    def _opened_for_writing(self) -> sqlite3.Connection:
        try:
            return self._checked_writer()
        except sqlite3.OperationalError:  # a full disk, or another process in the middle of a change
            raise
        except sqlite3.DatabaseError as exc:
            log.info("the search index %s is made anew: %s", self.path, exc)
            remove(self.path)
            return self._checked_writer()

    def _checked_writer(self) -> sqlite3.Connection:
        connection = _connected(self.path, "rwc")
        try:
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                connection.executescript(SCHEMA)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            _check(connection)
            # Only now, or the file itself would not say yet what it is.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if answer != "ok":
                raise sqlite3.DatabaseError(answer)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _reader(self) -> sqlite3.Connection:
        try:
            connection = _connected(self.path, "rw" if self._writable else "ro")
            _check(connection)
        except sqlite3.OperationalError:
            if self._writable:
                raise
            # A directory that cannot be written has no place for the files beside a database in WAL mode.
            connection = _connected(self.path, "ro&immutable=1")
            _check(connection)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for reading, one that is warm if there is one. Raises sqlite3.Error."""
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._reader()
        try:
            yield connection
        except sqlite3.DatabaseError:
            connection.close()
            raise
        if self._readers.qsize() < KEPT_READERS:
            self._readers.put(connection)
        else:
            connection.close()

    def close(self) -> None:
        while True:
            try:
                self._readers.get_nowait().close()
            except queue.Empty:
                break
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def stamps(self) -> dict[str, str]:
        """Return the stamp of every recording by its id."""
        with self.reading() as connection:
            return dict(connection.execute("SELECT id, stamp FROM recordings").fetchall())

    def state(self) -> tuple[int, ...]:
        """Return what is another one after each change by another process."""
        found: list[int] = []
        for suffix in ("", "-wal"):
            with suppress(OSError):
                stat = self.path.with_name(self.path.name + suffix).stat()
                found += [stat.st_size, stat.st_mtime_ns]
        return tuple(found)

    def has_been(self, step: str) -> bool:
        """Return whether `note` was called with this since the index was made."""
        with self.reading() as connection:
            return connection.execute("SELECT 1 FROM steps WHERE name = ?", (step,)).fetchone() is not None

    def note(self, step: str) -> None:
        """Remember something as long as the index is there."""
        writer = self._open_writer()
        with writer:
            writer.execute("INSERT OR IGNORE INTO steps VALUES (?)", (step,))

    def put(self, recording: Recording, rows: Iterable[Row]) -> bool:
        """Keep a recording with these rows in place of what was kept of it; return whether it was not there.

        Only what has changed is written.
        """
        writer = self._open_writer()
        with writer:
            number, known = number_of(writer, recording)
            write_recording(writer, number, recording)
            wanted = {row_number(number, row.place): values_of(recording.owner, row) for row in rows}
            kept = kept_rows(writer, number)
            delete_rows(writer, {key: kept[key] for key in kept if wanted.get(key) != kept[key]})
            insert_rows(writer, {key: wanted[key] for key in wanted if kept.get(key) != wanted[key]})
        self.changes += 1
        return not known

    def remove(self, id: str) -> None:
        """Forget a recording."""
        writer = self._open_writer()
        with writer:
            for (number,) in writer.execute("SELECT number FROM recordings WHERE id = ?", (id,)).fetchall():
                delete_rows(writer, kept_rows(writer, number))
                writer.execute("DELETE FROM recordings WHERE number = ?", (number,))
        self.changes += 1

    def move(self, old_id: str, id: str, name: str) -> None:
        """Give a file's recording the path and the name that the file has now."""
        writer = self._open_writer()
        with writer:
            writer.execute(
                "UPDATE OR REPLACE recordings SET id = ?, path = ?, name = ?, folded = ? WHERE id = ?",
                (id, id, name, folded(name), old_id),
            )
        self.changes += 1

    def _open_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            raise sqlite3.ProgrammingError("the index is closed")
        return self._writer


def is_index(path: Path) -> bool:
    """Return whether a file says that it is an index of ours, of whatever version.

    Of its header: SQLite's name, and the application's number at offset 68 (sqlite.org/fileformat.html).
    """
    try:
        with path.open("rb") as file:
            header = file.read(72)
    except OSError:
        return False
    return header[:16] == b"SQLite format 3\0" and header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=WAIT_S, check_same_thread=False, isolation_level="IMMEDIATE"
    )
    connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KB}")
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for what is no index of this version."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise sqlite3.DatabaseError(f"version {version}, not {VERSION}")


def remove(path: Path) -> None:
    """Remove an index with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
