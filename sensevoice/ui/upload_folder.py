"""The private folder for uploads, swept while the program runs and after one that was killed."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

log = logging.getLogger(__name__)

ABORTED_S = 3600.0
"""An upload that was not written to for an hour was aborted; gradio does not delete such files."""

UNUSED_S = 180.0
"""A file that no page refers to is removed so long after it was last written, or linked or unlinked by a
job: an upload is referred to moments after it has arrived, and a job has a link of its own."""

SWEEP_S = 30.0

LOCK = "lock"


class WorkDirectory:
    """A new folder below `parent`, readable by this user only; removed by `close`.

    The lock in it is a kernel lock, released however the process ends.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._in_use: Callable[[], Collection[Path]] = tuple
        self._parent = _private(parent or Path(tempfile.gettempdir()) / f"sensevoice-{os.getuid()}")
        with (self._parent / LOCK).open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)  # a program that starts beside this one waits
            remove_abandoned(self._parent)
            self.path = Path(tempfile.mkdtemp(prefix="run-", dir=self._parent))
            self._lock = (self.path / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_periodically, name="upload-sweeper", daemon=True).start()

    def close(self) -> None:
        """Remove the folder."""
        self._closed.set()
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def keep(self, in_use: Callable[[], Collection[Path]]) -> None:
        """Never remove the files that `in_use` returns, as real paths, at the time of a sweep."""
        self._in_use = in_use

    def sweep(self, now_s: float | None = None) -> int:
        """Remove aborted and unused uploads and empty folders; return the number of files removed."""
        now_s = time.time() if now_s is None else now_s
        in_use = self._in_use()
        removed = 0
        # Sorted in reverse, so that what is in a folder comes before the folder.
        for path in sorted(self.path.resolve().rglob("*"), reverse=True):
            try:
                if path.is_dir():
                    # Not at once: an upload of the same content may be about to use the folder.
                    if now_s - path.stat().st_mtime > ABORTED_S and not any(path.iterdir()):
                        path.rmdir()
                elif path not in in_use and self._is_expired(path, now_s):
                    path.unlink()
                    removed += 1
            except OSError:
                log.debug("%s is in use", path.name)
        return removed

    def _is_expired(self, path: Path, now_s: float) -> bool:
        """Return whether a file is too old. Linking and unlinking count as use (`st_ctime`)."""
        if path.name == LOCK:
            return False
        if path.parent == self.path.resolve():  # an upload in progress
            return now_s - path.stat().st_mtime > ABORTED_S
        return now_s - path.stat().st_ctime > UNUSED_S

    def _sweep_periodically(self) -> None:
        while not self._closed.wait(SWEEP_S):
            if removed := self.sweep():
                log.info("%d left-over uploads removed", removed)


def _private(folder: Path) -> Path:
    """Return a folder that only this user can enter: the given one, or a new one if it is another user's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
        folder.chmod(0o700)
        return folder
    log.warning("%s is somebody else's; uploads go to a new folder", folder)
    return Path(tempfile.mkdtemp(prefix="sensevoice-"))


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of processes that have ended."""
    for path in parent.glob("run-*"):
        try:
            with (path / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            log.debug("%s belongs to a running process", path.name)
