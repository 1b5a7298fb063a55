"""Hotwords on the page: the field is kept, what they changed is listed and taken back at a click."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from sensevoice.transcript import Replacement, Transcript
from tests.browser.test_page import start
from tests.browser.test_workbench import media, show  # noqa: F401  # a fixture
from tests.ui.ui_script import CALL, CALL_MS, MODEL, SETTINGS, Script

ROWS = (
    replace(
        CALL[0], text="您好，请问李清照在吗？", terms=(Replacement("里清赵", "李清照", 5, 0.95, "sound"),)
    ),
    replace(
        CALL[1],
        text="我用 PyTorch，他用会意。",
        terms=(
            Replacement("派 torch", "PyTorch", 3, 0.42, "decoding"),
            Replacement("会意", "惠仪", 13, 0.98, "sound", applied=False),
        ),
    ),
)


def test_terms_are_listed_and_taken_back_one_by_one_or_all(
    live_app: Any,
    page_zh: Any,
    media: Path,  # noqa: F811
) -> None:
    script = Script([*ROWS, Transcript("a.wav", CALL_MS, ROWS, model=MODEL)])
    page = page_zh(live_app(script, SETTINGS))
    page.click("#sv-settings > button")
    page.locator("#sv-hotwords textarea").fill("# 名字\n李清照\nPyTorch")
    start(page, media)
    show(page, "quality")
    panel = page.locator(".svw-terms")
    expect(panel.locator("h3").first).to_have_text("替换的词（2）")
    assert script.runs[0][1].hotwords == ("李清照", "PyTorch")
    expect(panel.locator("li")).to_have_count(3)
    expect(panel.locator("li").nth(1)).to_contain_text("派 torch → PyTorch")
    expect(panel.locator("li").nth(1)).to_contain_text("解码时，得分 0.42")
    panel.get_by_role("button", name="撤销 里清赵 → 李清照").click()
    expect(panel.locator("h3").first).to_have_text("替换的词（1）")
    panel.get_by_role("button", name="采用 会意 → 惠仪").click()
    expect(panel.locator("h3").first).to_have_text("替换的词（2）")
    panel.get_by_role("button", name="全部撤销").click()
    expect(panel.locator("h3").first).to_have_text("替换的词（0）")
    show(page, "text")
    text = page.locator("#sv-text textarea")
    page.wait_for_function("() => document.querySelector('#sv-text textarea').value.includes('派 torch')")
    assert "请问里清赵在吗" in text.input_value() and "他用会意" in text.input_value()


def test_terms_can_be_taken_back_as_soon_as_the_recording_has_ended(
    live_app: Any,
    page_zh: Any,
    media: Path,  # noqa: F811
) -> None:
    """Until then they are shown, and nothing is offered that would be refused."""
    script = Script([*ROWS, Transcript("a.wav", CALL_MS, ROWS, model=MODEL)], hold_after=2)
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    show(page, "quality")
    back = page.locator(".svw-terms").get_by_role("button", name="撤销 里清赵 → 李清照")
    expect(back).to_be_disabled()
    expect(back).to_have_attribute("title", "识别完成后可以修改。")
    script.go.set()
    expect(back).to_be_enabled()
    back.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".svw-terms h3").first).to_have_text("替换的词（1）")
    expect(page.locator(".svw-terms").get_by_role("button", name="采用 里清赵 → 李清照")).to_be_focused()
