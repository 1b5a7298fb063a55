"""The real program dies in the middle of a job, or is asked to end: nothing that was finished is lost."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from sensevoice.audio.source import open_audio
from sensevoice.formats import render_view
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import transcribe
from tests.browser.program import Program
from tests.conftest import SAMPLES
from tests.media import write_wav

TIMES = 40
"""The customer call so often is a quarter of an hour: long enough to be caught in the middle."""


@pytest.fixture(scope="module")
def long_call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with open_audio(SAMPLES["customer_call"].path) as source:
        call = np.concatenate([block[0] for block in source.blocks()])
    pause = np.zeros(3 * 16_000, np.float32)  # too long to be joined across
    return write_wav(
        tmp_path_factory.mktemp("long") / "long call.wav", np.tile(np.concatenate([call, pause]), TIMES)
    )


def start_job(program: Program, browser: Any, recording: Path) -> tuple[Any, str]:
    """Return a page in the middle of a job, and the address that shows the job."""
    page = browser.new_context(locale="zh-CN").new_page()
    page.goto(program.address)
    page.set_input_files("#sv-file input[type=file]", str(recording))
    page.wait_for_selector(f"#sv-file >> text={recording.stem}", timeout=60_000)
    page.click("#sv-start")
    page.wait_for_function("document.querySelector('#sv-text textarea').value.split('\\n').length >= 8")
    return page, page.url


@pytest.fixture(scope="module")
def whole(long_call: Path, demo_recognizer: FunasrRecognizer) -> str:
    """The transcript of a run that nothing disturbed, with the page's settings."""
    return render_view(transcribe(long_call, demo_recognizer, Options(speakers="auto")), "tagged")


def expect_the_whole(browser: Any, address: str, whole: str) -> None:
    page = browser.new_context(locale="zh-CN").new_page()
    page.goto(address)
    expect(page.locator("#sv-summary")).to_contain_text("用时", timeout=120_000)
    assert page.input_value("#sv-text textarea") == whole
    page.context.close()


def test_a_killed_program_comes_back_and_finishes_its_job(
    program: Program, browser: Any, long_call: Path, whole: str
) -> None:
    page, address = start_job(program, browser, long_call)
    assert "job=" in address
    program.kill_inner()
    killed_s = time.monotonic()
    time.sleep(0.5)
    page.context.close()  # not later: Chromium did once not close a page that was loading itself anew
    program.wait()
    assert time.monotonic() - killed_s < 60
    expect_the_whole(browser, address, whole)
    assert "SIGKILL" in program.output()


def test_asked_to_end_it_saves_the_job_and_the_next_start_finishes_it(
    program: Program, browser: Any, long_call: Path, whole: str
) -> None:
    page, address = start_job(program, browser, long_call)
    asked_s = time.monotonic()
    assert program.end(signal.SIGTERM) == 0
    assert time.monotonic() - asked_s < 30
    page.context.close()
    program.start_again()
    expect_the_whole(browser, address, whole)
    assert "Traceback" not in program.output()
