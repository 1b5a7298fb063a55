"""A small process above the program that starts it again when it dies.

Native code decodes and computes in the program: the kernel may kill it for its memory, a driver may
abort it, a poisoned CUDA context answers nothing any more. Jobs are on disk and go on at the next start,
so all that is needed is somebody to start it. A program that ends by itself, well or with an error, is
left alone.
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

from sensevoice.hangup import Terminal, on_hangup

log = logging.getLogger(__name__)

BELOW_SUPERVISOR = "SENSEVOICE_SUPERVISED"
"""In the environment of the program that has a supervisor: its process."""

MAX_DEATHS = 5
WITHIN_S = 600.0
"""A program that dies more often than this would die again: better it stays down and says so."""

PAUSE_S = 1.0
"""Before a new start: the port and the device's memory of the dead process have to come free."""

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def is_supervised() -> bool:
    return BELOW_SUPERVISOR in os.environ


def supervise(
    command: Sequence[str],
    clock: Callable[[], float] = time.monotonic,
    terminal: Terminal | None = None,
) -> int:
    """Run a command until it ends by itself, starting it again whenever a signal ends it; its exit code.

    SIGINT and SIGTERM are passed on, and then its end is the end. So is the end of the terminal, if none is
    given; one that is given is left, the command is told, and all goes on.
    """
    asked_to_end = False
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: object) -> None:
        nonlocal asked_to_end
        asked_to_end = True
        if child is not None and child.poll() is None:
            child.send_signal(number)

    def hung_up() -> None:
        if terminal is None:
            pass_on(signal.SIGTERM, None)
            return
        terminal.leave()
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGHUP)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    on_hangup(hung_up)
    deaths: list[float] = []
    while True:
        # A session of its own: Ctrl-C reaches the program once, through us.
        child = subprocess.Popen(
            list(command), env={**os.environ, BELOW_SUPERVISOR: str(os.getpid())}, start_new_session=True
        )
        if asked_to_end:  # between two starts
            child.terminate()
        code = child.wait()
        if code >= 0 or asked_to_end:
            return code if code >= 0 else 128 - code
        deaths = [death for death in deaths if clock() - death < WITHIN_S] + [clock()]
        if len(deaths) > MAX_DEATHS:
            _say(f"the program died {len(deaths)} times in {WITHIN_S:.0f} s: giving up / 反复退出，放弃重启")
            return 1
        name = signal.Signals(-code).name
        _say(f"the program died ({name}) and is started again / 程序意外退出（{name}），正在重新启动")
        time.sleep(PAUSE_S)


def end_with_the_supervisor() -> None:
    """Have the kernel end this process when the one above it dies, so that the port comes free.

    Ends it at once when that has happened already, before the kernel was asked.
    """
    if is_supervised() and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.environ[BELOW_SUPERVISOR] not in ("1", str(os.getppid())):
            sys.exit(1)


def start_over(reason: str) -> None:
    """End this process at once, to be started again; does nothing without a supervisor.

    For states that nothing inside the process can mend.
    """
    if is_supervised():
        log.critical("starting over: %s", reason)
        os.abort()


def start_over_after_device_fault(error: Exception) -> None:
    """Start over if a GPU has faulted: after that every call fails until the process ends."""
    if "CUDA error" in str(error):
        start_over(str(error))


def _say(line: str) -> None:
    print(f"\n{line}", file=sys.stderr, flush=True)
