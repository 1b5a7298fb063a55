"""What happens when the terminal is closed, as at the end of an SSH connection: go on, or end cleanly."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

STAY, END = "stay", "end"
CHOICES = (STAY, END)

LOG_NAME = "sensevoice.log"


class Terminal:
    """What of the program's input and output is a terminal; to be made while there is one.

    `log_path` is where messages go when it is gone.
    """

    def __init__(self, log_path: Path) -> None:
        self._log_path = log_path
        self._ours = [number for number in (1, 2) if os.isatty(number)]
        self._reads = os.isatty(0)

    def leave(self) -> None:
        """Go on without it: a write to a terminal that is gone is an error."""
        if self._reads:
            self._put((0,), os.open(os.devnull, os.O_RDONLY))
        if not self._ours:
            return
        try:
            self._log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            file = os.open(os.devnull, os.O_WRONLY)
        self._put(tuple(self._ours), file)
        self._reads, self._ours = False, []

    @staticmethod
    def _put(numbers: tuple[int, ...], file: int) -> None:
        for number in numbers:
            os.dup2(file, number)
        os.close(file)


def on_hangup(do: Callable[[], None]) -> None:
    """Call `do` when the terminal is closed; nohup, which has that ignored, keeps its word."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: do())


def say(line: str) -> None:
    """Print a line, if anybody can still read it."""
    with suppress(OSError):
        print(line, flush=True)
