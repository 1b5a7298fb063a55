"""One visitor's place: which job the page shows, and how."""

from __future__ import annotations

import threading
from typing import Any


class PageSession:
    """The job that the page shows or showed last, and the view that was chosen.

    The handlers of one visitor run in several threads at once. Each that follows a job has a turn, and stops
    when another has taken over: the page shows one job at a time.
    """

    def __init__(self, view: str = "tagged", labels: str = "zh") -> None:
        self.view = view
        self.labels = labels
        self.source = "file"
        self.job_id: str | None = None
        self._lock = threading.Lock()
        self._busy = False
        self._turn = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> PageSession:
        """Return a fresh session: gradio copies the initial value of a state for every visitor."""
        return PageSession(self.view, self.labels)

    @property
    def busy(self) -> bool:
        """Return whether the page follows a job."""
        return self._busy

    def try_begin(self) -> int | None:
        """Begin to follow a job and return the turn; None when the page follows one already (a double click)."""
        with self._lock:
            return None if self._busy else self._next_turn()

    def take_over(self) -> int:
        """Begin to follow a job in place of the one that is followed, and return the turn."""
        with self._lock:
            return self._next_turn()

    def holds(self, turn: int) -> bool:
        """Return whether nothing has taken over since that turn began."""
        return turn == self._turn

    def end(self, turn: int) -> None:
        with self._lock:
            self._busy = self._busy and turn != self._turn

    def _next_turn(self) -> int:
        self._turn += 1
        self._busy = True
        return self._turn
