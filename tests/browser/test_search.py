"""The library's search box: rows of all recordings, opened and played where they are, and kept as rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_page import start
from tests.browser.test_workbench import media  # noqa: F401  # a fixture
from tests.media import babble, write_wav
from tests.ui.ui_script import CALL, SETTINGS, call_or_meeting

BOX = ".svw-library > input[type=search]"


@pytest.fixture
def library(live_app: Any, page_zh: Any, media: Path, tmp_path: Path) -> Any:  # noqa: F811
    """A page with two recordings, of which a meeting is open."""
    url = live_app(call_or_meeting(media.name), SETTINGS)
    page = page_zh(url)
    for path in (media, write_wav(tmp_path / "会议.wav", babble(1.0, -22.0))):
        page.goto(url)
        start(page, path)
        expect(page.locator("#sv-summary p")).to_be_visible()
    expect(page.locator(".svw-job")).to_have_count(2)
    return page


def test_rows_of_all_recordings_are_found_opened_and_played(library: Any) -> None:
    page, results = library, library.locator(".svw-result")
    expect(page.locator(".svw-title")).to_have_text("会议.wav")
    page.fill(BOX, "几天 情绪:愤怒 -测试")  # a pause is enough
    expect(results).to_have_count(1)
    expect(page.locator(".svw-found [role=status]")).to_have_text("1 处，1 个录音")
    expect(results.locator("mark")).to_have_text("几天")
    expect(results.locator(".svw-near")).to_have_text([CALL[1].text, CALL[3].text])
    expect(page.locator(".svw-found h3")).to_contain_text("客服通话.wav")
    page.click("[data-cut=found]")
    expect(page.locator("#sv-toasts .svw-stays")).to_contain_text("剪好了：1 段", timeout=60_000)
    assert page.locator("#sv-toasts [data-cut=file]").get_attribute("download") == "客服通话.reel.zip"
    page.press(BOX, "ArrowDown")
    expect(results).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".svw-title")).to_have_text("客服通话.wav")
    expect(page.locator(".svw-line.svw-now")).to_contain_text(CALL[2].text)
    expect(page.locator("#svw-rows")).to_be_visible()
    assert "job=" in page.url
    page.fill(BOX, "情绪:饿")
    page.press(BOX, "Enter")
    expect(page.locator(".svw-found .svw-bad")).to_contain_text("“饿”。可用：开心")
    page.fill(BOX, "青蛙")
    page.press(BOX, "Enter")
    expect(page.locator(".svw-found [role=status]")).to_contain_text("没有找到。可以这样查：退款 情绪:愤怒")
    expect(page.locator(".svw-job")).to_have_count(0)
    page.press(BOX, "Escape")
    expect(page.locator(".svw-found")).to_be_hidden()
    expect(page.locator(".svw-job")).to_have_count(2)


def test_a_search_is_kept_as_a_rule_that_counts_everywhere(library: Any) -> None:
    page = library
    page.fill(BOX, "情绪:愤怒")
    page.press(BOX, "Enter")
    expect(page.locator(".svw-result")).to_have_count(1)
    page.click("text=存为规则")
    page.fill("[aria-label=规则名称]", "生气")
    page.keyboard.press("Enter")
    chip = page.locator(".svw-rules .svw-chip")
    expect(chip).to_have_text("生气 1")
    page.press(BOX, "Escape")
    expect(page.locator(".svw-job", has_text="客服通话")).to_contain_text("生气 1")
    expect(page.locator(".svw-job", has_text="会议")).not_to_contain_text("生气")
    page.click("text=所有录音对比")
    heading = page.locator(".svw-compare th button", has_text="生气")
    heading.click()
    expect(heading).to_have_text("生气 ↓")
    expect(page.locator(".svw-compare tbody tr").first.locator("td").last).to_have_text("1")
    page.keyboard.press("Escape")
    chip.click()
    expect(page.locator(BOX)).to_have_value("情绪:愤怒")
    expect(page.locator(".svw-result")).to_have_count(1)
    page.click("[aria-label='删除 生气']")
    expect(chip).to_have_count(0)
    page.click(".svw-toast >> text=撤销")
    expect(chip).to_have_text("生气 1")
    page.reload()
    expect(chip).to_have_text("生气 1", timeout=30_000)  # the whole page starts anew
