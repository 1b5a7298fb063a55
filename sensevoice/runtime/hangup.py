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
    """Those of the program's standard streams that are a terminal; to be made while there is one.

    `log_path` is where messages go when it is closed.
    """

    def __init__(self, log_path: Path) -> None:
        self._log_path = log_path
        self._outputs = tuple(number for number in (1, 2) if os.isatty(number))
        self._inputs = (0,) if os.isatty(0) else ()

    def leave(self) -> None:
        """Go on without it: writing to a terminal that is gone is an error."""
        if self._inputs:
            _put(self._inputs, os.open(os.devnull, os.O_RDONLY))
        if self._outputs:
            _put(self._outputs, self._open_log())
        self._inputs = self._outputs = ()

    def _open_log(self) -> int:
        try:
            self._log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            return os.open(os.devnull, os.O_WRONLY)


def _put(numbers: tuple[int, ...], file: int) -> None:
    for number in numbers:
        os.dup2(file, number)
    os.close(file)


def on_hangup(action: Callable[[], None]) -> None:
    """Call `action` when the terminal is closed, unless that is ignored, as by nohup."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: action())


def echo(line: str) -> None:
    """Print a line, if anybody can still read it."""
    with suppress(OSError):
        print(line, flush=True)
