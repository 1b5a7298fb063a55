"""The list of all jobs, in memory; each job's own folder holds what the list says of it.

The folders are the only truth, so that there is no database to lose, to lock or to damage: the list is read
from them at each start.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.model import Job
from sensevoice.jobs.store.rebuild import earlier_index, job_in, remove_earlier_index

log = logging.getLogger(__name__)


class JobIndex:
    """Jobs by id. Methods may be called from several threads.

    What the disk refuses is kept in memory and written by the next `write_pending`.
    """

    def __init__(self, jobs_directory: Path, earlier: Path) -> None:
        self._jobs_directory = jobs_directory
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: set[str] = set()
        self._jobs: dict[str, Job] = {}
        rows = earlier_index(earlier)
        for path in sorted(jobs_directory.iterdir()):
            result = job_in(JobFolder(path), rows.get(path.name))
            if result is None:
                JobFolder(path).remove()  # neither a recording nor anything that was heard
                continue
            self._jobs[path.name], written = result
            if not written:
                self._pending.add(path.name)
        self.write_pending()
        if rows and not self._pending:
            remove_earlier_index(earlier)

    def put(self, job: Job) -> None:
        """Keep a job, new or changed, which `write_pending` writes to its folder."""
        with self._lock:
            self._jobs[job.id] = job
            self._pending.add(job.id)

    def get(self, job_id: str) -> Job | None:
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Return every job, the oldest first."""
        with self._lock:
            jobs = list(self._jobs.values())
        return sorted(jobs, key=lambda job: (job.created_s, job.id))

    def remove(self, job_id: str) -> None:
        with self._lock:
            self._jobs.pop(job_id, None)
            self._pending.discard(job_id)

    def write_pending(self) -> None:
        """Write what the folders do not say yet; never raises OSError."""
        with self._writing:  # in the order of the changes, each with the latest content
            with self._lock:
                waiting = [self._jobs[job_id] for job_id in self._pending]
            for job in waiting:
                try:
                    JobFolder(self._jobs_directory / job.id).write_job(job)
                except OSError as exc:
                    log.warning("job %s: its entry is not written yet: %s", job.id, exc.strerror or exc)
                    continue
                with self._lock:
                    if self._jobs.get(job.id) is job:
                        self._pending.discard(job.id)
