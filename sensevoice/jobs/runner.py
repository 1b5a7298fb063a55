"""Works through the jobs: some at a time, in the order they came, each to be followed and cancelled."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from sensevoice.errors import SenseVoiceError, TooBusy, Unexpected
from sensevoice.jobs.files import cut_broken_line
from sensevoice.jobs.model import ActiveJob, Failure, Job, JobState, Result, TranscribeFn, speakers_of
from sensevoice.jobs.store import JobStore, count_tags
from sensevoice.options import Options
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Transcript

log = logging.getLogger(__name__)

AT_ONCE = 8
"""The model takes clips of all of these in turn; each keeps about two minutes of sound in memory."""

MAX_WAITING = 100
"""A waiting job is a file on disk and a row of the index; the disk is bounded elsewhere."""

MIN_ELAPSED_S = 1.0
"""Before that an estimate of what remains jumps about more than it tells."""


class JobRunner:
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
        self.store = store
        self.paused = paused
        self._hopeless: SenseVoiceError | None = None
        self._transcribe = transcribe
        self._at_once = at_once
        self._max_waiting = max_waiting
        self._clock = clock
        self._live: dict[str, ActiveJob] = {}
        self._changed = threading.Condition()
        self._closed = False
        for job in store.unfinished():
            self._enqueue(job)
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{number}", daemon=True)
            for number in range(at_once)
        ]
        for thread in self._threads:
            thread.start()

    def resume(self) -> None:
        """Let the jobs begin."""
        with self._changed:
            self.paused = False
            self._changed.notify_all()

    def fail_all(self, reason: SenseVoiceError) -> None:
        """Begin no job in this process: who waits for one gets the reason; it stays for the next start."""
        with self._changed:
            self._hopeless = reason
            self._changed.notify_all()

    def check(self) -> None:
        """Raise the reason when no job will begin any more."""
        if self._hopeless is not None:
            raise self._hopeless

    def submit(self, recording: Path, options: Options, owner: str = "") -> Job:
        """Take a recording in and put it at the end of the line. Raises TooBusy or DiskLow."""
        with self._changed:
            waiting = sum(live.began_s is None for live in self._live.values())
            running = len(self._live) - waiting
        if waiting >= self._max_waiting + self._at_once - running:
            raise TooBusy(waiting=waiting)
        job = self.store.create(recording, options, owner)
        self._enqueue(job)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job at its next step; what it has given is kept. Does nothing to a finished one."""
        with self._changed:
            live = self._live.get(job.id)
            if live is None:
                return
            live.cancelled = True
            if live.began_s is None:
                self._end(live, "cancelled")

    def rename(self, job: Job, name: str) -> Job:
        """Give a job another name, also while it runs."""
        with self._changed:
            renamed = self.store.rename(job, name)
            live = self._live.get(job.id)
            if live is not None:
                live.job = replace(live.job, name=renamed.name)
            return renamed

    def delete(self, job: Job) -> None:
        """Stop a job and remove all of it."""
        self.cancel(job)
        self.wait_for_end(job.id, timeout_s=30.0)
        self.store.delete(job)

    def live(self, job_id: str) -> ActiveJob | None:
        """Return a job that waits or runs, None when it has ended. It changes under the reader's eyes."""
        return self._live.get(job_id)

    def queue_position(self, job_id: str) -> int:
        """Return how many jobs begin before this one does; 0 when it runs or has ended."""
        with self._changed:
            live = self._live.get(job_id)
            if live is None or live.began_s is not None:
                return 0
            waiting = [each.job.id for each in self._live.values() if each.began_s is None]
            running = len(self._live) - len(waiting)
            return max(0, waiting.index(job_id) + running - self._at_once + 1)

    def eta_s(self, live: ActiveJob) -> float | None:
        """Return about how long a running job still takes, None as long as nobody can know."""
        progress = live.progress
        if live.began_s is None or progress is None or not progress.fraction:
            return None
        elapsed_s = self._clock() - live.began_s
        if elapsed_s < MIN_ELAPSED_S:
            return None
        return elapsed_s * (1 - progress.fraction) / progress.fraction

    def wait_s(self, job_id: str) -> float | None:
        """Return about how long a waiting job waits: what those before it still need, shared out."""
        ahead = self.queue_position(job_id)
        if not ahead:
            return None
        lives = list(self._live.values())[: len(self._live)]
        left = [self.eta_s(live) for live in lives if live.began_s is not None]
        known = [seconds for seconds in left if seconds is not None]
        return ahead * (sum(known) / len(known)) / self._at_once if known else None

    def wait(self, job_id: str, seen: int, timeout_s: float) -> ActiveJob | None:
        """Return a job when its `changes` are no longer `seen`, or after `timeout_s`; None at its end.

        Raises the reason of `fail_all`.
        """

        def changed() -> bool:
            live = self._live.get(job_id)
            return live is None or live.changes != seen or self._hopeless is not None

        with self._changed:
            self._changed.wait_for(changed, timeout_s)
            return self._still_live(job_id)

    def wait_for_end(self, job_id: str, timeout_s: float | None = None) -> bool:
        """Return whether a job has ended, at once when it has, else after `timeout_s`; raises as `wait`."""
        with self._changed:
            self._changed.wait_for(lambda: job_id not in self._live or self._hopeless, timeout_s)
            return self._still_live(job_id) is None

    def result(self, job: Job) -> Result | None:
        """Return what a job has given so far, None before its first segment."""
        live = self._live.get(job.id)
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

    def close(self, timeout_s: float = 20.0) -> None:
        """Stop the jobs under way where they are; they go on at the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)
        self.store.close()

    def _still_live(self, job_id: str) -> ActiveJob | None:
        live = self._live.get(job_id)
        if live is not None:
            self.check()
        return live

    def _enqueue(self, job: Job) -> None:
        with self._changed:
            folder = self.store.folder(job.id)
            cut_broken_line(folder.segments)
            live = ActiveJob(replace(job, state="queued"), segments=folder.read_segments())
            self._live[job.id] = live
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next() is not None)
                if self._closed:
                    return
                live = cast(ActiveJob, self._next())
                live.began_s = self._clock()
                self._change(live, state="running")
            self._run(live)

    def _next(self) -> ActiveJob | None:
        if self.paused:
            return None
        return next((live for live in self._live.values() if live.began_s is None), None)

    def _run(self, live: ActiveJob) -> None:
        job = live.job
        try:
            transcript = self._follow(live)
            if transcript is not None:
                self.store.finish(job, transcript)
                live.segments = list(transcript.segments)
        except SenseVoiceError as error:
            log.info("job %s: %s", job.id, error.code)
            self._end(live, "failed", Failure.of(error))
        except Exception:  # whatever it is, it costs this job alone
            reference = secrets.token_hex(4)
            log.exception("job %s: unexpected error, reference %s", job.id, reference)
            self._end(live, "failed", Failure.of(Unexpected(reference=reference)))
        else:
            if transcript is not None:
                self._change(live, duration_ms=transcript.duration_ms)
                self._end(live, "done")
            elif live.cancelled:
                self._end(live, "cancelled")

    def _follow(self, live: ActiveJob) -> Transcript | None:
        """Run a job; None when it was stopped on the way."""
        folder = self.store.folder(live.job.id)
        kept = len(live.segments)  # of a run that a killed process began: the same come again
        with closing(cast(Any, self._transcribe(folder.source, live.job.options))) as updates:
            for update in updates:
                if isinstance(update, Transcript):
                    return update
                if isinstance(update, Segment):
                    kept -= 1
                    if kept < 0:
                        folder.add_segment(update)
                        live.segments.append(update)
                elif isinstance(update, VoicePrints):
                    update.save(folder.voices)
                else:
                    live.progress = update
                with self._changed:
                    if live.cancelled or self._closed:
                        return None
                    live.changes += 1
                    self._changed.notify_all()
        raise RuntimeError("the run ended without a transcript")

    def _change(self, live: ActiveJob, **values: Any) -> None:
        live.job = replace(live.job, **values)
        self.store.update(live.job)
        with self._changed:
            live.changes += 1
            self._changed.notify_all()

    def _end(self, live: ActiveJob, state: JobState, failure: Failure | None = None) -> None:
        """Write what became of a job, then let it go."""
        folder = self.store.folder(live.job.id)
        began_s = live.began_s
        values = {
            "state": state,
            "failure": failure,
            "finished_s": self.store.now_s(),
            "elapsed_s": self._clock() - began_s if began_s is not None else 0.0,
            "segments": len(live.segments),
            "failed": sum(segment.error is not None for segment in live.segments),
            "tags": count_tags(live.segments),
            "bytes": folder.size_bytes(),
        }
        self._change(live, **values)
        with self._changed:
            del self._live[live.job.id]
            self._changed.notify_all()
