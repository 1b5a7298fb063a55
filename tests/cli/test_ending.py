"""The end of the program: signals, a code of its own, a terminal that closes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from sensevoice.cli.ending import Ending

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {name: signal.getsignal(name) for name in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever started the tests may have had it ignored
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


class Terminal:
    left = 0

    def leave(self) -> None:
        self.left += 1


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_it_with_zero(name: int, capsys: pytest.CaptureFixture[str]) -> None:
    ending = Ending(None)
    os.kill(os.getpid(), name)
    assert ending.wait() == 0
    assert "stopped / 已停止" in capsys.readouterr().out


def test_what_cannot_go_on_ends_it_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    ending = Ending(None)
    threading.Timer(0.05, lambda: ending.end(75)).start()
    assert ending.wait() == 75
    assert capsys.readouterr().out == ""


def test_when_the_terminal_closes_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    ending = Ending(terminal)  # type: ignore[arg-type]
    os.kill(os.getpid(), signal.SIGHUP)
    assert terminal.left == 1
    assert f"kill {os.getppid()}" in capsys.readouterr().out
    assert not ending._ended.is_set()


def test_nohup_is_respected() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Ending(None)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


GIVEN_TO_ANOTHER = """
import os, signal, threading, time
from sensevoice.cli.ending import Ending
ending = Ending(None)
def ask():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
threading.Thread(target=ask, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # here, so that the other thread gets it
raise SystemExit(ending.wait())
"""


def test_a_signal_that_the_kernel_gives_to_another_thread_ends_the_program() -> None:
    command = [sys.executable, "-c", GIVEN_TO_ANOTHER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout.strip()) == (0, "stopped / 已停止"), done.stderr
