"""Which files are decoded by several workers, and by how many."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sensevoice.runtime.cpus import usable_cpus

MAX_PROCESSES = 8
"""For one file; more would wait for the consumer of the samples."""


@dataclass(frozen=True)
class SplitPolicy:
    """Files longer than `longer_than_s` are split into ranges, which so many workers decode."""

    processes: int
    longer_than_s: int = 600
    """Ten minutes take a second or less on one core."""

    range_s: int = 30
    """The length of a range, which waits in a worker for its turn: 4 MB of stereo."""


class CorePool:
    """The cores beside the one of each file, which long files acquire as long as some are left.

    Methods may be called from several threads.
    """

    def __init__(self, number: int) -> None:
        self._left = number
        self._lock = threading.Lock()

    def acquire(self) -> int:
        """Take the cores that are left, up to MAX_PROCESSES - 1; return how many."""
        with self._lock:
            taken = min(self._left, MAX_PROCESSES - 1)
            self._left -= taken
            return taken

    def release(self, number: int) -> None:
        """Release acquired cores."""
        with self._lock:
            self._left += number


spare_cores = CorePool(usable_cpus() - 1)
"""One for the program."""
