"""One job on its way: its transcription followed, each row written, again and again if the disk refuses."""

from __future__ import annotations

import errno
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from sensevoice.errors import CardLost, FileMissing, SenseVoiceError, Unexpected, WaitingForDisk
from sensevoice.jobs.editing.carry_over import carry_over
from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.model import ActiveJob, Failure, Job, JobState, TranscribeFn, count_tags
from sensevoice.jobs.rows import KeptRows, begin
from sensevoice.jobs.running.checkpoint import checking
from sensevoice.jobs.store import JobStore
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Diagnostic, Segment, Transcript

log = logging.getLogger(__name__)

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
"""Of a run as a whole; what a job writes itself is tried again whatever the error is."""

PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Between tries when the disk refuses something; the last one again and again."""

VANISHED_TRIES = 4
"""A folder may be away for a moment on a network drive; one that stays away was removed by somebody."""

_Value = TypeVar("_Value")


class Stopped(Exception):
    """A job is not wanted any more, or the program ends."""


class GaveWay(Stopped):
    """A job leaves its place to another one, and goes on later."""


@dataclass(frozen=True)
class Surroundings:
    """What the runs of all jobs share. `changed` guards every job and wakes those who look on."""

    store: JobStore
    transcribe: TranscribeFn
    changed: threading.Condition
    clock: Callable[[], float]
    is_closed: Callable[[], bool]
    gives_way: Callable[[ActiveJob], bool]


class JobRun:
    """The way of one job; `run` is called once, in a thread of its own."""

    def __init__(self, live: ActiveJob, around: Surroundings) -> None:
        self._live = live
        self._around = around
        self._store = around.store

    @property
    def _folder(self) -> JobFolder:
        return self._store.folder(self._live.job.id)

    def run(self) -> None:
        """Run the job to its end and write what became of it. Raises Stopped when the program ends first."""
        try:
            self._insist(lambda: self._change(state="running"))
            heard = self._insist(self._follow, but_for=_is_no_disk_error)
            transcript = self._insist(lambda: carry_over(self._folder, heard))
            self._insist(lambda: self._store.finish(self._live.job, transcript))
        except Stopped:
            if not self._live.cancelled:
                raise
            self._end("cancelled")
        except CardLost as lost:  # what was recognised is kept; the speech is found anew on another card
            raise GaveWay from lost
        except SenseVoiceError as error:
            log.info("job %s: %s", self._live.job.id, error.code)
            self._end("failed", Failure.of(error))
        except Exception:  # whatever it is, it costs this job alone
            self._end("failed", _unexpected(self._live.job))
        else:
            self._live.segments = list(transcript.segments)
            until_ms = transcript.complete_until_ms
            self._end("done", duration_ms=transcript.duration_ms, complete_until_ms=until_ms)

    def end_at_once(self, state: JobState) -> None:
        """Record the outcome of a job that never began; the caller saves the store afterwards."""
        self._put(**self._outcome(state, None))

    def wait_again(self) -> None:
        """Mark a job as queued again."""
        with self._around.changed:
            self._live.progress = None
            self._put(state="queued", failure=None)

    def give_up(self) -> None:
        """Log that a job could not be ended, with the current exception."""
        try:
            self._put(**self._outcome("failed", _unexpected(self._live.job)))
        except Exception:
            log.exception("job %s: what became of it is not kept", self._live.job.id)

    def _follow(self) -> Transcript:
        """Run the transcription and return its transcript. Raises Stopped, and what it raises."""
        job, folder = self._live.job, self._folder
        if not folder.has_source:
            raise FileMissing(path=job.name)
        anew = begin(folder, self._store.model, job.options)
        if anew:
            log.info("job %s begins anew: it was begun with another model or other settings", job.id)
            self._live.segments = []
        rows = KeptRows(folder, self._live.segments)
        updates = cast(Any, self._around.transcribe(folder.source, job.options))
        with closing(updates), checking(self._check):
            for update in updates:
                if isinstance(update, Transcript):
                    return _with(update, BEGUN_ANEW) if anew else update
                if isinstance(update, Segment):
                    self._insist(partial(rows.add, update))
                elif isinstance(update, VoicePrints):
                    self._insist(partial(update.save, folder.voices))
                else:
                    self._live.progress = update
                self._show_change()
        raise RuntimeError("the run ended without a transcript")

    def _insist(
        self, action: Callable[[], _Value], but_for: Callable[[OSError], bool] = lambda exc: False
    ) -> _Value:
        """Do what the disk may refuse, again and again until it is done: the job waits meanwhile and says so.

        Raises OSErrors that are `but_for`, Stopped when the job is cancelled or the program ends meanwhile,
        FileMissing when the job's folder was taken away.
        """
        tries = 0
        while True:
            try:
                done = action()
                if self._live.job.state == "waiting":
                    self._put(state="running", failure=None)
                return done
            except OSError as exc:
                if but_for(exc):
                    raise
                folder = self._folder.path
                if tries >= VANISHED_TRIES and not folder.exists() and folder.parent.exists():
                    raise FileMissing(path=self._live.job.name) from exc
                self._wait_for_disk(exc, PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1

    def _wait_for_disk(self, error: OSError, pause_s: float) -> None:
        live, reason = self._live, error.strerror or str(error)
        if live.job.state != "waiting":
            log.warning("job %s waits for the disk: %s", live.job.id, reason)
        failure = Failure.of(WaitingForDisk(reason=reason))
        changed = self._around.changed
        with changed:  # of this the store knows nothing: it is what just failed
            live.job = replace(live.job, state="waiting", failure=failure)
            live.changes += 1
            changed.notify_all()
            if changed.wait_for(lambda: live.cancelled or self._around.is_closed(), pause_s):
                raise Stopped

    def _show_change(self) -> None:
        """Wake those who look on. Raises Stopped when the job is not to go on."""
        self._check()
        with self._around.changed:
            self._live.changes += 1
            self._around.changed.notify_all()

    def _check(self) -> None:
        """Raise Stopped when the job is not to go on, GaveWay when another is to have its place."""
        with self._around.changed:
            if self._live.cancelled or self._around.is_closed():
                raise Stopped
            if self._around.gives_way(self._live):
                raise GaveWay

    def _put(self, **values: Any) -> None:
        """Change what is known of a job, in memory: a rename at the same time is not lost."""
        with self._around.changed:
            self._live.job = replace(self._live.job, **values)
            self._live.changes += 1
            self._around.changed.notify_all()
            self._store.update(self._live.job)

    def _change(self, **values: Any) -> None:
        self._put(**values)
        self._store.save()

    def _end(self, state: JobState, failure: Failure | None = None, **values: Any) -> None:
        """Write what became of the job. Raises Stopped when the program ends before."""

        def write() -> None:
            self._change(**self._outcome(state, failure), **values)

        if self._live.cancelled:  # who cancels does not wait for the disk
            with suppress(OSError):
                write()
        else:
            self._insist(write)

    def _outcome(self, state: JobState, failure: Failure | None) -> dict[str, Any]:
        live = self._live
        return {
            "state": state,
            "failure": failure,
            "finished_s": self._store.now_s(),
            "elapsed_s": self._around.clock() - live.began_s if live.began_s is not None else 0.0,
            "segments": len(live.segments),
            "failed": sum(segment.error is not None for segment in live.segments),
            "tags": count_tags(live.segments),
            "bytes": self._folder.size_bytes(),
        }


BEGUN_ANEW = Diagnostic(
    "begun_anew",
    1.0,
    "程序重启后模型或设置与中断前不同，这段录音已从头重新识别。",
    "The program was restarted with another model or other settings, so this recording was begun anew.",
)


def _with(transcript: Transcript, diagnostic: Diagnostic) -> Transcript:
    return replace(transcript, diagnostics=(*transcript.diagnostics, diagnostic))


def _is_no_disk_error(error: OSError) -> bool:
    return error.errno not in DISK_ERRORS


def _unexpected(job: Job) -> Failure:
    """Log the exception under way; return the failure that tells its number."""
    reference = secrets.token_hex(4)
    log.exception("job %s: unexpected error, reference %s", job.id, reference)
    return Failure.of(Unexpected(reference=reference))
