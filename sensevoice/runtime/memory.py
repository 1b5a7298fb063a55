"""How much memory this process may still use."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from pathlib import Path

from sensevoice.runtime import cpus

MEMINFO = Path("/proc/meminfo")

LIMITS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""The limit of a control group, what it uses, and what of that are files that the kernel drops when memory is
wanted (Linux, cgroup-v2.rst; then version 1)."""


def trim_heap() -> None:
    """Give what the process has freed back to the system, where the C library can (glibc)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def available_bytes() -> int | None:
    """Return what the machine has free and the control groups of this process allow; None if unknown."""
    known = [*_machine(), *_groups()]
    return max(0, min(known)) if known else None


def _machine() -> Iterator[int]:
    free_kb = _field(MEMINFO, "MemAvailable:")
    if free_kb is not None:
        yield free_kb << 10


def _groups() -> Iterator[int]:
    for group in cpus.control_groups(cpus.CGROUPS, cpus.OWN_CGROUPS, "memory"):
        for limit, used, files in LIMITS:
            try:
                most, taken = int((group / limit).read_text("ascii")), int((group / used).read_text("ascii"))
            except (OSError, ValueError):  # not there, or "max"
                continue
            yield most - taken + (_field(group / "memory.stat", files) or 0)


def _field(file: Path, name: str) -> int | None:
    """Return the number behind a name in a file of such lines."""
    try:
        for line in file.read_text("ascii").splitlines():
            words = line.split()
            if words[:1] == [name]:
                return int(words[1])
    except (OSError, ValueError, IndexError):
        return None
    return None
