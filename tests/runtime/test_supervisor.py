"""The process above the program: it starts a killed one again, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sensevoice.runtime import supervisor
from tests.conftest import ROOT

ABOVE = (
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
    "from sensevoice import supervisor\nsupervisor.PAUSE_S = 0.0\n"
    "sys.exit(supervisor.supervise([sys.executable, '-c', sys.argv[1], *sys.argv[2:]]))"
)
"""A supervisor over the program given as its argument."""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ABOVE, program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_a_program_that_ends_by_itself_is_left_alone(code: int) -> None:
    process = start(f"import sys; print('once'); sys.exit({code})")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "once\n", "")


def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal, sys\n"
        "mark = pathlib.Path(sys.argv[1])\n"
        "if mark.exists(): print('second'); sys.exit(0)\n"
        "mark.touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = start(program, str(tmp_path / "mark"))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == "second\n"
    assert "SIGKILL" in err and "重新启动" in err


def test_one_that_dies_again_and_again_stays_down() -> None:
    process = start("import os; os.abort()")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.count("died (SIGABRT)") == supervisor.MAX_DEATHS and "giving up" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_to_end_is_passed_on(number: signal.Signals) -> None:
    program = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(0))\n"
        "print('ready', flush=True)\ntime.sleep(30)\n"
    )
    process = start(program)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_program_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        f"import os, sys, time\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from sensevoice import supervisor\nsupervisor.end_with_the_supervisor()\n"
        "print(os.getpid(), flush=True)\ntime.sleep(30)\n"
    )
    process = start(program)
    assert process.stdout is not None
    below = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=30)
    deadline_s = time.monotonic() + 10
    while Path(f"/proc/{below}").exists() and "Z" not in Path(f"/proc/{below}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_starting_over_needs_somebody_above(monkeypatch: pytest.MonkeyPatch) -> None:
    aborted: list[bool] = []
    monkeypatch.setattr(os, "abort", lambda: aborted.append(True))
    monkeypatch.delenv(supervisor.BELOW_SUPERVISOR, raising=False)
    supervisor.start_over("test")
    assert aborted == []
    monkeypatch.setenv(supervisor.BELOW_SUPERVISOR, "1")
    supervisor.start_over("test")
    assert aborted == [True]
