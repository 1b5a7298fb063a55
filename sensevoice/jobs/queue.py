"""The jobs that wait or run: which begins next, and about how long each still takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sensevoice.jobs.values import Live

MIN_ELAPSED_S = 1.0
"""Before that an estimate of what remains jumps about more than it tells."""


class JobQueue:
    """Jobs by id, in the order in which they came, of which `at_once` run.

    One visitor has at most most of the places, so that somebody else's short recording begins at once; among
    those who wait, whoever has the fewest running is next. Whoever changes it holds the runner's lock.
    """

    def __init__(self, at_once: int, clock: Callable[[], float]) -> None:
        self._at_once = at_once
        self._most_each = max(1, at_once - at_once // 4)
        self._clock = clock
        self._jobs: dict[str, Live] = {}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def get(self, job_id: str) -> Live | None:
        return self._jobs.get(job_id)

    def add(self, live: Live) -> None:
        self._jobs[live.job.id] = live

    def remove(self, live: Live) -> None:
        self._jobs.pop(live.job.id, None)

    def waiting(self) -> list[Live]:
        return [live for live in self._jobs.copy().values() if live.began_s is None]

    def running(self) -> list[Live]:
        return [live for live in self._jobs.copy().values() if live.began_s is not None]

    def next(self) -> Live | None:
        """Return the job that begins next, None when none may."""
        running = Counter(live.visitor for live in self.running())
        allowed = [live for live in self.waiting() if running[live.visitor] < self._most_each]
        return min(allowed, key=lambda live: running[live.visitor], default=None)  # the first of equals

    def ahead(self, job_id: str) -> int:
        """Return how many jobs begin before this one does; 0 when it runs or has ended."""
        live = self.get(job_id)
        if live is None or live.began_s is not None:
            return 0
        # About: whoever has fewer running goes before those who came earlier.
        waiting, running = [each.job.id for each in self.waiting()], self.running()
        own = sum(each.visitor == live.visitor for each in running)
        free = min(self._at_once - len(running), self._most_each - own)
        return max(0, waiting.index(job_id) - free + 1)

    def left_s(self, live: Live) -> float | None:
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
        ahead = self.ahead(job_id)
        if not ahead:
            return None
        left = [self.left_s(live) for live in self.running()]
        known = [seconds for seconds in left if seconds is not None]
        return ahead * (sum(known) / len(known)) / self._at_once if known else None
