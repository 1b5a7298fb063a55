"""How much sound all recordings under way may hold together: decoded, and not yet recognised.

Before the model gets anything, the detector wants a minute and then some: up to ten megabytes of each
recording. What many would hold of that is bounded here: below MAX_HELD_BYTES each reads ahead; above, a few
of those that have nothing left to be recognised, in turn. So the model always has work.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from sensevoice.audio.info import SAMPLES_PER_MS, Samples
from sensevoice.runtime.cpus import usable_cpus
from sensevoice.runtime.memory import trim_heap

MAX_HELD_BYTES = max(24, 8 * usable_cpus()) << 20
"""Six minutes, or two for each CPU where there are many. A recording alone holds up to four and a half."""

ENOUGH = 3
"""So many recordings with something to be recognised keep the model busy."""

FREE_MS = 30_000
"""A short recording waits for no room."""

BYTES_PER_MS = 4 * SAMPLES_PER_MS

_changed = threading.Condition()
_open: list[HeldSound] = []
_turns = itertools.count(1)

TRIM_EVERY_S = 10.0
"""It takes milliseconds, and what is given back has to be fetched again."""

_next_trim_s = 0.0


class HeldSound:
    """What one recording holds; a context manager, at whose end it holds nothing."""

    def __init__(self) -> None:
        self._streams = 1
        self._decoded_ms = self._done_ms = 0
        self._unsearched = 0
        self._is_busy = False
        self._waits = False
        self._turn = 0
        self._stopped = False

    def __enter__(self) -> HeldSound:
        with _changed:
            _open.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _changed:
            _open.remove(self)
            _changed.notify_all()

    @property
    def bytes(self) -> int:
        return max(0, self._decoded_ms - self._done_ms) * self._streams * BYTES_PER_MS

    def add(self, block: Samples, streams: int) -> None:
        """Count a decoded block, of which so many streams are recognised."""
        with _changed:
            self._streams = streams
            self._decoded_ms += block.shape[1] // SAMPLES_PER_MS
            self._unsearched += 1

    def searched(self) -> None:
        """Say that in one more block all speech was looked for."""
        with _changed:
            self._unsearched -= 1
            _changed.notify_all()

    def let_go(self, done_ms: int) -> None:
        """Say up to where everything has been recognised."""
        with _changed:
            if done_ms > self._done_ms:
                self._turn = next(_turns)
            self._done_ms = done_ms
            _changed.notify_all()
        _trim_now_and_then()

    def stop(self) -> None:
        """Let nobody wait for room any more: the run ends early."""
        with _changed:
            self._stopped = True
            _changed.notify_all()

    @contextmanager
    def until_stopped(self) -> Iterator[None]:
        """Stop when the block raises; else whoever waits here would be waited for."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    @contextmanager
    def recognising(self) -> Iterator[None]:
        """Whoever reads ahead for this recording has time meanwhile."""
        self._set_busy(True)
        try:
            yield
        finally:
            self._set_busy(False)

    def wait_for_room(self) -> None:
        """Wait until the next block may be decoded."""
        with _changed:
            self._waits = True
            _changed.notify_all()
            _changed.wait_for(self._may_read)
            self._waits = False

    def _may_read(self) -> bool:
        if self._stopped or self._decoded_ms < FREE_MS or held_bytes() < MAX_HELD_BYTES:
            return True
        hungry = [each for each in _open if each._is_hungry]
        hungry.sort(key=lambda each: each._turn)
        active = len(_open) - len(hungry)
        return self in hungry[: max(0, ENOUGH - active)]

    @property
    def _is_hungry(self) -> bool:
        """Whether it waits here, and no later stage has anything of it."""
        return self._waits and not self._is_busy and not self._unsearched

    def _set_busy(self, is_busy: bool) -> None:
        with _changed:
            self._is_busy = is_busy
            _changed.notify_all()


def _trim_now_and_then() -> None:
    """Give freed blocks back to the system: they come and go in pieces of a megabyte, which heaps keep."""
    global _next_trim_s
    if len(_open) > 1 and time.monotonic() >= _next_trim_s:
        trim_heap()
        _next_trim_s = time.monotonic() + TRIM_EVERY_S


def held_bytes() -> int:
    """Return what all recordings hold now."""
    return sum(each.bytes for each in _open)
