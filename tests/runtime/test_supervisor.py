"""The process above the program: it starts a killed one again, and nothing else."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from sensevoice.runtime import supervisor
from tests.conftest import ROOT

ABOVE = (
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
    "from sensevoice.runtime import supervisor\nsupervisor.PAUSE_S = 0.0\n"
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
        "from sensevoice.runtime import supervisor\nsupervisor.end_with_the_supervisor()\n"
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


ON_A_TERMINAL = (
    f"import sys\nfrom pathlib import Path\nsys.path.insert(0, {str(ROOT)!r})\n"
    "from sensevoice.runtime import hangup, supervisor\n"
    "terminal = hangup.Terminal(Path(sys.argv[2])) if sys.argv[3] == 'stay' else None\n"
    "sys.exit(supervisor.supervise([sys.executable, '-c', *sys.argv[1:]], terminal=terminal))"
)

LIVES_ON = (
    f"import signal, sys, time\nfrom pathlib import Path\nsys.path.insert(0, {str(ROOT)!r})\n"
    "from sensevoice.runtime import hangup\n"
    "log, mark = Path(sys.argv[1]), Path(sys.argv[1] + '.mark')\n"
    "def end(*_): mark.with_suffix('.ended').touch(); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "terminal = hangup.Terminal(log)\n"
    "def gone(): terminal.leave(); hangup.echo('goes on'); mark.with_suffix('.gone').touch()\n"
    "hangup.on_hangup(gone)\n"
    "mark.touch()\n"
    "while not mark.with_suffix('.stop').exists(): time.sleep(0.02)\n"
    "print('still here', flush=True)\n"
)


def on_a_terminal(log: Path, choice: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a supervised program on a terminal of its own; return it and our end of the terminal."""
    ours, theirs = os.openpty()

    def take() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever started the tests may have had it ignored

    process = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, LIVES_ON, str(log), choice],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take,
    )
    os.close(theirs)
    return process, ours


def until_there(path: Path) -> None:
    end_s = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_a_closed_terminal_ends_nothing_and_messages_go_to_a_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process, terminal = on_a_terminal(log, "stay")
    until_there(tmp_path / "log.mark")
    os.close(terminal)  # as the end of an SSH connection does
    until_there(tmp_path / "log.gone")
    assert process.poll() is None
    (tmp_path / "log.stop").touch()
    assert process.wait(30) == 0
    assert log.read_text() == "goes on\nstill here\n" and log.stat().st_mode & 0o077 == 0


def test_a_closed_terminal_ends_the_program_cleanly_when_that_is_wanted(tmp_path: Path) -> None:
    process, terminal = on_a_terminal(tmp_path / "log", "end")
    until_there(tmp_path / "log.mark")
    os.close(terminal)
    assert process.wait(30) == 0
    assert (tmp_path / "log.ended").exists() and not (tmp_path / "log.gone").exists()


def test_a_program_whose_supervisor_died_before_it_could_ask_the_kernel_ends() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from sensevoice.runtime import supervisor; "
    code += "supervisor.end_with_the_supervisor(); print('here')"
    for above, there in ((str(os.getpid()), True), ("1", True), ("999999999", False)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, supervisor.BELOW_SUPERVISOR: above},
            capture_output=True,
        )
        assert (done.stdout == b"here\n") == there == (done.returncode == 0)
