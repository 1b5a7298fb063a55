"""The page while the models are still being loaded: it says so, takes jobs in, and changes by itself."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sensevoice.errors import ModelFileDamaged
from sensevoice.formats import render_view
from sensevoice.models.loading import ModelStatus
from sensevoice.progress import LoadStep
from tests.browser.program import Program
from tests.browser.test_page import choose, media, text_of  # noqa: F401  # a fixture
from tests.conftest import GOLDEN, SAMPLES
from tests.ui.ui_script import MODEL, READY, SETTINGS, Script, call, transcript

BEFORE = replace(MODEL, device="", precision="")


def loading(megabytes: int) -> ModelStatus:
    return ModelStatus("loading", BEFORE, LoadStep("download", megabytes * 1_000_000, 936_291_369))


class Models:
    """What the page is told, as the test sets it."""

    def __init__(self) -> None:
        self.status = loading(312)

    def __call__(self) -> ModelStatus:
        return self.status


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def open_loading(live_app: Any, models: Models) -> Any:
    """Return a function from a script to the address of a page whose models are being loaded."""
    return lambda script: live_app(script, replace(SETTINGS, model=models))


def test_the_status_changes_by_itself_and_a_job_begins_by_itself(
    open_loading: Any,
    live_app: Any,
    models: Models,
    page_zh: Any,
    media: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    page = page_zh(open_loading(Script(call())))
    status, notice = page.locator("#sv-status"), page.locator("#sv-notice")
    expect(status).to_have_text("iic/SenseVoiceSmall · 载入中：下载模型 312 / 936 MB")
    choose(page, media)
    page.click("#sv-start")
    expect(notice).to_contain_text("模型还在载入（下载模型 312 / 936 MB），好了会自动开始")
    assert not page.locator("#sv-samples").is_visible(), "they come with the model"
    models.status = loading(700)
    expect(status).to_contain_text("700 / 936 MB")
    (tmp_path / "example").mkdir()
    (tmp_path / "example" / "zh.mp3").write_bytes(b"x")
    models.status = replace(READY, directory=tmp_path)
    live_app.runners[0].resume()
    expect(status).to_have_text("iic/SenseVoiceSmall · cuda:0 · 就绪")
    expect(page.locator("#sv-summary")).to_contain_text("用时")
    assert text_of(page) == render_view(transcript(), "tagged")
    expect(page.locator("#sv-samples button:visible")).to_have_text(["中文"])
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()  # the page has seen the end
    page.wait_for_timeout(500)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == [], "nobody asks any more"


def test_a_waiting_job_is_cancelled_at_once(
    open_loading: Any,
    page_en: Any,
    media: Path,  # noqa: F811
) -> None:
    script = Script(call())
    page = page_en(open_loading(script))
    choose(page, media)
    page.click("#sv-start")
    expect(page.locator("#sv-notice")).to_contain_text(
        "The model is still loading (downloading 312 of 936 MB)"
    )
    page.click("#sv-cancel")
    expect(page.locator("#sv-notice")).to_contain_text("Cancelled")
    expect(page.locator("#sv-start")).to_be_visible()
    assert script.runs == []


def test_an_open_page_is_told_why_the_models_do_not_come(
    open_loading: Any,
    live_app: Any,
    models: Models,
    page_zh: Any,
    media: Path,  # noqa: F811
) -> None:
    page = page_zh(open_loading(Script(call())))
    choose(page, media)
    page.click("#sv-start")
    expect(page.locator("#sv-notice")).to_contain_text("模型还在载入")
    error = ModelFileDamaged(path="/models/SenseVoiceSmall", file="model.pt", reason="SHA-256")
    models.status = ModelStatus("failed", BEFORE, error=error)
    live_app.runners[0].fail_all(error)
    expect(page.locator("#sv-status")).to_have_text("iic/SenseVoiceSmall · 出错")
    expect(page.locator("#sv-notice [role=alert]")).to_have_text(error.message("zh"))


def test_the_program_itself_answers_before_its_models_are_there(tmp_path: Path) -> None:
    """The page and the API of a program that has just come up; the job is answered like any other."""
    from gradio_client import Client, handle_file

    program = Program(tmp_path)
    try:
        program.wait_for_page()
        early = "models ready in" not in program.output()
        with urllib.request.urlopen(program.address, timeout=30) as page:
            assert page.status == 200
        client = Client(program.address, verbose=False)
        record = client.predict(audio=handle_file(SAMPLES["talk_show"].path), api_name="/transcribe")
        assert record["text"].strip() == (GOLDEN / "talk_show.txt").read_text("utf-8").strip()
        assert early, program.output()
        assert program.end() == 0
    finally:
        program.kill()
    assert "Traceback" not in program.output()


def test_asked_to_end_while_it_loads_it_ends_at_once(tmp_path: Path) -> None:
    program = Program(tmp_path)
    try:
        program.wait_for_page()
        assert program.end() == 0
    finally:
        program.kill()
    assert "Traceback" not in program.output() and "stopped / 已停止" in program.output()
