"""Works through the jobs: some at a time, in the order they came, each to be followed and cancelled."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from sensevoice.errors import JobDamaged, TooBusy
from sensevoice.jobs.files import cut_broken_line
from sensevoice.jobs.model import ActiveJob, Job, JobState, TranscribeFn
from sensevoice.jobs.running.following import FollowedJobs
from sensevoice.jobs.running.queue import JobQueue
from sensevoice.jobs.running.run import GaveWay, JobRun, Stopped, Surroundings
from sensevoice.jobs.store import JobStore
from sensevoice.options import Options
from sensevoice.runtime.atomic import remove_leftovers

log = logging.getLogger(__name__)

AT_ONCE = 8
"""The model takes clips of all of these in turn; what they keep of their sound is bounded (`HeldSound`)."""

MAX_WAITING = 1000
"""A waiting job is a file on disk and a row of the index, and a batch is a day's calls; the disk is bounded
elsewhere."""


class JobRunner(FollowedJobs):
    """Runs the jobs of a store in threads of its own; the page, if there is any, only looks on.

    `paused` takes jobs in, but begins none before `resume`: the models are still being loaded.
    """

    def __init__(
        self,
        store: JobStore,
        transcribe: TranscribeFn,
        at_once: int = AT_ONCE,
        max_waiting: int = MAX_WAITING,
        clock: Callable[[], float] = time.monotonic,
        paused: bool = False,
    ) -> None:
        super().__init__(store, JobQueue(at_once, clock))
        self.paused = paused
        self._at_once = at_once
        self._max_waiting = max_waiting
        self._clock = clock
        self._closed = False
        self._around = Surroundings(
            store, transcribe, self._changed, clock, lambda: self._closed, self._queue.gives_way
        )
        for job in store.unfinished():
            if job.state != "live":  # of which live.LiveHub takes care
                self._enqueue(job)
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{number}", daemon=True)
            for number in range(self._queue.most)
        ]
        for thread in self._threads:
            thread.start()

    def resume(self) -> None:
        """Start running the queued jobs."""
        with self._changed:
            self.paused = False
            self._changed.notify_all()

    def submit(self, recording: Path, options: Options, owner: str = "", address: str = "") -> Job:
        """Take a recording in and put it into the line. Raises TooBusy or DiskLow.

        `address` is where the visitor comes from: owners and addresses share the places.
        """
        with self._changed:
            waiting, running = len(self._queue.waiting()), len(self._queue.running())
        if waiting >= self._max_waiting + self._at_once - running:
            raise TooBusy(waiting=waiting)
        job = self.store.create(recording, options, owner)
        self._enqueue(job, address)
        return job

    def begin_recording(self, live: ActiveJob) -> None:
        """Show a recording that is being made among the jobs, until `end_recording`."""
        with self._changed:
            self._recordings[live.job.id] = live
            self._changed.notify_all()

    def show_recording(self, live: ActiveJob) -> None:
        """Wake those who look on at a recording."""
        with self._changed:
            live.changes += 1
            self._changed.notify_all()

    def end_recording(self, live: ActiveJob, state: JobState = "queued") -> None:
        """Put a recording that was made into the line, or only say what became of it."""
        ended_s = None if state == "queued" else self.store.now_s()
        job = replace(live.job, state=state, finished_s=ended_s)
        job = replace(job, bytes=self.store.folder(job.id).size_bytes())
        self.store.update(job)
        self.store.save()
        if state == "queued":
            self._enqueue(job, live.address)
        with self._changed:  # not before: it is always among the jobs
            self._recordings.pop(job.id, None)
            self._changed.notify_all()

    def cancel(self, job: Job) -> None:
        """Stop a job at its next step; what it has given is kept. Does nothing to a finished one.

        A recording that is being made ends, and is recognised.
        """
        recording = self._recordings.get(job.id)
        if recording is not None and recording.stop is not None:
            recording.stop()
            return
        with self._changed:
            live = self._queue.get(job.id)
            if live is None:
                return
            live.cancelled = True
            self._changed.notify_all()
            if live.began_s is not None:
                return
            JobRun(live, self._around).end_at_once("cancelled")
            self._let_go(live)
        self.store.save()

    def rename(self, job: Job, name: str) -> Job:
        """Rename a job, also while it runs."""
        return self._altered(lambda: self.store.rename(job, name))

    def keep(self, job: Job, wanted: bool) -> Job:
        """Keep a job until somebody deletes it, or no longer; see JobStore.keep. Also while it runs."""
        return self._altered(lambda: self.store.keep(job, wanted))

    def _altered(self, alter: Callable[[], Job]) -> Job:
        """Change what people say of a job: a run, which writes its entry too, has to know."""
        with self._changed:
            job = alter()
            live = self._live(job.id)
            if live is not None:
                live.job = replace(live.job, name=job.name, keep=job.keep, released_s=job.released_s)
        self.store.save()
        return job

    def delete(self, job: Job) -> None:
        """Stop a job and remove all of it."""
        if (live := self._live(job.id)) is not None:
            live.is_deleted = True
        self.cancel(job)
        self.cancel(job)  # what was live until now waits or runs
        self.wait_for_end(job.id, timeout_s=30.0)
        self.store.delete(job)

    def close(self, timeout_s: float = 20.0) -> None:
        """Stop the jobs under way where they are; they go on at the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)
        self.store.close()

    def _enqueue(self, job: Job, address: str = "") -> None:
        folder = self.store.folder(job.id)
        try:
            cut_broken_line(folder.segments)
            remove_leftovers(folder.path)
            rows = folder.read_segments()
            live = ActiveJob(replace(job, state="queued"), segments=rows, address=address)
        except (JobDamaged, OSError) as exc:  # of a run before: this job alone does not begin
            self._set_aside(job, exc)
            return
        with self._changed:
            self._queue.add(live)
            self._changed.notify_all()

    def _set_aside(self, job: Job, error: JobDamaged | OSError) -> None:
        damaged = (
            error
            if isinstance(error, JobDamaged)
            else JobDamaged(file="segments.jsonl", reason=error.strerror)
        )
        log.warning("job %s is set aside: %s", job.id, damaged.message("en"))
        self.store.set_aside(job, damaged)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next() is not None)
                if self._closed:
                    return
                live = cast(ActiveJob, self._next())
                self._queue.begin(live)
            self._run(live)

    def _run(self, live: ActiveJob) -> None:
        """Run a job, and let it go: no fault of one may cost the others this thread."""
        run = JobRun(live, self._around)
        try:
            run.run()
        except GaveWay:
            with self._changed:
                run.wait_again()
                self._queue.give_way(live)
                self._changed.notify_all()
            return
        except Stopped:
            log.info("job %s stays for the next start", live.job.id)
            return  # who waits for it goes with the program
        except Exception:
            run.give_up()
        self._let_go(live)

    def _let_go(self, live: ActiveJob) -> None:
        with self._changed:
            self._queue.remove(live)
            self._changed.notify_all()

    def _next(self) -> ActiveJob | None:
        return None if self.paused else self._queue.next()
