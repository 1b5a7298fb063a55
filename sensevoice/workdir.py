"""The folder for uploads: ours alone, swept while the program runs, and cleared of what a killed one left."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from pathlib import Path

log = logging.getLogger(__name__)

ABORTED_S = 3600.0
"""An upload that nobody has written to for an hour was broken off: gradio forgets such files."""

SWEEP_S = 600.0

LOCK = "lock"


class WorkDirectory:
    """A new folder below `parent`, readable by this user only; removed by `close`.

    The lock in it is the kernel's: it goes with the process, however that ends.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = _private(parent or Path(tempfile.gettempdir()) / f"sensevoice-{os.getuid()}")
        with (self._parent / LOCK).open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)  # a program that starts beside this one waits
            remove_abandoned(self._parent)
            self.path = Path(tempfile.mkdtemp(prefix="run-", dir=self._parent))
            self._lock = (self.path / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_now_and_then, name="janitor", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def sweep(self, now_s: float | None = None) -> int:
        """Remove uploads that were broken off, and folders that are empty; return how many."""
        now_s = time.time() if now_s is None else now_s
        removed = 0
        for path in self.path.iterdir():
            try:
                if (
                    path.is_file()
                    and path.name.startswith("tmp")
                    and now_s - path.stat().st_mtime > ABORTED_S
                ):
                    path.unlink()
                    removed += 1
                elif path.is_dir() and now_s - path.stat().st_mtime > ABORTED_S:
                    path.rmdir()
                    removed += 1
            except OSError:
                log.debug("%s is in use", path.name)
        return removed

    def _sweep_now_and_then(self) -> None:
        while not self._closed.wait(SWEEP_S):
            if removed := self.sweep():
                log.info("%d left-over uploads removed", removed)


def _private(folder: Path) -> Path:
    """Return a folder that only this user can reach: the wanted one, else, if somebody made it, a new one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
        folder.chmod(0o700)
        return folder
    log.warning("%s is somebody else's; uploads go to a new folder", folder)
    return Path(tempfile.mkdtemp(prefix="sensevoice-"))


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of processes that are no more."""
    for path in parent.glob("run-*"):
        try:
            with (path / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            log.debug("%s belongs to a running process", path.name)
