"""The jobs that wait or run: which begins next, which gives way, and about how long each still takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sensevoice.jobs.model import ActiveJob

MIN_ELAPSED_S = 1.0
"""Before that an estimate of what remains jumps about more than it tells."""

TURN_S = 3.0
"""A recording of a few minutes is done in that; one of hours loses what was decoded, but no answer."""


class JobQueue:
    """Jobs by id, in the order in which they came, of which `at_once` run, and a quarter more as guests.

    A guest is the first job of a visitor who comes when all places are taken: it begins at once. Beyond that
    a visitor's jobs keep three of four places, whatever they are. Those that one visitor has beyond that run
    on a turn: they give way to another visitor at once, and after TURN_S to a job of the same visitor that
    has had no more turns. So a short recording begins soon, whoever has many long ones recognised. Whoever
    changes it holds the runner's lock.
    """

    def __init__(self, at_once: int, clock: Callable[[], float]) -> None:
        self._at_once = at_once
        self.most = at_once + at_once // 4
        self._most_each = max(1, at_once - at_once // 4)
        self._clock = clock
        self._jobs: dict[str, ActiveJob] = {}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def get(self, job_id: str) -> ActiveJob | None:
        return self._jobs.get(job_id)

    def add(self, live: ActiveJob) -> None:
        self._jobs[live.job.id] = live

    def remove(self, live: ActiveJob) -> None:
        self._jobs.pop(live.job.id, None)

    def waiting(self) -> list[ActiveJob]:
        return [live for live in self._jobs.copy().values() if live.began_s is None]

    def running(self) -> list[ActiveJob]:
        return [live for live in self._jobs.copy().values() if live.began_s is not None]

    def next(self) -> ActiveJob | None:
        """Return the job that begins now, None when none waits that may."""
        return next(iter(self._guests() if self._is_full() else self._in_line()), None)

    def begin(self, live: ActiveJob) -> None:
        """Give a waiting job its place."""
        live.is_guest = self._is_full()
        live.began_s = self._clock()

    def _is_full(self) -> bool:
        """Return whether all ordinary places are taken."""
        return sum(not live.is_guest for live in self.running()) >= self._at_once

    def _guests(self) -> list[ActiveJob]:
        """Return the jobs that begin as guests now: the first of each visitor of whom none runs."""
        running = self.running()
        known = {live.visitor for live in running}
        first: dict[tuple[str, str], ActiveJob] = {}
        for live in self._in_line():
            if live.visitor not in known:
                first.setdefault(live.visitor, live)
        return list(first.values())[: self.most - len(running)] if self._is_full() else []

    def gives_way(self, live: ActiveJob) -> bool:
        """Return whether a running job is to leave its place to one that waits; it then must `give_way`."""
        if not self._is_full() or not self._is_on_turn(live):
            return False
        guests = self._guests()
        waiting = [each for each in self.waiting() if each not in guests]
        running = self._running_of_each()
        had_turn = self._clock() - (live.began_s or 0.0) >= TURN_S
        before = [
            each
            for each in waiting
            if running[each.visitor] < self._most_each
            or (had_turn and each.visitor == live.visitor and each.turns <= live.turns)
        ]
        # One place for each of them: several jobs ask at the same time.
        live.leaving = len(before) > sum(each.leaving for each in self.running() if each is not live)
        return live.leaving

    def give_way(self, live: ActiveJob) -> None:
        """Put a job that has stopped back into the line, as the last."""
        live.leaving = live.is_guest = False
        live.began_s = None
        live.turns += 1
        self._jobs[live.job.id] = self._jobs.pop(live.job.id)

    def queue_position(self, job_id: str) -> int:
        """Return how many jobs begin before this one does; 0 when it runs or has ended."""
        live = self.get(job_id)
        guests = self._guests()
        if live is None or live.began_s is not None or live in guests:
            return 0
        waiting = [each.job.id for each in self._in_line() if each not in guests]
        ordinary = sum(not each.is_guest for each in self.running())
        return max(0, waiting.index(job_id) + ordinary - self._at_once + 1)

    def _in_line(self) -> list[ActiveJob]:
        """Return the waiting jobs in the order in which they would begin now."""
        running = self._running_of_each()

        def place(live: ActiveJob) -> tuple[bool, int, int]:
            count = running[live.visitor]
            return count >= self._most_each, live.turns, count

        return sorted(self.waiting(), key=place)  # of equals the one that came first

    def _running_of_each(self) -> Counter[tuple[str, str]]:
        return Counter(live.visitor for live in self.running())

    def _is_on_turn(self, live: ActiveJob) -> bool:
        own = [each for each in self.running() if each.visitor == live.visitor]
        own.sort(key=lambda each: each.began_s or 0.0)
        return live in own[self._most_each :]

    def eta_s(self, live: ActiveJob) -> float | None:
        """Return about how long a running job still takes, None as long as nobody can know."""
        progress = live.progress
        if live.began_s is None or progress is None or not progress.fraction:
            return None
        elapsed_s = self._clock() - live.began_s
        if elapsed_s < MIN_ELAPSED_S:
            return None
        return elapsed_s * (1 - progress.fraction) / progress.fraction
