"""How much of the disk the jobs may take, and how much of it stays free."""

from __future__ import annotations

import shutil
from pathlib import Path

from sensevoice.errors import DiskLow
from sensevoice.jobs.files import size_bytes

HEADROOM_BYTES = 200 << 20
"""Free space that is never filled: results of running jobs, logs and the system need some."""


class Room:
    """The room for what lies below a directory."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    def check(self, bytes_needed: int) -> None:
        """Raise DiskLow unless so many more bytes may be kept, and the disk has them."""
        used = size_bytes(self._directory)  # of everything: copies, peaks, corrections are not in the list
        if used + bytes_needed > self._max_bytes:
            raise DiskLow(reason=f"{_gb(used)} + {_gb(bytes_needed)} > --max-data-gb {_gb(self._max_bytes)}")
        self.check_headroom()

    def check_headroom(self) -> None:
        """Raise DiskLow when the disk is nearly full."""
        free = shutil.disk_usage(self._directory).free
        if free < HEADROOM_BYTES:
            raise DiskLow(reason=f"{_gb(free)} GB free / 剩余空间 {_gb(free)} GB")


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f}"
