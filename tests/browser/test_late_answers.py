"""Answers that come late: by then another row, or another recording, may be open.

The page is given its answers when the test says so, as behind a slow tunnel.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_corrections import done, row, texts, url  # noqa: F401  # fixtures
from tests.browser.test_page import start, wait_until
from tests.browser.test_workbench import ROWS, media, show  # noqa: F401  # a fixture
from tests.ui.ui_script import CALL

HOLDING = """() => {
  const ask = window.fetch;
  window.held = [];
  window.fetch = async (url, options) => {
    const late = window.holds && window.holds.test(`${options?.method ?? "GET"} ${url}`);
    const answer = await ask(url, options);
    if (late) await new Promise((go) => window.held.push(go));
    return answer;
  };
}"""

ROWS_ASKED = r"/^GET .*\/segments\?/"
DETAILS = r"/^GET .*\/sv\/jobs\/[^/?]+(\?sure=1)?$/"
CHANGE = r"/^PATCH .*\/segments\/\d+$/"


def hold(page: Any, which: str) -> None:
    """Keep answers back from now on: those whose method and address fit, as a JavaScript expression says."""
    page.evaluate(f"window.holds = {which}")


def no_more(page: Any, held: int = 1) -> None:
    """Wait until so many are kept back, and keep back no others."""
    wait_until(lambda: page.evaluate("window.held.length") == held)
    page.evaluate("window.holds = null")


def let_go(page: Any) -> None:
    page.evaluate("window.held.splice(0).forEach((go) => go())")
    page.wait_for_timeout(300)  # in which what came late may do harm


@pytest.fixture
def slow(done: Any) -> Any:  # noqa: F811
    done.evaluate(HOLDING)
    return done


@pytest.fixture
def two(done: Any, url: str, media: Path) -> Any:  # noqa: F811
    """A page with two recordings, of which the second is open."""
    done.goto(url)
    start(done, Path(shutil.copy(media, media.with_name("第二段.wav"))))
    expect(done.locator(".svw-job")).to_have_count(2)
    open_recording(done, "客服通话.wav")
    open_recording(done, "第二段.wav")
    show(done, "rows")
    done.evaluate(HOLDING)
    return done


def open_recording(page: Any, name: str) -> None:
    page.click(f".svw-name:has-text('{name}')")
    expect(page.locator(".svw-title")).to_have_text(name)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()


def edit(page: Any, old: str, new: str) -> None:
    row(page, old).focus()
    page.keyboard.press("e")
    page.fill(".svw-edit textarea", new)


def save(page: Any) -> None:
    page.click(".svw-edit >> text=保存")


@pytest.mark.parametrize("by", ["click", "Enter"])
def test_a_row_that_is_opened_while_another_is_saved_stays_open(slow: Any, by: str) -> None:
    hold(slow, DETAILS)
    edit(slow, "您好", "您好吗")
    save(slow) if by == "click" else slow.keyboard.press("Enter")
    expect(row(slow, "您好吗")).to_have_count(1)
    no_more(slow)
    edit(slow, "好的", "好的，多谢！")
    let_go(slow)
    expect(slow.locator(".svw-edit textarea")).to_have_value("好的，多谢！")
    save(slow)
    expect(row(slow, "好的，多谢！")).to_contain_text("已修改")


def test_the_focus_stays_where_somebody_has_gone_while_a_row_is_saved(slow: Any) -> None:
    """Else the next key opens the row that was left, and what is typed replaces its text."""
    hold(slow, DETAILS)
    edit(slow, "您好", "您好吗")
    save(slow)
    expect(row(slow, "您好吗")).to_have_count(1)
    no_more(slow)
    row(slow, "好的").focus()
    let_go(slow)
    expect(slow.locator(".svw-edit")).to_be_hidden()
    expect(row(slow, "好的")).to_be_focused()


def test_what_is_saved_twice_is_one_change(slow: Any) -> None:
    before = texts(slow)
    hold(slow, CHANGE)
    edit(slow, "您好", "您好吗")
    slow.dblclick(".svw-edit >> text=保存")
    expect(slow.locator(".svw-edit textarea")).not_to_be_editable()
    no_more(slow)
    let_go(slow)
    expect(slow.locator(".svw-edit")).to_be_hidden()
    expect(slow.locator(".svw-problem")).to_be_hidden()
    slow.click(".svw-bar [aria-label=撤销]")
    wait_until(lambda: texts(slow) == before)


def test_what_is_split_twice_is_split_once(slow: Any) -> None:
    hold(slow, r"/^POST .*\/split$/")
    row(slow, "非常抱歉").focus()
    slow.keyboard.press("e")
    slow.evaluate("document.querySelector('.svw-edit textarea').setSelectionRange(5, 5)")
    slow.dblclick(".svw-edit button[title*='Ctrl+Enter']")
    no_more(slow)
    let_go(slow)
    expect(slow.locator(ROWS)).to_have_count(len(CALL) + 1)
    expect(slow.locator(".svw-problem")).to_be_hidden()


def test_rows_of_an_earlier_version_that_come_late_replace_none(slow: Any) -> None:
    hold(slow, ROWS_ASKED)
    edit(slow, "您好", "您好吗")
    save(slow)
    no_more(slow)
    edit(slow, "好的", "好的，多谢！")
    save(slow)
    slow.wait_for_timeout(500)
    let_go(slow)
    expect(row(slow, "您好吗")).to_have_count(1)
    expect(row(slow, "好的，多谢！")).to_have_count(1)


def test_details_that_come_late_are_not_those_of_the_recording_that_is_open_now(two: Any) -> None:
    hold(two, DETAILS)
    two.check("text=隐藏不确定的标签")
    no_more(two)
    open_recording(two, "客服通话.wav")
    let_go(two)
    expect(two.locator(".svw-title")).to_have_text("客服通话.wav")
    edit(two, "您好", "您好吗")
    save(two)
    expect(row(two, "您好吗")).to_contain_text("已修改")
    open_recording(two, "第二段.wav")
    expect(row(two, CALL[0].text)).to_have_count(1)


def test_a_change_is_taken_back_where_it_was_made(two: Any) -> None:
    """What is said of a change goes with its recording, and with the next change."""
    for old, new in (("您好", "您好吗"), ("好的", "好的，多谢！")):
        edit(two, old, new)
        save(two)
        expect(two.locator(".svw-edit")).to_be_hidden()
    back = two.locator(".svw-toast .svw-undo")
    expect(back).to_have_count(1, timeout=3_000)  # by itself each would go after 8 s
    open_recording(two, "客服通话.wav")
    assert back.count() == 0


def test_whoever_leaves_the_name_for_a_field_can_type_there(done: Any) -> None:  # noqa: F811
    done.click(".svw-bar [aria-label=重命名]")
    done.keyboard.type("新名.wav")
    done.click(".svw-filter input[type=search]")
    done.keyboard.type("您好")
    expect(done.locator(ROWS)).to_have_count(1)
    expect(done.locator(".svw-title")).to_have_text("新名.wav")


def test_a_name_that_is_typed_is_that_of_the_recording_which_was_open(two: Any) -> None:
    two.click(".svw-bar [aria-label=重命名]")
    two.keyboard.type("新名.wav")
    two.go_back()
    expect(two.locator(".svw-title")).to_have_text("客服通话.wav")
    expect(two.locator(".svw-job .svw-name")).to_have_text(["新名.wav", "客服通话.wav"])
    expect(two.locator(".svw-naming")).to_be_hidden()
    expect(two.locator(ROWS)).to_have_count(len(CALL))
