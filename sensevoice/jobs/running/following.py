"""The jobs that wait and run, as those see them who look on, ask or wait for their end."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

from sensevoice.errors import JobNotFound, SenseVoiceError
from sensevoice.jobs.model import ActiveJob, Job, Result, speakers_of
from sensevoice.jobs.running.queue import JobQueue
from sensevoice.jobs.store import JobStore
from sensevoice.transcript import Transcript


class FollowedJobs:
    """What a `JobRunner` tells of its jobs. Methods may be called from several threads."""

    def __init__(self, store: JobStore, queue: JobQueue) -> None:
        self.store = store
        self._queue = queue
        self._changed = threading.Condition()
        self._recordings: dict[str, ActiveJob] = {}
        self._hopeless: SenseVoiceError | None = None

    def fail_all(self, reason: SenseVoiceError) -> None:
        """Begin no job in this process: who waits for one gets the reason; it stays for the next start."""
        with self._changed:
            self._hopeless = reason
            self._changed.notify_all()

    def check(self) -> None:
        """Raise the reason when no job will begin any more."""
        if self._hopeless is not None:
            raise self._hopeless

    def live(self, job_id: str) -> ActiveJob | None:
        """Return a job that waits or runs, None when it has ended. It changes under the reader's eyes."""
        return self._live(job_id)

    def now(self, job: Job) -> tuple[Job, ActiveJob | None]:
        """Return a job as it is, and what waits or runs of it: None when it has ended.

        Both are of one moment. One that ends has not ended before it is found so on disk, rows in order.
        """
        live = self._live(job.id)
        if live is not None:
            return (replace(live.job, state="running") if live.job.finished else live.job), live
        if not job.finished:  # it has ended since it was looked up
            with suppress(JobNotFound):
                job = self.store.job(job.id, job.owner)
        return job, None

    def queue_position(self, job_id: str) -> int:
        """See JobQueue."""
        with self._changed:
            return self._queue.queue_position(job_id)

    def eta_s(self, live: ActiveJob) -> float | None:
        """See JobQueue."""
        return self._queue.eta_s(live)

    def wait(self, job_id: str, seen: int, timeout_s: float) -> ActiveJob | None:
        """Return a job when its `changes` are no longer `seen`, or after `timeout_s`; None at its end.

        Raises the reason of `fail_all`.
        """

        def changed() -> bool:
            live = self._live(job_id)
            return live is None or live.changes != seen or self._hopeless is not None

        with self._changed:
            self._changed.wait_for(changed, timeout_s)
            return self._still_live(job_id)

    def wait_for_end(self, job_id: str, timeout_s: float | None = None) -> bool:
        """Return whether a job has ended, at once when it has, else after `timeout_s`; raises as `wait`."""
        with self._changed:
            self._changed.wait_for(lambda: self._live(job_id) is None or self._hopeless, timeout_s)
            return self._still_live(job_id) is None

    def result(self, job: Job) -> Result | None:
        """Return what a job has given so far, None before its first segment."""
        live = self._live(job.id)
        if live is None:
            result = self.store.result(job)
            return result if result.transcript.segments or not result.partial else None
        if not live.segments:
            return None
        total_ms = (live.progress.total_ms or live.progress.done_ms) if live.progress else 0
        segments = tuple(live.segments)
        duration_ms = max(total_ms, *(segment.span.end_ms for segment in segments))
        transcript = Transcript(
            job.name,
            duration_ms,
            segments,
            options=job.options,
            model=self.store.model,
            speakers=speakers_of(segments),
        )
        return Result(transcript, partial=True)

    def _live(self, job_id: str) -> ActiveJob | None:
        return self._recordings.get(job_id) or self._queue.get(job_id)

    def _still_live(self, job_id: str) -> ActiveJob | None:
        live = self._live(job_id)
        if live is not None:
            self.check()
        return live
