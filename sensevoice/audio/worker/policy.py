"""Which files are decoded by several processes, and by how many."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

MAX_PROCESSES = 8
"""For one file; more would wait for whoever takes what they decode."""


@dataclass(frozen=True)
class SplitPolicy:
    """Files longer than `longer_than_s` are cut into reader, which so many processes decode."""

    processes: int
    longer_than_s: int = 600
    """Ten minutes take a second or less on one core."""

    stretch_s: int = 30
    """What waits in a process for its turn: 4 MB of stereo."""


class CorePool:
    """The cores beside the one that each file has, lent to long files as long as there are any.

    Methods may be called from several threads.
    """

    def __init__(self, number: int) -> None:
        self._left = number
        self._lock = threading.Lock()

    def acquire(self) -> int:
        """Take as many as are left, and of use for one file."""
        with self._lock:
            taken = min(self._left, MAX_PROCESSES - 1)
            self._left -= taken
            return taken

    def release(self, number: int) -> None:
        with self._lock:
            self._left += number


spare_cores = CorePool(len(os.sched_getaffinity(0)) - 1)
"""One for the program."""
