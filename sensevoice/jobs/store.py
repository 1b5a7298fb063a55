"""All jobs on disk: what each is, its files, for how long it is kept and how much room all may take."""

from __future__ import annotations

import fcntl
import json
import logging
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO

from sensevoice.errors import (
    BadRequest,
    DataDirectoryUnusable,
    DiskLow,
    FileMissing,
    JobDamaged,
    JobNotFound,
)
from sensevoice.jobs.clock import KeepingClock
from sensevoice.jobs.editing.edits import Change, Edits, Step
from sensevoice.jobs.editing.people import People
from sensevoice.jobs.files import JobFolder, size_bytes
from sensevoice.jobs.index import JobIndex
from sensevoice.jobs.model import Failure, Job, Result
from sensevoice.jobs.records import Record, read_record
from sensevoice.options import Options
from sensevoice.runtime.atomic import write_whole
from sensevoice.transcript import ModelInfo, Segment, Transcript

log = logging.getLogger(__name__)

KEEP_HOURS = 72.0
MAX_DATA_GB = 50.0
SWEEP_S = 60.0
"""A job goes within a minute of its time; looking through thousands takes milliseconds."""

HEADROOM_BYTES = 200 << 20
"""Free space that is never filled: results of running jobs, logs and the system need some."""

MAX_NAME_CHARS = 200
"""Of a name that people give a job; file names are shorter."""

Correct = Callable[[Sequence[Segment], Sequence[int]], Iterable[Change]]
"""Returns the changes of rows, which it is given with the numbers of those that are to be changed."""

KEPT_RECORDS = 8
"""Records of finished jobs in memory; one of 3 hours takes about 10 MB."""


