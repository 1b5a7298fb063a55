"""How many CPUs this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
CPUS = Path("/sys/devices/system/cpu")


def usable_cpus() -> int:
    """Return the number of CPUs that this process may run on, at least 1.

    A container may be bound to few of the machine's, or may have a share of the time of all of them: with
    more threads than that share each would be stopped for most of every tenth of a second.
    """
    return _within_quotas(len(os.sched_getaffinity(0)))


def usable_cores() -> int:
    """Return the number of physical cores behind those CPUs, at least 1: for work that fills a core.

    Two threads of a core share its units for products; two clips on them take as long as one after the other.
    """
    return _within_quotas(len({_core_of(cpu) for cpu in os.sched_getaffinity(0)}))


def _within_quotas(count: int) -> int:
    return max(1, min([count, *(math.ceil(quota) for quota in _quotas(CGROUPS, OWN_CGROUPS))]))


def _core_of(cpu: int) -> str:
    """Return what the CPUs of one core have in common (Linux, cputopology.rst); unknown, each is its own."""
    try:
        return (CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return str(cpu)


def control_groups(cgroups: Path, own: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the control groups of this process that may limit something, inner ones first.

    `controller` is the folder in which the first version of control groups has them.
    """
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        folder = cgroups / ("" if not controllers else controller) / path.lstrip("/")
        for group in (folder, *folder.parents):
            if not group.is_relative_to(cgroups):
                break
            yield group


def _quotas(cgroups: Path, own: Path) -> Iterator[float]:
    """Yield the limits, in CPUs, of the control groups of this process (Linux, cgroup-v2.rst, cpu.max)."""
    for group in control_groups(cgroups, own, "cpu"):
        quota = _quota(group)
        if quota is not None:
            yield quota


def _quota(group: Path) -> float | None:
    """Return the limit of one group, None for none."""
    try:
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text("utf-8").split()
        else:  # version 1
            quota = (group / "cpu.cfs_quota_us").read_text("utf-8").strip()
            period = (group / "cpu.cfs_period_us").read_text("utf-8").strip()
        return None if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
