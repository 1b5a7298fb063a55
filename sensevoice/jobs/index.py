"""The list of all jobs, in one small database; everything large lies in the jobs' folders."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sensevoice.jobs.model import Job, from_row, to_row

COLUMNS = {
    "id": "TEXT PRIMARY KEY",
    "name": "TEXT NOT NULL",
    "owner": "TEXT NOT NULL",
    "state": "TEXT NOT NULL",
    "created_s": "REAL NOT NULL",
    "options": "TEXT NOT NULL",
    "finished_s": "REAL",
    "elapsed_s": "REAL NOT NULL",
    "duration_ms": "INTEGER",
    "segments": "INTEGER NOT NULL",
    "failed": "INTEGER NOT NULL",
    "tags": "TEXT NOT NULL",
    "bytes": "INTEGER NOT NULL",
    "failure": "TEXT",
}


class JobIndex:
    """Rows of jobs by id. One connection, one lock: a row is written a few times a second at most."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")  # a killed process leaves a readable database
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self._db.execute(f"CREATE TABLE IF NOT EXISTS jobs ({columns})")

    def put(self, job: Job) -> None:
        """Write a job, new or changed."""
        marks = ", ".join(f":{name}" for name in COLUMNS)
        self._execute(f"INSERT OR REPLACE INTO jobs ({', '.join(COLUMNS)}) VALUES ({marks})", to_row(job))

    def get(self, job_id: str) -> Job | None:
        result = self._select("id = ?", (job_id,))
        return result[0] if result else None

    def all(self) -> list[Job]:
        """Return every job, the oldest first."""
        return self._select("1", ())

    def remove(self, job_id: str) -> None:
        self._execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _execute(self, statement: str, values: dict[str, Any] | Sequence[Any]) -> None:
        with self._lock:
            self._db.execute(statement, values)

    def _select(self, condition: str, values: Sequence[Any]) -> list[Job]:
        columns = ", ".join(COLUMNS)
        with self._lock:
            rows = self._db.execute(
                f"SELECT {columns} FROM jobs WHERE {condition} ORDER BY created_s, id", values
            ).fetchall()
        return [from_row(row) for row in rows]
