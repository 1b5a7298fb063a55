"""Tracks the uploads that open pages refer to; all others may be removed.

gradio itself goes by age alone. A page refers to the recording that is chosen on it for as long as it is
open; its downloads are rendered on request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

CLOSED_S = 3600.0
"""A page that lost its connection looks closed and may return; gradio keeps its state as long."""


@dataclass
class _Page:
    paths: set[Path] = field(default_factory=set)
    closed_s: float | None = None


class UploadRefs:
    """The files that each page, by its session, refers to. Methods may be called from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: dict[str, _Page] = {}
        self._lock = threading.Lock()

    def hold(self, session: str | None, paths: Iterable[str | Path | None]) -> None:
        """Add files that an open page refers to."""
        if session is None:
            return
        with self._lock:
            page = self._pages.setdefault(session, _Page())
            page.paths |= {Path(path).resolve() for path in paths if path}
            page.closed_s = None

    def release(self, session: str | None) -> None:
        """Mark a page as closed; it may only have lost its connection."""
        with self._lock:
            page = self._pages.get(session or "")
            if page is not None:
                page.closed_s = self._clock()

    def paths(self) -> set[Path]:
        """Return the files that are referred to, and drop the pages closed for longer than CLOSED_S."""
        with self._lock:
            now_s = self._clock()
            gone = [
                session
                for session, page in self._pages.items()
                if page.closed_s is not None and now_s - page.closed_s > CLOSED_S
            ]
            for session in gone:
                del self._pages[session]
            return set().union(*(page.paths for page in self._pages.values()))
