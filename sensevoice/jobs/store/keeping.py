"""For how long jobs are kept after their end, and the thread that looks for those whose time is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from sensevoice.jobs.model import Job
from sensevoice.jobs.store.clock import KeepingClock

log = logging.getLogger(__name__)

SWEEP_S = 60.0
"""A job goes within a minute of its time; looking through thousands takes milliseconds."""


class Keeping:
    """The time that jobs are kept: counted by a clock whose state is in `clock_file`, unless one is given."""

    def __init__(self, clock_file: Path, keep_s: float, clock: Callable[[], float] | None) -> None:
        self._keep_s = keep_s
        self._clock = clock or KeepingClock(clock_file)

    def now_s(self) -> float:
        return self._clock()

    def left_s(self, job: Job) -> float | None:
        """Return for how many more seconds a job is kept, below 0 when its time is over; None: it stays."""
        if job.keep or not job.finished:
            return None
        return max(job.finished_s or job.created_s, job.released_s or 0.0) + self._keep_s - self.now_s()

    def save(self) -> None:
        """Write what the clock goes on from after a restart."""
        if not isinstance(self._clock, KeepingClock):
            return
        try:
            self._clock.save()
        except OSError as exc:
            log.warning("the time is not written: %s", exc.strerror or exc)


class Sweeper:
    """Calls `sweep` at once and then every minute, in a thread of its own, until it is closed."""

    def __init__(self, sweep: Callable[[], None]) -> None:
        self._sweep = sweep
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._sweep()
            except Exception:  # whatever it is, the next time it may be gone
                log.exception("jobs that were kept for their time could not be removed")
            if self._closed.wait(SWEEP_S):
                return
