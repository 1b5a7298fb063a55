"""`sensevoice check` from end to end with the bundled model: both contestants, the report, and faults."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from sensevoice.cli import check
from sensevoice.cli.check import machine, report, rounds
from sensevoice.errors import StartupError
from sensevoice.runtime import environment

ROOT = Path(__file__).resolve().parents[2]

ROW = {"file": "zh.mp3", "ours": "<|zh|>开饭", "funasr": "<|zh|>开饭", "ours_fp32": "<|zh|>开饭"}


@pytest.mark.slow
def test_the_whole_check_with_the_bundled_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "prepare", list)  # of this process; the contestants have their own
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    line = f"--demo --device cpu --long-s 12 --files 2 --rounds 1 --out {tmp_path / 'out'}"
    code = check.main(line.split())
    done = capsys.readouterr()
    assert code == 0, done.err
    figures = json.loads((tmp_path / "out" / "sensevoice-check.json").read_text("utf-8"))
    assert figures["agrees"] and figures["agreement"]["ours_fp32"] == 0
    assert len(figures["shown"]) == 6 and all(row["funasr"].startswith("<|") for row in figures["shown"])
    assert figures["runs"] == {"ours": "cpu fp32", "funasr": "cpu fp32"}
    assert len(figures["tasks"]) == 4
    for task in figures["tasks"].values():
        assert all(seconds > 0 for seconds in (*task["median_s"].values(), *task["p95_s"].values()))
    assert all(value["resident_mb"] > 0 for value in figures["peak"].values())
    text = (tmp_path / "out" / "sensevoice-check.md").read_text("utf-8")
    assert text.strip() in done.out and "the same text in fp32" in text
    assert not list(tmp_path.glob("sensevoice-check-*")), "the recordings made for it are gone"


def figures_of(**changed: Any) -> dict[str, Any]:
    seconds = rounds.Seconds(10, {"ours": [1.0, 2.0, 9.0], "funasr": [4.0, 6.0, 8.0]})
    return {
        "machine": {"processor": "x"},
        "runs": {"ours": "cuda:0 bf16", "funasr": "cuda:0 fp32"},
        "shown": [ROW],
        "agreement": rounds._agreement([ROW]),
        "agrees": True,
        "start_to_text_s": {"ours": 3.0, "funasr": 9.0},
        "tasks": {"clip": rounds._summary(seconds)},
        "peak": {name: {"resident_mb": 700.0, "gpu_mb": 900.0} for name in rounds.NAMES},
        **changed,
    }


def test_medians_percentiles_and_ratios(tmp_path: Path) -> None:
    figures = figures_of()
    task = figures["tasks"]["clip"]
    assert (task["median_s"], task["p95_s"]["ours"]) == ({"ours": 2.0, "funasr": 6.0}, 9.0)
    assert (task["times_faster"], task["times_real_time"]) == (3.0, 5.0)
    written = report.write(tmp_path / "new", figures)
    assert [path.name for path in written] == ["sensevoice-check.md", "sensevoice-check.json"]
    assert "| clip | 2.00 s | 9.00 s | 6.00 s | 3.00 | 5 |" in written[0].read_text("utf-8")
    assert "GPU memory" in written[0].read_text("utf-8")


def test_other_text_is_said_first() -> None:
    row = {**ROW, "ours": "<|zh|>开饭吧", "ours_fp32": "<|zh|>开饭吧"}
    text = report.markdown(figures_of(agrees=False, shown=[row], agreement=rounds._agreement([row])))
    assert "OTHER TEXT in fp32" in text and "文字不同" in text and "50.00%" in text


def test_a_contestant_that_cannot_load_is_named(tmp_path: Path) -> None:
    plan = rounds.Plan((tmp_path, tmp_path), "cpu", "fp32", 1, 1.0)
    with pytest.raises(StartupError, match="funasr"):
        rounds.Worker("funasr", plan, "fp32")


@pytest.mark.parametrize("line", ["--rounds 0", "--device mps", "--model /no/such/model"])
def test_a_wrong_option_is_one_sentence(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(line.split()) != 0
    said = capsys.readouterr().err
    assert line.split()[1] in said and " / " in said and "Traceback" not in said


def test_the_machine_is_described() -> None:
    lines = machine.describe("cpu")
    assert all(lines.values()) and "torch" in lines["versions"] and "card" not in lines
    assert machine.describe("cuda:0")["card"]


def test_the_command_has_a_script_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert "sensevoice.cli.check" in (ROOT / "scripts" / "check.sh").read_text()
    with pytest.raises(SystemExit):
        check.main(["--help"], "sensevoice check")
    assert "sensevoice check" in capsys.readouterr().out
