"""How much sound all recordings under way may hold together: decoded, and not yet recognised."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from sensevoice.audio.info import SAMPLES_PER_MS, Samples

MAX_HELD_BYTES = 32 << 20
"""Eight minutes. A recording alone reads at most four and a half ahead, so this bounds many at once: each then
has little more than what is being recognised of it, and reads on when it has nothing left for that."""

BYTES_PER_MS = 4 * SAMPLES_PER_MS

_changed = threading.Condition()
_held_bytes = 0


class HeldSound:
    """What one recording holds; a context manager, at whose end it holds nothing."""

    def __init__(self) -> None:
        self._streams = 1
        self._decoded_ms = self._done_ms = 0
        self._bytes = 0
        self._is_busy = False

    def __enter__(self) -> HeldSound:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _changed:
            self._streams = 0
            self._count()

    def add(self, block: Samples, streams: int) -> None:
        """Count a decoded block, of which so many streams are recognised."""
        with _changed:
            self._streams = streams
            self._decoded_ms += block.shape[1] // SAMPLES_PER_MS
            self._count()

    def let_go(self, done_ms: int) -> None:
        """Say up to where everything has been recognised."""
        with _changed:
            self._done_ms = done_ms
            self._count()

    def wait_for_room(self) -> None:
        """Wait while the recordings hold too much and this one has something to be recognised."""
        with _changed:
            _changed.wait_for(lambda: not self._is_busy or _held_bytes < MAX_HELD_BYTES)

    @contextmanager
    def recognising(self) -> Iterator[None]:
        """Whoever reads ahead for this recording has time meanwhile."""
        self._set_busy(True)
        try:
            yield
        finally:
            self._set_busy(False)

    def _set_busy(self, is_busy: bool) -> None:
        with _changed:
            self._is_busy = is_busy
            _changed.notify_all()

    def _count(self) -> None:
        global _held_bytes
        now = max(0, self._decoded_ms - self._done_ms) * self._streams * BYTES_PER_MS
        _held_bytes += now - self._bytes
        self._bytes = now
        _changed.notify_all()


def held_bytes() -> int:
    """Return what all recordings hold now."""
    return _held_bytes
