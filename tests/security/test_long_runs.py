"""A sample of what takes an hour as a whole: faults and load, by the scripts that make docs/reliability.md.

Times and memory are for the whole runs on an idle machine; here nobody may be refused and nothing be lost.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.browser.conftest import free_port
from tests.conftest import ROOT


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script with a port of its own."""
    command = [sys.executable, str(ROOT / "scripts" / script), "--port", str(free_port()), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=400)


@pytest.mark.parametrize("fault", ["supervisor killed", "index deleted, emptied, overwritten"])
def test_no_row_is_lost_or_changed_by_a_fault(fault: str) -> None:
    done = run("fault_matrix.py", "--times", "1", "--minutes", "1", "--seed", "11", "--only", fault)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"| {fault} | 1 | 1 | 0 | 0 |" in done.stdout


@pytest.mark.parametrize("attack", ["cookies of 60,000", "recordings of 57 minutes, the visitor's own"])
def test_an_honest_visitor_is_answered_during_an_attack(attack: str) -> None:
    done = run("load_attack.py", "--seconds", "6", "--only", attack)
    assert done.returncode == 0 and "failed" not in done.stderr, done.stdout + done.stderr
    cells = done.stdout.splitlines()[-1].split(" | ")
    assert attack in cells[0] and int(cells[3]) >= 1, "recordings from upload to transcript"
