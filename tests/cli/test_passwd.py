"""`sensevoice passwd`: logins are set, changed and removed, and what cannot be is a sentence."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sensevoice.access import accounts
from sensevoice.cli import passwd


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_login_is_set_changed_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "logins"
    for password in ("first-secret", "second-secret"):
        typed(monkeypatch, f"{password}\nmore\n")
        assert passwd.main([str(file), "ann"]) == 0
    typed(monkeypatch, "third-secret\n")
    assert passwd.main([str(file), "王芳"]) == 0
    logins = accounts.read_file(file)
    assert list(logins) == ["ann", "王芳"] and file.stat().st_mode & 0o077 == 0
    assert accounts.is_right("second-secret", logins["ann"])
    assert not accounts.is_right("first-secret", logins["ann"])
    assert passwd.main([str(file), "ann", "--remove"]) == 0
    assert list(accounts.read_file(file)) == ["王芳"]


@pytest.mark.parametrize(
    ("user", "password"), [("ann/x", "long-enough"), ("a b", "long-enough"), ("ann", "short")]
)
def test_what_nobody_may_have_is_refused_and_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    user: str,
    password: str,
) -> None:
    typed(monkeypatch, password + "\n")
    assert passwd.main([str(tmp_path / "logins"), user]) != 0
    said = capsys.readouterr().err
    assert ("user" in said or "password" in said) and "short" not in said
    assert not (tmp_path / "logins").exists()


def test_at_a_terminal_it_is_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    given = iter(["long-enough", "mistyped!", "long-enough", "long-enough"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(given))
    assert passwd.main([str(tmp_path / "logins"), "ann"]) != 0
    assert passwd.main([str(tmp_path / "logins"), "ann"]) == 0


def test_ctrl_c_while_typing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(passwd, "ask", interrupted)
    assert passwd.main([str(tmp_path / "logins"), "ann"]) == 130
