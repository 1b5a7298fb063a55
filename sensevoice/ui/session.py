"""The state of one open page: which job it shows, and how."""

from __future__ import annotations

import threading


class PageSession:
    """The job that the page shows or showed last, and the chosen view with the locale of its labels.

    `sure_only` hides the tags of which the model is unsure. `begun` is the job that the page's button began
    last, empty before.

    The handlers of one page run in several threads at once. Each that follows a job has a turn, and stops
    when another has taken over: the page shows one job at a time.
    """

    def __init__(self, view: str = "tagged", label_locale: str = "zh") -> None:
        self.view = view
        self.label_locale = label_locale
        self.source = "file"
        self.sure_only = False
        self.begun = ""
        self.job_id: str | None = None
        self._lock = threading.Lock()
        self._busy = False
        self._turn = 0

    def __deepcopy__(self, memo: dict[int, object]) -> PageSession:
        """Return a fresh session: gradio copies the initial value of a state for every visitor."""
        return PageSession(self.view, self.label_locale)

    @property
    def busy(self) -> bool:
        """Whether the page follows a job."""
        return self._busy

    def try_begin(self) -> int | None:
        """Begin to follow a job and return the turn; None if the page follows one (a double click)."""
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
