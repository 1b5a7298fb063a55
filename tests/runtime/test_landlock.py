"""What a process can still do once it has given up the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sensevoice.runtime import landlock
from tests.conftest import ROOT

TRIES = """
import socket, sys
from pathlib import Path
from sensevoice.runtime.landlock import confine

here = Path(sys.argv[1])
server = socket.create_server(("127.0.0.1", 0))
if not confine([here / "read", here / "file", here / "gone"], [here / "write"]):
    sys.exit(3)
tries = {
    "read": lambda: (here / "read" / "a").read_text(),
    "file": lambda: (here / "file").read_text(),
    "write": lambda: (here / "write" / "b").write_text("b"),
    "remove": lambda: (here / "write" / "b").unlink(),
    "other": lambda: (here / "other").read_text(),
    "overwrite": lambda: (here / "read" / "a").write_text("b"),
    "list": lambda: list(here.iterdir()),
    "environment": lambda: Path("/proc/self/environ").read_text(),
    "connect": lambda: socket.create_connection(server.getsockname(), timeout=5),
}
for name, attempt in tries.items():
    try:
        attempt()
        print(name)
    except PermissionError:
        pass
"""


def test_only_what_was_named_can_be_read_and_written(tmp_path: Path) -> None:
    for folder in ("read", "write"):
        (tmp_path / folder).mkdir()
    for name in ("read/a", "file", "other"):
        (tmp_path / name).write_text(name)
    done = subprocess.run(
        [sys.executable, "-c", TRIES, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    if done.returncode == 3:
        pytest.skip("this system has no Landlock")
    assert done.returncode == 0, done.stderr
    assert {"read", "file", "write", "remove"} == set(done.stdout.split()) - {"connect"}


def test_where_the_system_has_none_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "CREATE_RULESET", 100_000)  # no such call
    assert not landlock.confine([], [])
