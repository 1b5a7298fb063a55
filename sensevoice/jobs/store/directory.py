"""The jobs below one directory: what each is, whose, for how long it is kept, and its end."""

from __future__ import annotations

import fcntl
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from sensevoice.errors import DataDirectoryUnusable, DiskLow, FileMissing, JobDamaged, JobNotFound
from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.model import Failure, Job
from sensevoice.jobs.store.index import JobIndex
from sensevoice.jobs.store.keeping import Keeping, Sweeper
from sensevoice.jobs.store.records import KeptRecords
from sensevoice.jobs.store.room import Room
from sensevoice.options import Options
from sensevoice.transcript import ModelInfo

log = logging.getLogger(__name__)

KEEP_HOURS = 72.0
MAX_DATA_GB = 50.0

MAX_NAME_CHARS = 200
"""Of a name that people give a job; file names are shorter."""


class JobDirectory:
    """The jobs of a `JobStore`, but for what is in their records."""

    def __init__(
        self,
        directory: Path,
        model: Callable[[], ModelInfo],
        keep_hours: float = KEEP_HOURS,
        max_data_gb: float = MAX_DATA_GB,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.directory = directory
        self._jobs_directory = directory / "jobs"
        try:
            self._jobs_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _locked(directory / "lock")
            self._deleted_directory = directory / "deleted"
            shutil.rmtree(self._deleted_directory, ignore_errors=True)  # what a kill had left of deletions
            self._index = JobIndex(self._jobs_directory, earlier=directory / "jobs.sqlite3")
        except OSError as exc:
            raise DataDirectoryUnusable(path=directory, reason=exc) from exc
        self._model = model
        self._room = Room(directory, int(max_data_gb * 1e9))
        self._keeping = Keeping(directory / "clock.json", keep_hours * 3600, clock)
        self._records = KeptRecords(self.folder)
        self._watchers: list[Callable[[str], None]] = []
        self._changing = threading.RLock()
        self._sweeping = threading.Lock()
        self._sweeper = Sweeper(self.sweep)

    @property
    def model(self) -> ModelInfo:
        return self._model()

    def close(self) -> None:
        self._sweeper.close()
        self.save()
        self._lock.close()

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Call a function with the id of each job that has ended, or has been changed or deleted since.

        It is called while others wait for the store, so it only takes note.
        """
        self._watchers.append(watcher)

    def _tell(self, job_id: str) -> None:
        for watcher in self._watchers:
            watcher(job_id)

    def now_s(self) -> float:
        """Return the time by the clock that jobs are kept by."""
        return self._keeping.now_s()

    def create(self, recording: Path, options: Options, owner: str = "") -> Job:
        """Take a recording in as a job that is queued. Raises DiskLow, FileMissing."""
        self.sweep()  # which may make the room that is needed
        try:
            self.check_room(recording.stat().st_size)
        except FileNotFoundError as exc:  # the page had lost its connection for long
            raise FileMissing(path=recording) from exc
        job_id = secrets.token_urlsafe(9)
        folder = self.folder(job_id)
        job = Job(job_id, recording.name, owner, "queued", time.time(), options)
        with _whole_or_none(folder):
            folder.path.mkdir(mode=0o700)
            folder.write_job(job)  # whose it is, before there is anything in it
            folder.take_in(recording)
            job = replace(job, bytes=folder.source.stat().st_size)
        return self._listed(job)

    def create_live(self, name: str, options: Options, owner: str = "") -> Job:
        """Make the folder of a recording that is about to be made; whoever makes it writes it to `source`.

        Raises DiskLow.
        """
        self.sweep()
        self.check_room(0)
        job = Job(secrets.token_urlsafe(9), name, owner, "live", time.time(), options)
        folder = self.folder(job.id)
        with _whole_or_none(folder):
            (folder.path / "source").mkdir(parents=True, mode=0o700)
            folder.write_job(job)
        return self._listed(job)

    def _listed(self, job: Job) -> Job:
        self._index.put(job)
        self.save()
        return job

    def folder(self, job_id: str) -> JobFolder:
        return JobFolder(self._jobs_directory / job_id)

    def job(self, job_id: str, owner: str = "") -> Job:
        """Return a job. Raises JobNotFound when there is none, or it belongs to somebody else."""
        job = self._index.get(job_id)
        if job is None or job.owner != owner:
            raise JobNotFound(job=job_id)
        return job

    def jobs(self, owner: str = "") -> list[Job]:
        """Return the jobs of an owner, the newest first."""
        return [job for job in reversed(self._index.all()) if job.owner == owner]

    def find(self, job_id: str) -> Job | None:
        """Return a job whosever it is, None when there is none."""
        return self._index.get(job_id)

    def ended(self) -> list[Job]:
        """Return the jobs that have ended, whosever they are, the oldest first."""
        return [job for job in self._index.all() if job.finished]

    def unfinished(self) -> list[Job]:
        """Return the jobs that a stopped process left, the oldest first."""
        return [job for job in self._index.all() if not job.finished]

    def update(self, job: Job) -> None:
        """Keep what has changed about a job, unless it has been deleted meanwhile; `save` writes it."""
        with self._changing:
            if self._index.get(job.id) is not None:
                self._index.put(job)
                if job.finished:
                    self._tell(job.id)

    def save(self) -> None:
        """Write what has changed to the jobs' folders; what the disk refuses is written by a later call."""
        self._index.write_pending()

    def rename(self, job: Job, name: str) -> Job:
        with self._changing:
            renamed = replace(self.job(job.id, job.owner), name=name.strip()[:MAX_NAME_CHARS] or job.name)
            self.update(renamed)
            return renamed

    def keep(self, job: Job, wanted: bool) -> Job:
        """Keep a job until somebody deletes it; or no longer, and from now on for as long as any other."""
        with self._changing:
            now = self.job(job.id, job.owner)
            released_s = self.now_s() if now.keep and not wanted else now.released_s
            kept = replace(now, keep=wanted, released_s=released_s)
            self.update(kept)
            return kept

    def delete(self, job: Job) -> None:
        """Remove a job with its recording, at once."""
        with self._changing:
            self._index.remove(job.id)
            self._remove(self.folder(job.id))
            self._records.forget()
            self._tell(job.id)

    def kept_s(self, job: Job) -> float | None:
        """Return for how many more seconds a job is kept; None for one that has not ended or always stays."""
        left_s = self._keeping.left_s(job)
        return None if left_s is None else max(0.0, left_s)

    def sweep(self) -> None:
        """Remove jobs that have been kept for long enough, and write what the disk had refused."""
        with self._sweeping:  # an upload sweeps, too
            self._sweep()

    def _sweep(self) -> None:
        self.save()
        self._keeping.save()
        for listed in self._index.all():
            with self._changing:  # somebody may just want to keep it
                job = self._index.get(listed.id)
                left_s = self._keeping.left_s(job) if job else None
                if job and left_s is not None and left_s < 0:
                    log.info("job %s: kept for its time, removed", job.id)
                    self.delete(job)

    def check_room(self, bytes_needed: int) -> None:
        """Raise DiskLow unless so many more bytes may be kept, and the disk has them."""
        self._room.check(bytes_needed)

    def set_aside(self, job: Job, damage: JobDamaged) -> None:
        """Keep a job as failed, because of what cannot be read in its folder; what can be read stays."""
        with self._changing:
            now = self._index.get(job.id)
            if now is not None and now.failure is None:
                ended_s = now.finished_s or self.now_s()
                self.update(replace(now, state="failed", finished_s=ended_s, failure=Failure.of(damage)))
        self.save()

    def _remove(self, folder: JobFolder) -> None:
        """Remove a folder; after a kill in the middle, the next start removes the rest of it."""
        leaving = self._deleted_directory / f"{folder.path.name}-{secrets.token_hex(4)}"
        try:
            self._deleted_directory.mkdir(exist_ok=True, mode=0o700)
            folder.path.rename(leaving)
        except OSError:
            folder.remove()
        else:
            JobFolder(leaving).remove()


@contextmanager
def _whole_or_none(folder: JobFolder) -> Iterator[None]:
    """Remove the folder of a new job again when the disk does not take it. Raises DiskLow."""
    try:
        yield
    except OSError as exc:
        folder.remove()
        raise DiskLow(reason=exc.strerror or str(exc)) from exc


def _locked(path: Path) -> IO[str]:
    """Return an open file that nobody else can lock; the kernel lets go of it when this process ends."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise OSError("another running program uses it / 另一个正在运行的程序在使用它") from exc
    return file
