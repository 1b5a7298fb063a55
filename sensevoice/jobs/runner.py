"""Works through the jobs: some at a time, in the order they came, each to be followed and cancelled."""

from __future__ import annotations

import errno
import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sensevoice.errors import FileMissing, SenseVoiceError, TooBusy, Unexpected, WaitingForDisk
from sensevoice.jobs.folder import cut_broken_line
from sensevoice.jobs.queue import JobQueue
from sensevoice.jobs.store import JobStore, count_tags
from sensevoice.jobs.values import Failure, Job, JobState, Live, Result, TranscribeFn
from sensevoice.options import Options
from sensevoice.transcript import Segment, Transcript

log = logging.getLogger(__name__)

AT_ONCE = 8
"""The model takes clips of all of these in turn; each keeps about two minutes of sound in memory."""

MAX_WAITING = 100
"""A waiting job is a file on disk and a row of the index; the disk is bounded elsewhere."""

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
"""Of a run as a whole; what a job writes itself is tried again whatever the error is."""

PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Between tries when the disk refuses something; the last one again and again."""

VANISHED_TRIES = 4
"""A folder may be away for a moment on a network drive; one that stays away was removed by somebody."""

_Value = TypeVar("_Value")


def _is_no_disk_error(error: OSError) -> bool:
    return error.errno not in DISK_ERRORS


class _Stopped(Exception):
    """A job is not wanted any more, or the program ends."""


class JobRunner:
    """Runs the jobs of a store in threads of its own; the page, if there is any, only looks on.

    `held` takes jobs in, but begins none before `release`: the models are still being loaded.
    """

    def __init__(
        self,
        store: JobStore,
        transcribe: TranscribeFn,
        at_once: int = AT_ONCE,
        max_waiting: int = MAX_WAITING,
        clock: Callable[[], float] = time.monotonic,
        held: bool = False,
    ) -> None:
        self.store = store
        self.held = held
        self._hopeless: SenseVoiceError | None = None
        self._transcribe = transcribe
        self._at_once = at_once
        self._max_waiting = max_waiting
        self._clock = clock
        self._queue = JobQueue(at_once, clock)
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

    def release(self) -> None:
        """Let the jobs begin."""
        with self._changed:
            self.held = False
            self._changed.notify_all()

    def give_up(self, reason: SenseVoiceError) -> None:
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
            waiting, running = len(self._queue.waiting()), len(self._queue.running())
        if waiting >= self._max_waiting + self._at_once - running:
            raise TooBusy(waiting=waiting)
        job = self.store.create(recording, options, owner)
        self._enqueue(job)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job at its next step; what it has given is kept. Does nothing to a finished one."""
        with self._changed:
            live = self._queue.get(job.id)
            if live is None:
                return
            live.cancelled = True
            self._changed.notify_all()
            if live.began_s is not None:
                return
            self._put(live, **self._outcome(live, "cancelled", None))
            self._let_go(live)
        self.store.save()

    def rename(self, job: Job, name: str) -> Job:
        """Give a job another name, also while it runs."""
        with self._changed:
            renamed = self.store.rename(job, name)
            live = self._queue.get(job.id)
            if live is not None:
                live.job = replace(live.job, name=renamed.name)
        self.store.save()
        return renamed

    def delete(self, job: Job) -> None:
        """Stop a job and remove all of it."""
        self.cancel(job)
        self.wait_for_end(job.id, timeout_s=30.0)
        self.store.delete(job)

    def live(self, job_id: str) -> Live | None:
        """Return a job that waits or runs, None when it has ended. It changes under the reader's eyes."""
        return self._queue.get(job_id)

    def ahead(self, job_id: str) -> int:
        """See JobQueue."""
        with self._changed:
            return self._queue.ahead(job_id)

    def left_s(self, live: Live) -> float | None:
        """See JobQueue."""
        return self._queue.left_s(live)

    def wait_s(self, job_id: str) -> float | None:
        """See JobQueue."""
        with self._changed:
            return self._queue.wait_s(job_id)

    def wait(self, job_id: str, seen: int, timeout_s: float) -> Live | None:
        """Return a job when its `changes` are no longer `seen`, or after `timeout_s`; None at its end.

        Raises the reason of `give_up`.
        """

        def changed() -> bool:
            live = self._queue.get(job_id)
            return live is None or live.changes != seen or self._hopeless is not None

        with self._changed:
            self._changed.wait_for(changed, timeout_s)
            return self._still_live(job_id)

    def wait_for_end(self, job_id: str, timeout_s: float | None = None) -> bool:
        """Return whether a job has ended, at once when it has, else after `timeout_s`; raises as `wait`."""
        with self._changed:
            self._changed.wait_for(lambda: job_id not in self._queue or self._hopeless, timeout_s)
            return self._still_live(job_id) is None

    def result(self, job: Job) -> Result | None:
        """Return what a job has given so far, None before its first segment."""
        live = self._queue.get(job.id)
        if live is None:
            result = self.store.result(job)
            return result if result.transcript.segments or not result.partial else None
        if not live.segments:
            return None
        total_ms = (live.progress.total_ms or live.progress.done_ms) if live.progress else 0
        segments = tuple(live.segments)
        duration_ms = max(total_ms, *(segment.span.end_ms for segment in segments))
        transcript = Transcript(job.name, duration_ms, segments, options=job.options, model=self.store.model)
        return Result(transcript, partial=True)

    def close(self, timeout_s: float = 20.0) -> None:
        """Stop the jobs under way where they are; they go on at the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)
        self.store.close()

    def _still_live(self, job_id: str) -> Live | None:
        live = self._queue.get(job_id)
        if live is not None:
            self.check()
        return live

    def _enqueue(self, job: Job) -> None:
        with self._changed:
            folder = self.store.folder(job.id)
            cut_broken_line(folder.segments)
            live = Live(replace(job, state="queued"), segments=folder.read_segments())
            self._queue.add(live)
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next() is not None)
                if self._closed:
                    return
                live = cast(Live, self._next())
                live.began_s = self._clock()
            try:
                self._run(live)
            except _Stopped:
                log.info("job %s stays for the next start", live.job.id)
            except Exception:  # no fault of one job may cost the others this thread
                self._give_up(live)

    def _next(self) -> Live | None:
        return None if self.held else self._queue.next()

    def _run(self, live: Live) -> None:
        """Run a job to its end. Raises _Stopped when the program ends before."""
        try:
            self._insist(live, lambda: self._change(live, state="running"))
            transcript = self._insist(live, lambda: self._follow(live), but_for=_is_no_disk_error)
            self._insist(live, lambda: self.store.finish(live.job, transcript))
        except _Stopped:
            if not live.cancelled:
                raise
            self._end(live, "cancelled")
        except SenseVoiceError as error:
            log.info("job %s: %s", live.job.id, error.code)
            self._end(live, "failed", Failure.of(error))
        except Exception:  # whatever it is, it costs this job alone
            self._end(live, "failed", _unexpected(live.job))
        else:
            live.segments = list(transcript.segments)
            until_ms = transcript.complete_until_ms
            self._end(live, "done", duration_ms=transcript.duration_ms, complete_until_ms=until_ms)

    def _follow(self, live: Live) -> Transcript:
        """Run a job and return its transcript. Raises _Stopped, and what the run raises."""
        folder = self.store.folder(live.job.id)
        kept = len(live.segments)  # of a run that a killed process began: the same come again
        if not folder.has_source:
            raise FileMissing(path=live.job.name)
        with closing(cast(Any, self._transcribe(folder.source, live.job.options))) as updates:
            for update in updates:
                if isinstance(update, Transcript):
                    return update
                if isinstance(update, Segment):
                    kept -= 1
                    if kept < 0:
                        self._insist(live, partial(folder.add_segment, update))
                        live.segments.append(update)
                else:
                    live.progress = update
                self._show_change(live)
        raise RuntimeError("the run ended without a transcript")

    def _insist(
        self, live: Live, action: Callable[[], _Value], but_for: Callable[[OSError], bool] = lambda exc: False
    ) -> _Value:
        """Do what the disk may refuse, again and again until it is done: the job waits meanwhile and says so.

        Raises OSErrors that are `but_for`, _Stopped when the job is cancelled or the program ends meanwhile,
        FileMissing when the job's folder was taken away.
        """
        tries = 0
        while True:
            try:
                done = action()
                if live.job.state == "waiting":
                    self._put(live, state="running", failure=None)
                return done
            except OSError as exc:
                if but_for(exc):
                    raise
                folder = self.store.folder(live.job.id).path
                if tries >= VANISHED_TRIES and not folder.exists() and folder.parent.exists():
                    raise FileMissing(path=live.job.name) from exc
                self._wait_for_disk(live, exc, PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1

    def _wait_for_disk(self, live: Live, error: OSError, pause_s: float) -> None:
        reason = error.strerror or str(error)
        if live.job.state != "waiting":
            log.warning("job %s waits for the disk: %s", live.job.id, reason)
        failure = Failure.of(WaitingForDisk(reason=reason))
        with self._changed:  # of this the store knows nothing: it is what just failed
            live.job = replace(live.job, state="waiting", failure=failure)
            live.changes += 1
            self._changed.notify_all()
        with self._changed:
            if self._changed.wait_for(lambda: live.cancelled or self._closed, pause_s):
                raise _Stopped

    def _show_change(self, live: Live) -> None:
        """Wake those who look on. Raises _Stopped when the job is not to go on."""
        with self._changed:
            if live.cancelled or self._closed:
                raise _Stopped
            live.changes += 1
            self._changed.notify_all()

    def _put(self, live: Live, **values: Any) -> None:
        """Change what is known of a job, in memory: a rename at the same time is not lost."""
        with self._changed:
            live.job = replace(live.job, **values)
            live.changes += 1
            self._changed.notify_all()
            self.store.update(live.job)

    def _change(self, live: Live, **values: Any) -> None:
        self._put(live, **values)
        self.store.save()

    def _end(self, live: Live, state: JobState, failure: Failure | None = None, **values: Any) -> None:
        """Write what became of a job, then let it go. Raises _Stopped when the program ends before."""

        def write() -> None:
            self._change(live, **self._outcome(live, state, failure), **values)

        if live.cancelled:  # who cancels does not wait for the disk
            with suppress(OSError):
                write()
        else:
            self._insist(live, write)
        self._let_go(live)

    def _give_up(self, live: Live) -> None:
        """Let a job go that could not even be ended."""
        try:
            self._put(live, **self._outcome(live, "failed", _unexpected(live.job)))
        except Exception:
            log.exception("job %s: what became of it is not kept", live.job.id)
        finally:
            self._let_go(live)

    def _outcome(self, live: Live, state: JobState, failure: Failure | None) -> dict[str, Any]:
        return {
            "state": state,
            "failure": failure,
            "finished_s": self.store.now_s(),
            "elapsed_s": self._clock() - live.began_s if live.began_s is not None else 0.0,
            "segments": len(live.segments),
            "failed": sum(segment.error is not None for segment in live.segments),
            "tags": count_tags(live.segments),
            "bytes": self.store.folder(live.job.id).size_bytes(),
        }

    def _let_go(self, live: Live) -> None:
        with self._changed:
            self._queue.remove(live)
            self._changed.notify_all()


def _unexpected(job: Job) -> Failure:
    """Log the exception under way; return the failure that tells its number."""
    reference = secrets.token_hex(4)
    log.exception("job %s: unexpected error, reference %s", job.id, reference)
    return Failure.of(Unexpected(reference=reference))
