"""One visitor's place: which job the page shows, and how."""

from __future__ import annotations

import threading
from typing import Any


class PageSession:
    """The job that the page shows or showed last, and the view that was chosen.

    The handlers of one visitor run in several threads at once; only `try_begin` has to be atomic.
    """

    def __init__(self, view: str = "tagged", labels: str = "zh") -> None:
        self.view = view
        self.labels = labels
        self.source = "file"
        self.job_id: str | None = None
        self._lock = threading.Lock()
        self._busy = False

    def __deepcopy__(self, memo: dict[int, Any]) -> PageSession:
        """Return a fresh session: gradio copies the initial value of a state for every visitor."""
        return PageSession(self.view, self.labels)

    @property
    def busy(self) -> bool:
        """Tell whether the page follows a job."""
        return self._busy

    def try_begin(self) -> bool:
        """Begin to follow a job; False when the page follows one already (a double click)."""
        with self._lock:
            free, self._busy = not self._busy, True
            return free

    def end(self) -> None:
        self._busy = False
