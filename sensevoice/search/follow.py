"""Keeps the index as the jobs are, in a thread of its own: no job waits for it, and none fails with it.

The folders of the jobs are the only truth. What changed while nobody followed, and an index that is missing,
damaged or of another version, is made up for after a start.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sensevoice.jobs import Job, JobStore
from sensevoice.jobs.files import JobFolder
from sensevoice.search.database import Database
from sensevoice.search.model import Progress, Recording, rows_of

log = logging.getLogger(__name__)

SETTLE_S = 0.3
"""Corrections come in quick succession; the rows are written once for all of them."""

RETRY_S = 60.0
"""After a failure, such as a full disk, and between looks at whether the file is still there."""

FILLED = "filled"
"""The step at which everything that was there before the index is in it."""


class Follower:
    """Follows the jobs of a store; `on_new` is called with each that is in the index for the first time.

    Not with those that were there before the index was: it can be made anew.
    """

    def __init__(self, store: JobStore, path: Path, on_new: Callable[[Job], None]) -> None:
        self._store = store
        self._path = path
        self._on_new = on_new
        self._changed = threading.Condition()
        self._waiting: dict[str, float] = {}
        self._closed = False
        self._anew = False
        self._looked_through = False
        self._filled = False
        self._there = {job.id for job in store.ended()}
        self.database: Database | None = None
        store.watch(self._tell)
        self._thread = threading.Thread(target=self._follow, name="search", daemon=True)
        self._thread.start()

    def progress(self, owner: str) -> Progress:
        """Return how many of an owner's recordings are in the index as they are now."""
        ended = [job.id for job in self._store.jobs(owner) if job.finished]
        with self._changed:
            if not self._looked_through:
                return Progress(0, len(ended))
            return Progress(sum(job_id not in self._waiting for job_id in ended), len(ended))

    def make_anew(self) -> None:
        """Make the index anew: somebody found that it is damaged."""
        with self._changed:
            self._anew = True
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Return whether everything is in the index, at once or within a time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._looked_through and not self._waiting, timeout_s)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        if self.database is not None:
            self.database.close()

    def _tell(self, job_id: str) -> None:
        """Take note that something about a job has changed; at once, because its caller holds locks."""
        with self._changed:
            self._waiting.setdefault(job_id, time.monotonic() + SETTLE_S)
            self._changed.notify_all()

    def _follow(self) -> None:
        while not self._closed:
            try:
                if self.database is None or self._anew or not self._path.exists():
                    self._open()
                job_id = self._next()
                if job_id is not None:
                    self._update(job_id)
                elif not self._filled:
                    self._fill()
            except sqlite3.OperationalError as exc:  # a full disk, or one that cannot be read now
                log.warning("the search index waits: %s", exc)
                self._pause()
            except sqlite3.DatabaseError as exc:
                log.warning("the search index is damaged (%s) and made anew", exc)
                self._anew = True
            except Exception:
                log.exception("the search index waits")
                self._pause()

    def _open(self) -> None:
        """Open the index, and find what is not in it as it is now."""
        with self._changed:
            self._looked_through = False
            before, self.database = self.database, None
        if before is not None:
            before.close()
        database = Database(self._path, ours=True, anew=self._anew)
        self._anew = False
        stamps = database.stamps()
        jobs = {job.id: job for job in self._store.ended()}
        stale = [job_id for job_id, job in jobs.items() if stamps.get(job_id) != stamp_of(self._store, job)]
        self._filled = database.has_been(FILLED)
        if self._filled:  # what it lacks ended as the program before this one did
            self._there &= stamps.keys()
        with self._changed:
            self.database = database
            for job_id in [*reversed(stale), *(job_id for job_id in stamps if job_id not in jobs)]:
                self._waiting.setdefault(job_id, 0.0)
            self._looked_through = True
            self._changed.notify_all()

    def _next(self) -> str | None:
        """Return a job that waits, the first that has settled; None after a while without any."""
        with self._changed:
            if self._closed or self._anew:
                return None
            if not self._waiting:
                if self._filled:
                    self._changed.wait(RETRY_S)
                return None
            job_id, due_s = min(self._waiting.items(), key=lambda item: item[1])
            early_s = due_s - time.monotonic()
            if early_s > 0:
                self._changed.wait(early_s)
                return None
            return job_id

    def _fill(self) -> None:
        """Note that all is in the index that was there before it; under no lock that others wait for."""
        if self.database is not None and not self._waiting:
            self.database.note(FILLED)
            self._filled = True

    def _update(self, job_id: str) -> None:
        """Put a job into the index as it is now, or take it out when it is gone."""
        database = self.database
        assert database is not None
        due_s = self._waiting[job_id]
        job = self._store.find(job_id)
        new = False
        try:
            if job is None:
                database.remove(job_id)
            elif job.finished:
                new = self._put(database, job, due_s > 0)
        except sqlite3.DatabaseError:
            raise
        except Exception:  # of this job alone
            log.exception("job %s is not in the search index; tried again at the next start", job_id)
        if new and job is not None and job_id not in self._there:
            self._tell_of_new(job)
        self._there.add(job_id)
        with self._changed:
            if self._waiting.get(job_id) == due_s:  # else it has changed again meanwhile
                del self._waiting[job_id]
            self._changed.notify_all()

    def _put(self, database: Database, job: Job, at_once: bool) -> bool:
        """Put a job into the index; one that has changed just now is kept in memory, others are not."""
        stamp = stamp_of(self._store, job)  # before the rows are read: what changes meanwhile is seen later
        transcript = self._store.result(job).transcript if at_once else self._store.read(job)
        duration_ms = job.duration_ms or transcript.duration_ms
        recording = Recording(job.id, job.owner, job.name, job.created_s, duration_ms, stamp)
        return database.put(recording, rows_of(transcript))

    def _tell_of_new(self, job: Job) -> None:
        try:
            self._on_new(job)
        except Exception:
            log.exception("job %s: what follows from a new recording failed", job.id)

    def _pause(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, RETRY_S)


def stamp_of(store: JobStore, job: Job) -> str:
    """Return a text that changes with what the index holds of a job."""
    folder: JobFolder = store.folder(job.id)
    parts = [job.owner, job.name, str(job.duration_ms)]
    for path in (folder.record, folder.segments, folder.edits, folder.people):
        try:
            state = path.stat()
            parts.append(f"{state.st_size}.{state.st_mtime_ns}")
        except OSError:
            parts.append("")
    return "|".join(parts)
