"""What a newcomer does: start the program, open the page, drop in a file, read the transcript.

The real program in its own process, the bundled model, a real browser; and the same three
recordings through the page, the API and the folder script, which must agree to the letter.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.program import Program
from tests.conftest import GOLDEN, ROOT, SAMPLES


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text("utf-8").strip()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """(address, file with all it printed) of the started program."""
    started = Program(tmp_path_factory.mktemp("program"))
    try:
        started.wait()
        yield started.address, started.printed
        assert started.end() == 0
    finally:
        started.kill()
    assert "Traceback" not in started.output()


def test_what_the_program_prints_in_order(program: tuple[str, Path]) -> None:
    address, printed = program
    port = address.rpartition(":")[2]
    time.sleep(1)
    lines = printed.read_text("utf-8")
    wanted = [
        r"torch 2\.", rf"open / 打开: http://127\.0\.0\.1:{port}\n", r"being loaded / 页面已可打开",
        rf"ssh -L {port}:127\.0\.0\.1:{port} -p <ssh port> \S+@\S+",
        rf"ssh -Nf -L {port}:127\.0\.0\.1:{port}", r"--auth user:password",
        r"device / 设备: ", r"demonstration model", r"models ready in .* \d+\.\d s",
        rf"ready / 就绪: http://127\.0\.0\.1:{port}\n",
    ]  # fmt: skip
    places = [re.search(pattern, lines) for pattern in wanted]
    assert all(places), lines
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts), lines


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_gives_the_golden_transcript(
    name: str, program: tuple[str, Path], open_page: OpenPage, screenshot: Callable[[Any, str], Path]
) -> None:
    page = open_page(program[0])
    page.locator("input[type=file]").first.set_input_files(SAMPLES[name].path)
    expect(page.get_by_text(SAMPLES[name].path.stem).first).to_be_visible()
    page.get_by_role("button", name="开始 AI 识别").click()
    expect(page.locator("#sv-text textarea")).to_have_value(golden(name), timeout=60_000)
    expect(page.locator("#sv-summary")).to_contain_text("用时")
    screenshot(page, f"demo-{name}")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_api_gives_the_golden_transcript(name: str, program: tuple[str, Path]) -> None:
    client = Client(program[0], verbose=False)
    record = client.predict(audio=handle_file(SAMPLES[name].path), language="auto", api_name="/transcribe")
    assert record["text"].strip() == golden(name)
    assert record["schema_version"] == 1
    assert record["model"]["demo"] is True


def test_the_folder_script_gives_the_golden_transcripts(tmp_path: Path) -> None:
    folder = tmp_path / "录音 (1)"
    folder.mkdir()
    for sample in SAMPLES.values():
        shutil.copy(sample.path, folder)
    script = [
        sys.executable,
        str(ROOT / "scripts/batch_transcribe.py"),
        str(folder),
        "-o",
        "results.txt",
        "--demo",
    ]
    subprocess.run(script, check=True, cwd=tmp_path, capture_output=True)
    written = (tmp_path / "results.txt").read_text("utf-8")
    paths = sorted(sample.path for sample in SAMPLES.values())
    assert written == "".join(f"=== {path.name} ===\n{golden(path.stem)}\n\n" for path in paths)
