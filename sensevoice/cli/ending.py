"""The end of the program: whatever asks for it, the jobs are closed and the exit code is the right one."""

from __future__ import annotations

import os
import signal
import threading

from sensevoice.runtime import hangup


class Ending:
    """The end of the program: on Ctrl-C, when the process is asked to end, or when it cannot go on."""

    def __init__(self, terminal: hangup.Terminal | None) -> None:
        self._ended = threading.Event()
        self._code = 0
        self._terminal = terminal
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self._ended.set())
        hangup.on_hangup(self._hung_up)

    def end(self, code: int) -> None:
        self._code = code
        self._ended.set()

    def wait(self) -> int:
        """Return the exit code when it is time to end."""
        # Handlers run in this thread, which a signal that the kernel gives to another one does not wake.
        while not self._ended.wait(1.0):
            pass
        if not self._code:
            hangup.echo("\nstopped / 已停止")
        return self._code

    def _hung_up(self) -> None:
        if self._terminal is None:
            self._ended.set()
            return
        self._terminal.leave()
        parent = os.getppid()
        hangup.echo(
            f"the terminal was closed; the program goes on in the background, and ends by kill {parent} / "
            f"终端已关闭，程序在后台继续运行，可用 kill {parent} 结束"
        )
