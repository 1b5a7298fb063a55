"""The folder for uploads: ours alone, swept while the program runs, and cleared of what a killed one left."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

ABORTED_S = 3600.0
"""An upload that nobody has written to for an hour was broken off: gradio forgets such files."""

ENDED_S = 30.0
"""One that nobody here has open ended with its connection: a whole one is moved at once to its own folder."""

UNUSED_S = 180.0
"""What no page needs goes so long after it was last written, taken in by a job or let go by one: the time
between an upload and the call that names it is a moment, and a job has a link of its own."""

SWEEP_S = 30.0

LOCK = "lock"


class WorkDirectory:
    """A new folder below `parent`, readable by this user only; removed by `close`.

    The lock in it is the kernel's: it goes with the process, however that ends.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._held: Callable[[], Collection[Path]] = tuple
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

    def keep(self, held: Callable[[], Collection[Path]]) -> None:
        """Never remove what `held` names at that moment, by real paths."""
        self._held = held

    def sweep(self, now_s: float | None = None) -> int:
        """Remove what was broken off, what nobody needs, and folders that stay empty; return how many."""
        now_s = time.time() if now_s is None else now_s
        held, open_files = self._held(), self._open_files(now_s)
        removed = 0
        for path in sorted(
            self.path.resolve().rglob("*"), reverse=True
        ):  # what is in a folder before the folder
            try:
                if path.is_dir():
                    # An upload of the same content may be about to use the folder.
                    if now_s - path.stat().st_mtime > ABORTED_S and not any(path.iterdir()):
                        path.rmdir()
                elif path not in held and self._is_over(path, now_s, path in open_files):
                    path.unlink()
                    removed += 1
            except OSError:
                log.debug("%s is in use", path.name)
        return removed

    def _open_files(self, now_s: float) -> set[Path]:
        """Return what this process has open; an upload that ended with an error may wait to be collected."""
        found = _files_of_this_process()
        root = self.path.resolve()
        uploads = [path for path in found if path.parent == root and path.name != LOCK]
        if any(now_s - path.stat().st_mtime > ENDED_S for path in uploads if path.exists()):
            gc.collect()
            found = _files_of_this_process()
        return found

    def _is_over(self, path: Path, now_s: float, is_open: bool) -> bool:
        """Return whether a file is as old as it may get. A link, or its end, counts as use (`st_ctime`)."""
        if path.name == LOCK:
            return False
        if path.parent == self.path.resolve():  # an upload on its way, or one whose connection has ended
            return now_s - path.stat().st_mtime > (ABORTED_S if is_open else ENDED_S)
        return now_s - path.stat().st_ctime > UNUSED_S

    def _sweep_now_and_then(self) -> None:
        while not self._closed.wait(SWEEP_S):
            if removed := self.sweep():
                log.info("%d left-over uploads removed", removed)


def _files_of_this_process() -> set[Path]:
    """Return what this process has open, by real paths."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # closed since
            found.add(Path(os.readlink(f"/proc/self/fd/{number}")))
    return found


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
