"""What is chosen or typed before the choice before it was answered, as on a busy machine or a slow line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sensevoice.formats import render_view
from tests.browser.test_page import choose_option, start
from tests.media import tone, write_wav
from tests.ui.ui_script import SETTINGS, Script, call


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "电话.wav", tone(440, 1))


@pytest.fixture
def hold() -> Callable[[Any], Callable[[], None]]:
    """Return a function that keeps the requests of gradio's events back, and returns what lets them go on."""

    def hold(page: Any) -> Callable[[], None]:
        held: list[Any] = []
        going_on: list[bool] = []

        def release() -> None:
            assert held
            going_on.append(True)
            for route in held:
                route.continue_()

        page.route(
            "**/gradio_api/run/**", lambda route: route.continue_() if going_on else held.append(route)
        )
        return release

    return hold


def test_the_last_view_is_shown(live_app: Any, page_zh: Any, recording: Path, hold: Any) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    start(page, recording)
    page.wait_for_selector("#sv-summary p")
    release = hold(page)
    choose_option(page, "#sv-view", "纯文本")
    choose_option(page, "#sv-view", "标签")
    page.click("#sv-labels >> text=英文")
    page.wait_for_timeout(200)
    release()
    expect(page.locator("#sv-text textarea")).to_have_value(render_view(call()[-1], "tagged", "en"))


def test_all_that_is_typed_is_remembered(live_app: Any, page_zh: Any, hold: Any) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    page.click("#sv-settings > button")
    typed = "Li Qingzhao, PyTorch"
    box = page.locator("#sv-hotwords textarea")
    release = hold(page)
    box.press_sequentially(typed)
    page.wait_for_timeout(200)
    with page.expect_response(lambda answer: typed in (answer.request.post_data or "")):
        release()
    page.wait_for_timeout(500)
    page.reload()
    page.click("#sv-settings > button")
    expect(box).to_have_value(typed)


def test_the_tab_that_is_open_is_where_the_recording_comes_from(
    live_app: Any, page_zh: Any, recording: Path, hold: Any
) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    with page.expect_response("**/gradio_api/run/**"):
        page.get_by_role("tab", name="麦克风").click()
    page.wait_for_timeout(200)
    release = hold(page)
    page.get_by_role("tab", name="上传文件").click()
    page.get_by_role("tab", name="麦克风").click()
    page.get_by_role("tab", name="上传文件").click()
    page.wait_for_timeout(200)
    release()
    page.wait_for_timeout(500)
    start(page, recording)
    page.wait_for_selector("#sv-summary p")
