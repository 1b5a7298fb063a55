"""The clock by which jobs are kept: it goes on steadily, whatever is done to the system's own."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from sensevoice.jobs.files import UNREADABLE
from sensevoice.runtime.atomic import write_whole

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class KeepingClock:
    """Seconds since 1970, as the system's clock said when this one began; then as many as went by.

    Within one run of the machine the kernel's count of seconds since its start is followed, sleep included;
    over a restart of the machine the system's clock, unless it went back. So a clock that is set four days
    on removes nothing, and one that is set back keeps nothing for longer.
    """

    def __init__(
        self,
        path: Path,
        wall_s: Callable[[], float] = time.time,
        since_boot_s: Callable[[], float] | None = None,
        boot_id: str | None = None,
    ) -> None:
        self._path = path
        self._wall_s = wall_s
        self._since_boot_s = since_boot_s or _since_boot_s
        self._boot_id = _boot_id() if boot_id is None else boot_id
        self._began_s = self._since_boot_s()
        self._at_s = self._after_the_last_run()

    def __call__(self) -> float:
        return self._at_s + self._since_boot_s() - self._began_s

    def save(self) -> None:
        """Write what the next run goes on from. Raises OSError."""
        data = {
            "now_s": self(),
            "wall_s": self._wall_s(),
            "boot_s": self._since_boot_s(),
            "boot_id": self._boot_id,
        }
        write_whole(self._path, json.dumps(data))

    def _after_the_last_run(self) -> float:
        try:
            data = json.loads(self._path.read_text("utf-8"))
            now_s, passed_s = float(data["now_s"]), self._began_s - float(data["boot_s"])
            if data["boot_id"] != self._boot_id or not self._boot_id or passed_s < 0:
                passed_s = max(0.0, self._wall_s() - float(data["wall_s"]))
        except (OSError, *UNREADABLE):
            return self._wall_s()
        return now_s + passed_s


def _since_boot_s() -> float:
    """Return the seconds since the machine was started, those it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""
