"""`sensevoice download`: what was fetched is named, and what went wrong is the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sensevoice.cli import download
from sensevoice.errors import ModelFileDamaged
from sensevoice.models.sources import files, hub
from sensevoice.runtime import environment


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    def find(name: str, hub_name: str, cache: str | None, **_: Any) -> Path:
        asked.append((name, hub_name))
        return Path("/models") / name

    monkeypatch.setattr(environment, "prepare", lambda: ["a notice"])
    monkeypatch.setattr(hub, "find_model", find)
    monkeypatch.setattr(files, "verify", lambda *_, **__: None)
    return asked


def test_the_three_models_are_named(
    nothing_is_fetched: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert download.main(["--hub", "hf", "--vad-model", "mine"]) == 0
    assert nothing_is_fetched == [
        (hub.DEFAULT_MODEL, "hf"), ("mine", "hf"), (hub.DEFAULT_SPEAKER_MODEL, "hf"),
    ]  # fmt: skip
    said = capsys.readouterr().out
    assert "a notice" in said and said.count("whole / 完整: /models/") == 3


def test_a_damaged_file_ends_it_with_its_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def damaged(directory: Path, **_: Any) -> None:
        raise ModelFileDamaged(path=directory, file="model.pt", reason="SHA-256")

    monkeypatch.setattr(files, "verify", damaged)
    assert download.main([]) == ModelFileDamaged.exit_code
    said = capsys.readouterr()
    assert "model.pt" in said.err and "whole" not in said.out


def test_ctrl_c_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(hub, "find_model", interrupted)
    assert download.main([]) == 130
    assert "再次运行会接着下载" in capsys.readouterr().out
