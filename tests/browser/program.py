"""The real program in a process of its own, with the bundled model."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import ROOT

START_LIMIT_S = 180

READY = "ready / 就绪"
"""How the line begins that the program prints when it can recognise."""


class Program:
    """`app_sensevoice.py --demo` on a free port; what it prints goes to the file `printed`.

    `options` are added to the command, `variables` to its environment.
    """

    def __init__(
        self,
        directory: Path,
        temp: Path | None = None,
        options: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self._options = options
        self._environment = {**os.environ, **(variables or {})}
        if temp is not None:
            temp.mkdir()
            self._environment["TMPDIR"] = str(temp)
        self.printed = directory / "printed.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = self._start()

    def wait(self) -> None:
        """Return when the page answers and the models are there."""
        self._wait(READY)

    def wait_for_page(self) -> None:
        """Return when the page answers, models or not."""
        self._wait("")

    def _wait(self, printed: str) -> None:
        deadline_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline_s:
            assert self.process.poll() is None, self.output()
            try:
                with urllib.request.urlopen(self.address, timeout=5):
                    if printed in self.output():
                        return
            except urllib.error.HTTPError as answer:  # it asks for a token, and so is up
                answer.close()
                if printed in self.output():
                    return
            except OSError:
                pass  # not listening yet
            time.sleep(0.2)
        raise AssertionError(self.output())

    def output(self) -> str:
        return self.printed.read_text("utf-8")

    def token(self) -> str:
        """Return the token of the link that the program prints, as soon as it has."""
        deadline_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline_s:
            if result := re.search(r"token=([\w-]+)", self.output()):
                return result[1]
            time.sleep(0.1)
        raise AssertionError(self.output())

    def inner_pid(self) -> int:
        """Return the process below the supervisor, the one that does the work."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def kill_inner(self) -> None:
        os.kill(self.inner_pid(), signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask the program to end and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def start_again(self) -> None:
        """Start it once more, on the same port and with the same jobs."""
        self.process = self._start()
        self.wait()

    def kill(self) -> None:
        self.process.kill()  # the kernel ends the inner one, too
        self.process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.printed.open("ab") as output:
            return subprocess.Popen(
                [
                    *(sys.executable, str(ROOT / "app_sensevoice.py"), "--demo", "--port", str(self.port)),
                    *("--data-dir", str(self.directory / "data")),
                    *self._options,
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self._environment,
            )
