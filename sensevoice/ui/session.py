"""The state of one open page: which job it shows, and how."""

from __future__ import annotations

import threading


class PageSession:
    """The job that the page shows or showed last, and the chosen view with the locale of its labels.

    The handlers of one page run in several threads at once; only `try_begin` has to be atomic.
    """

    def __init__(self, view: str = "tagged", label_locale: str = "zh") -> None:
        self.view = view
        self.label_locale = label_locale
        self.source = "file"
        self.job_id: str | None = None
        self._lock = threading.Lock()
        self._busy = False

    def __deepcopy__(self, memo: dict[int, object]) -> PageSession:
        """Return a fresh session: gradio copies the initial value of a state for every visitor."""
        return PageSession(self.view, self.label_locale)

    @property
    def busy(self) -> bool:
        """Whether the page follows a job."""
        return self._busy

    def try_begin(self) -> bool:
        """Begin to follow a job; return False when the page follows one already (a double click)."""
        with self._lock:
            free, self._busy = not self._busy, True
            return free

    def end(self) -> None:
        """Follow no job any more."""
        self._busy = False
