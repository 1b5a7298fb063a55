"""How often a running job is redrawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]
"""Returns seconds since any moment; time.monotonic outside of tests."""

REDRAW_S = 0.25
"""Four times a second looks continuous and keeps the connection free."""

REDRAW_COST = 4
"""After drawing for t seconds wait 4 t: drawing a long transcript takes a fifth of the time at most."""


class RedrawThrottle:
    """Limits how often a running job is redrawn, by what redrawing costs."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock()

    @property
    def eta_s(self) -> float:
        """Seconds until the next drawing; 0 when it is due."""
        return max(0.0, self._next_s - self._clock())

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Time the drawing in the block, and delay the next one in proportion."""
        began_s = self._clock()
        yield
        now_s = self._clock()
        self._next_s = now_s + max(REDRAW_S, REDRAW_COST * (now_s - began_s))