class JobStore:
    """The jobs below one directory. Methods may be called from several threads.

    `model` says which models run now; it is asked when that is needed, because they may still be loading.
    `keep_hours` counts from the end of a job, by a clock of its own unless one is given; what has been kept
    for so long goes within a minute. Raises DataDirectoryUnusable, also when another program has it open: two
    would work on the same jobs.
    """

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
        self._keep_s = keep_hours * 3600
        self._max_bytes = int(max_data_gb * 1e9)
        self._clock = KeepingClock(directory / "clock.json") if clock is None else None
        self.now_s: Callable[[], float] = clock or self._clock or time.time
        self._watchers: list[Callable[[str], None]] = []
        self._changing = threading.RLock()
        self._reading = threading.Lock()
        self._sweeping = threading.Lock()
        self._kept = lru_cache(KEPT_RECORDS)(self._read_record)
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_now_and_then, name="sweeper", daemon=True)
        self._sweeper.start()

    @property
    def model(self) -> ModelInfo:
        return self._model()

    def close(self) -> None:
        self._closed.set()
        self._sweeper.join()
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
        try:
            folder.path.mkdir(mode=0o700)
            folder.write_job(job)  # whose it is, before there is anything in it
            folder.take_in(recording)
            job = replace(job, bytes=folder.source.stat().st_size)
        except OSError as exc:
            folder.remove()
            raise DiskLow(reason=exc.strerror or str(exc)) from exc
        self._index.put(job)
        self.save()
        return job

    def create_live(self, name: str, options: Options, owner: str = "") -> Job:
        """Make the folder of a recording that is about to be made; whoever makes it writes it to `source`.

        Raises DiskLow.
        """
        self.sweep()
        self.check_room(0)
        job = Job(secrets.token_urlsafe(9), name, owner, "live", time.time(), options)
        folder = self.folder(job.id)
        try:
            (folder.path / "source").mkdir(parents=True, mode=0o700)
            folder.write_job(job)
        except OSError as exc:
            folder.remove()
            raise DiskLow(reason=exc.strerror or str(exc)) from exc
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
            self._forget_records()
            self._tell(job.id)

    def finish(self, job: Job, transcript: Transcript) -> None:
        """Write the record of a job that came to its end. Raises OSError when the disk is full."""
        self.folder(job.id).write_record(transcript)
        self._forget_records()

    def result(self, job: Job) -> Result:
        """Return what is on disk of a job, with people's corrections."""
        record = self._record(job.id)
        transcript = record.transcript
        if record.damage is not None:
            self.set_aside(job, record.damage)
        if not record.whole:
            transcript = replace(transcript, source=job.name, options=job.options, model=self.model)
            transcript = replace(transcript, duration_ms=max(transcript.duration_ms, job.duration_ms or 0))
        return Result(transcript, partial=transcript.complete_until_ms is not None)

    def read(self, job: Job) -> Transcript:
        """Return what `result` does, without keeping it in memory: for those who go through all jobs."""
        with self._reading:
            return self._read_record(job.id).transcript

    def change(self, job: Job, changes: Iterable[Change], what: str = "edit") -> None:
        """Keep corrections; `what` is one of edits.STEPS. Raises JobNotFound, DiskLow."""
        self._check_headroom()
        with self._changing, self._reading:
            self.job(job.id, job.owner)
            self._kept(job.id).change(changes, what)
            self._tell(job.id)

    def correct(
        self, job: Job, rows: Sequence[int], lines: int | None, correct: Correct, what: str = "edit"
    ) -> list[int]:
        """Change the rows that had these numbers after so many lines of corrections; None stands for now.

        `correct` is given all rows, and the numbers that those have now, which are returned. Raises
        RowChanged when one of them is no longer as it was, BadRequest, JobNotFound.
        """
        with self._changing:
            record = self._record(job.id)
            moved = lines is not None and lines != record.version
            now = record.numbers_now(rows, lines) if moved and lines is not None else list(rows)
            segments = record.transcript.segments
            for number in now:
                if not 0 <= number < len(segments):
                    raise BadRequest(reason=f"row {number}")
            self.change(job, correct(segments, now), what)
            return now

    def corrections(self, job: Job) -> int:
        """Return how often the rows of a job were corrected or a correction taken back."""
        if not self.job(job.id, job.owner).finished:
            return 0  # only then rows have numbers, and what is read now would be kept
        return self._record(job.id).version

    def people(self, job: Job) -> People:
        """Return what somebody said about the people of a job."""
        return self._record(job.id).people

    def change_people(self, job: Job, change: Callable[[People], People]) -> None:
        """Keep what somebody says about the people of a job. Raises JobNotFound when the job is gone."""
        with self._changing:
            self.job(job.id, job.owner)
            people = change(self.people(job))
            write_whole(self.folder(job.id).people, json.dumps(people.as_dict(), ensure_ascii=False))
            self._forget_records()
            self._tell(job.id)

    def undo(self, job: Job) -> Step | None:
        """Take the last correction back and return it; None when there is none."""
        return self._turn(job, Edits.undo)

    def redo(self, job: Job) -> Step | None:
        """Make the correction again that was taken back last and return it; None when there is none."""
        return self._turn(job, Edits.redo)

    def _turn(self, job: Job, way: Callable[[Edits], Step | None]) -> Step | None:
        with self._changing, self._reading:
            step = self._kept(job.id).turn(way)
            self._tell(job.id)
            return step

    def kept_s(self, job: Job) -> float | None:
        """Return for how many more seconds a job is kept; None for one that has not ended or always stays."""
        left_s = self._left_s(job)
        return None if left_s is None else max(0.0, left_s)

    def _left_s(self, job: Job) -> float | None:
        if job.keep or not job.finished:
            return None
        return max(job.finished_s or job.created_s, job.released_s or 0.0) + self._keep_s - self.now_s()

    def sweep(self) -> None:
        """Remove jobs that have been kept for long enough, and write what the disk had refused."""
        with self._sweeping:  # an upload sweeps, too
            self._sweep()

    def _sweep(self) -> None:
        self.save()
        if self._clock is not None:
            try:
                self._clock.save()
            except OSError as exc:
                log.warning("the time is not written: %s", exc.strerror or exc)
        for listed in self._index.all():
            with self._changing:  # somebody may just want to keep it
                job = self._index.get(listed.id)
                left_s = self._left_s(job) if job else None
                if job and left_s is not None and left_s < 0:
                    log.info("job %s: kept for its time, removed", job.id)
                    self.delete(job)

    def _sweep_now_and_then(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception:  # whatever it is, the next time it may be gone
                log.exception("jobs that were kept for their time could not be removed")
            if self._closed.wait(SWEEP_S):
                return

    def check_room(self, bytes_needed: int) -> None:
        """Raise DiskLow unless so many more bytes may be kept, and the disk has them."""
        used = size_bytes(self.directory)  # of everything: copies, peaks and corrections are not in the list
        if used + bytes_needed > self._max_bytes:
            raise DiskLow(reason=f"{_gb(used)} + {_gb(bytes_needed)} > --max-data-gb {_gb(self._max_bytes)}")
        self._check_headroom()

    def _check_headroom(self) -> None:
        free = shutil.disk_usage(self.directory).free
        if free < HEADROOM_BYTES:
            raise DiskLow(reason=f"{_gb(free)} GB free / 剩余空间 {_gb(free)} GB")

    def set_aside(self, job: Job, damage: JobDamaged) -> None:
        """Keep a job as failed, because of what cannot be read in its folder; what can be read stays."""
        with self._changing:
            now = self._index.get(job.id)
            if now is not None and now.failure is None:
                ended_s = now.finished_s or self.now_s()
                self.update(replace(now, state="failed", finished_s=ended_s, failure=Failure.of(damage)))
        self.save()

    def _record(self, job_id: str) -> Record:
        """Return what `_read_record` gives, read once however many ask for it at the same time."""
        with self._reading:
            return self._kept(job_id)

    def _forget_records(self) -> None:
        """Read records anew from now on; one that is being read is waited for, lest it be kept."""
        with self._reading:
            self._kept.cache_clear()

    def _read_record(self, job_id: str) -> Record:
        return read_record(
            self.folder(job_id), lambda damage: log.warning("job %s: %s", job_id, damage.message("en"))
        )

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


def count_tags(segments: Iterable[Segment]) -> tuple[tuple[str, int], ...]:
    """Return how often each emotion and sound was heard, the most frequent first."""
    counts: Counter[str] = Counter()
    for segment in segments:
        counts.update({segment.emotion, *(event.name for event in segment.events)} - {""})
    return tuple(counts.most_common())


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f}"


def _locked(path: Path) -> IO[str]:
    """Return an open file that nobody else can lock; the kernel lets go of it when this process ends."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        file.close()
        raise OSError("another running program uses it / 另一个正在运行的程序在使用它") from exc
    return file
