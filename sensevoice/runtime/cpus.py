"""How many CPUs this process may use."""

from __future__ import annotations

import os


def usable_cpus() -> int:
    """Return the number of CPUs that this process may run on; a container may have few of the machine's."""
    return len(os.sched_getaffinity(0))
