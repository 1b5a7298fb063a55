"""Which files of gradio's folder open pages still need, so that everything else can be removed soon.

gradio itself goes by age alone. A page needs the recording that is chosen on it, for as long as it is open;
what it offers for download is made when it is asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

CLOSED_S = 3600.0
"""A page that lost its connection looks closed and may come back; gradio keeps its state as long."""


@dataclass
class _Held:
    paths: set[Path] = field(default_factory=set)
    closed_s: float | None = None


class UploadRefs:
    """The files that each page, by its session, needs. Methods may be called from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def hold(self, session: str | None, paths: Iterable[str | Path | None]) -> None:
        """Keep files for an open page."""
        if session is None:
            return
        with self._lock:
            held = self._pages.setdefault(session, _Held())
            held.paths |= {Path(path).resolve() for path in paths if path}
            held.closed_s = None

    def release(self, session: str | None) -> None:
        """Note that a page was closed, or lost its connection."""
        with self._lock:
            held = self._pages.get(session or "")
            if held is not None:
                held.closed_s = self._clock()

    def paths(self) -> set[Path]:
        """Return what is needed now, and forget the pages that have been closed for long."""
        with self._lock:
            now_s = self._clock()
            gone = [
                session
                for session, held in self._pages.items()
                if held.closed_s is not None and now_s - held.closed_s > CLOSED_S
            ]
            for session in gone:
                del self._pages[session]
            return set().union(*(held.paths for held in self._pages.values()))
