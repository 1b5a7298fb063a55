"""The command `sensevoice`: every sub-command is found, from wherever it is started, with its own --help."""

from __future__ import annotations

import importlib
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sensevoice.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "sensevoice" / "demo" / "samples" / "customer_call.ogg"


def start(*command: object, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=directory,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_a_module_with_a_main(name: str) -> None:
    module = importlib.import_module(COMMANDS[name].module)
    assert list(inspect.signature(module.main).parameters) == ["argv", "prog"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_goes_by_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: sensevoice {name} ")


def test_help_lists_all_commands_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert name in out
        assert command.summary in out


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_what_is_no_command_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize(
    "script", ["app_sensevoice.py", "scripts/batch_transcribe.py", "scripts/download_models.py"]
)
def test_the_scripts_run_from_any_folder(script: str, tmp_path: Path) -> None:
    done = start(ROOT / script, "--help", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {Path(script).name} ")


@pytest.mark.parametrize("script", ["scripts/batch_transcribe.py", "scripts/download_models.py"])
def test_a_missing_package_is_a_sentence(script: str, tmp_path: Path) -> None:
    done = start("-S", ROOT / script, directory=tmp_path)
    assert done.returncode == 1
    assert "requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recording_is_transcribed_by_the_command(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    shutil.copy(SAMPLE, recordings)
    done = start(
        *(
            "-m",
            "sensevoice.cli.main",
            "transcribe",
            recordings,
            "-o",
            "out.txt",
            "--demo",
            "--device",
            "cpu",
        ),
        directory=tmp_path,
        PYTHONPATH=str(ROOT),
    )
    assert done.returncode == 0, done.stderr
    assert "这都第几天了？" in (tmp_path / "out.txt").read_text("utf-8")
