"""A small parent process that restarts the program when it dies.

Native code decodes and computes in the program: the kernel may kill it for its memory, a driver may abort
it, a corrupted CUDA context fails every call. Jobs are on disk and are resumed at the next start, so a
restart is all that is needed. A program that exits by itself, with or without an error, is not restarted.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from sensevoice.runtime.hangup import Terminal, on_hangup

log = logging.getLogger(__name__)

BELOW_SUPERVISOR = "SENSEVOICE_SUPERVISED"
"""In the environment of a program that has a supervisor: its process id."""

MAX_DEATHS = 5
WITHIN_S = 600.0
"""A program that dies more often would die again: it stays down, with a message."""

PAUSE_S = 1.0
"""Before a restart: the port and the device memory of the dead process must be released first."""

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def is_supervised() -> bool:
    return BELOW_SUPERVISOR in os.environ


def supervise(
    command: Sequence[str],
    clock: Callable[[], float] = time.monotonic,
    terminal: Terminal | None = None,
) -> int:
    """Run a command, again whenever a signal has killed it, until it exits; return its exit code.

    SIGINT and SIGTERM are passed on, after which it is not restarted. So is SIGHUP without `terminal`, as
    SIGTERM; with one, that is left and the command is told.
    """
    stopping = False
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, frame: object) -> None:
        nonlocal stopping
        stopping = True
        if child is not None and child.poll() is None:
            child.send_signal(number)

    def hung_up() -> None:
        if terminal is None:
            return forward(signal.SIGTERM, None)
        terminal.leave()
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGHUP)

    signal.signal(signal.SIGINT, forward)
    signal.signal(signal.SIGTERM, forward)
    on_hangup(hung_up)
    deaths: list[float] = []
    while True:
        child = _started(command)
        if stopping:  # signalled between two starts
            child.terminate()
        while (code := child.poll()) is None:  # a signal that another thread gets does not wake `wait`
            time.sleep(PAUSE_S / 5)
        if code >= 0 or stopping:
            return code if code >= 0 else 128 - code
        deaths = [death for death in deaths if clock() - death < WITHIN_S] + [clock()]
        if not _is_worth_another(deaths, signal.Signals(-code).name):
            return 1
        time.sleep(PAUSE_S)


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command in its own session, so that Ctrl-C reaches it once, through the supervisor."""
    environment = {**os.environ, BELOW_SUPERVISOR: str(os.getpid())}
    return subprocess.Popen(list(command), env=environment, start_new_session=True)


def _is_worth_another(deaths: Sequence[float], name: str) -> bool:
    """Return whether the program is started again after so many deaths, the last by signal `name`; say so."""
    if len(deaths) > MAX_DEATHS:
        _say(f"the program died {len(deaths)} times in {WITHIN_S:.0f} s: giving up / 反复退出，放弃重启")
        return False
    _say(f"the program died ({name}) and is started again / 程序意外退出（{name}），正在重新启动")
    return True


def end_with_the_supervisor() -> None:
    """Make the kernel end this process when its parent dies, so that the port is released.

    Ends it at once when that has happened already, before the kernel was asked.
    """
    if is_supervised() and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.environ[BELOW_SUPERVISOR] not in ("1", str(os.getppid())):
            sys.exit(1)


def start_over(reason: str) -> None:
    """Abort this process so that it is restarted; do nothing without a supervisor.

    For states that cannot be repaired within the process.
    """
    if is_supervised():
        log.critical("starting over: %s", reason)
        os.abort()


def _say(line: str) -> None:
    print(f"\n{line}", file=sys.stderr, flush=True)
