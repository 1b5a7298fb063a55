"""When to draw a running job again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]
"""Gives seconds from any beginning; time.monotonic outside of tests."""

REDRAW_S = 0.25
"""Four times a second looks alive and leaves the connection free."""

REDRAW_COST = 4
"""After drawing for t seconds wait 4 t: a transcript of many hours takes a fifth of the time at most."""


class RedrawThrottle:
    """Says when it is time to draw again."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock()

    @property
    def eta_s(self) -> float:
        """How long to wait before the next drawing; 0 when it is due."""
        return max(0.0, self._next_s - self._clock())

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Measure a drawing and put the next one off by as much as it cost."""
        began_s = self._clock()
        yield
        now_s = self._clock()
        self._next_s = now_s + max(REDRAW_S, REDRAW_COST * (now_s - began_s))
