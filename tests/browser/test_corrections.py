"""Corrections as people make them: by keyboard, taken back in order, and never over somebody else's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sensevoice.transcript import Segment, Span, Transcript, Word
from tests.browser.test_page import start, wait_until
from tests.browser.test_workbench import ROWS, media, row, show  # noqa: F401  # a fixture
from tests.ui.ui_script import CALL, CALL_MS, MODEL, SETTINGS, Script


def with_words(segment: Segment) -> Segment:
    """Return a row of which each character is a word, of the same length."""
    if not segment.text:
        return segment
    step = segment.span.duration_ms // len(segment.text)
    start_ms = segment.span.start_ms
    words = (
        Word(char, Span(start_ms + at * step, start_ms + (at + 1) * step))
        for at, char in enumerate(segment.text)
    )
    return replace(segment, words=tuple(words))


ROWS_WITH_WORDS = tuple(map(with_words, CALL))


@pytest.fixture
def url(live_app: Any) -> str:
    items = [*ROWS_WITH_WORDS, Transcript("a.wav", CALL_MS, ROWS_WITH_WORDS, model=MODEL)]
    address: str = live_app(Script(items), SETTINGS)
    return address


@pytest.fixture
def done(url: str, page_zh: Any, media: Path) -> Any:  # noqa: F811
    page = page_zh(url)
    start(page, media)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    show(page, "rows")
    page.evaluate("HTMLMediaElement.prototype.play = () => Promise.resolve()")
    return page


def texts(page: Any) -> list[str]:
    return [str(text) for text in page.locator(f"{ROWS} .svw-text").all_inner_texts() if text]


def playing_at_s(page: Any) -> float:
    return float(page.evaluate("document.querySelector('.svw audio').currentTime"))


def test_a_name_is_replaced_everywhere_with_one_step_back_and_forth_by_keys(done: Any) -> None:
    before = texts(done)
    done.fill(".svw-filter input[type=search]", "您")
    assert done.evaluate("CSS.highlights.get('sv-hit').size") == 3
    done.click(".svw-filter >> text=替换")
    done.keyboard.type("你")
    done.keyboard.press("Tab")
    expect(done.locator(".svw-replace button")).to_have_text("全部替换（3）")
    done.keyboard.press("Enter")
    expect(done.locator(".svw-toast")).to_contain_text("已替换 2 段")
    after = [text.replace("您", "你") for text in before]
    wait_until(lambda: [text.replace(" 已修改", "") for text in texts(done)] == after)
    wait_until(lambda: "您" not in done.input_value("#sv-text textarea"))
    done.locator(ROWS).first.focus()
    done.keyboard.press("Control+z")
    expect(done.locator(".svw-toast").last).to_contain_text("已撤销：替换（2 段）")
    wait_until(lambda: texts(done) == before)
    done.keyboard.press("Control+Shift+Z")
    expect(done.locator(".svw-toast").last).to_contain_text("已重做：替换（2 段）")
    wait_until(lambda: "您" not in done.input_value("#sv-text textarea"))


def test_changes_are_taken_back_in_order_and_then_there_is_nothing_more(done: Any) -> None:
    before = texts(done)
    for old, new in (("好的，谢谢！", "好的，多谢！"), ("您好", "您好吗")):
        row(done, old).focus()
        done.keyboard.press("e")
        done.fill(".svw-edit textarea", new)
        done.keyboard.press("Control+Home")
        done.click(".svw-edit >> text=保存")
        expect(done.locator(".svw-edit")).to_be_hidden()
    for _ in range(2):
        done.click(".svw-bar [aria-label=撤销]")
        done.wait_for_timeout(200)
    wait_until(lambda: texts(done) == before)
    done.click(".svw-bar [aria-label=撤销]")
    expect(done.locator(".svw-toast").last).to_contain_text("没有可撤销的修改")
    done.click(".svw-bar [aria-label=重做]")
    expect(row(done, "好的，多谢！")).to_have_count(1)


def test_rows_of_a_job_that_ends_while_it_is_opened_can_be_changed_as_soon_as_they_offer_it(
    done: Any, page_zh: Any, url: str
) -> None:
    """The page asks for the job and for its rows at once, and the end may lie between the two answers."""
    page = page_zh(url)
    asked: list[str] = []

    def running_at_first(route: Any) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            answer = route.fetch()
            route.fulfill(response=answer, json=answer.json() | {"state": "running", "version": 0})
        else:
            page.wait_for_timeout(500)  # in which nothing may be offered that would be refused
            route.continue_()

    page.route("**/segments?*", running_at_first)
    page.click(".svw-job .svw-name")
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    show(page, "rows")
    row(page, "您好").focus()
    page.keyboard.press("e")
    page.fill(".svw-edit textarea", "您好吗")
    page.click(".svw-edit >> text=保存")
    expect(row(page, "您好吗")).to_contain_text("已修改")
    expect(page.locator(".svw-problem")).to_be_hidden()


def test_enter_saves_and_goes_on_escape_restores_and_a_row_is_split_and_joined(done: Any) -> None:
    row(done, "这都第几天了").focus()
    done.keyboard.press("e")
    done.keyboard.press("End")
    done.keyboard.type("啊")
    done.keyboard.press("Enter")
    expect(row(done, "这都第几天了？啊")).to_have_count(1)
    expect(done.locator(".svw-edit textarea")).to_have_value(CALL[3].text)
    done.keyboard.type("不要")
    done.keyboard.press("Escape")
    expect(done.locator(".svw-edit")).to_be_hidden()
    expect(row(done, CALL[3].text)).to_be_focused()
    done.keyboard.press("e")
    done.evaluate("document.querySelector('.svw-edit textarea').setSelectionRange(5, 5)")
    done.keyboard.press("Control+Enter")
    wait_until(lambda: "非常抱歉，" in texts(done)[3] and "系统显示" in texts(done)[4])
    expect(row(done, "系统显示").locator(".svw-time")).to_have_text("0:12")
    row(done, "非常抱歉，").focus()
    done.keyboard.press("e")
    done.click(".svw-edit >> text=与下一段合并")
    expect(row(done, CALL[3].text)).to_have_count(1)
    for _ in range(3):
        done.click(".svw-bar [aria-label=撤销]")
        done.wait_for_timeout(200)
    wait_until(lambda: texts(done) == [each.text for each in CALL if each.text])


def test_what_was_changed_elsewhere_is_told_and_not_overwritten(done: Any, url: str, page_zh: Any) -> None:
    other = page_zh(done.url)
    show(other, "rows")
    expect(other.locator(ROWS)).to_have_count(len(CALL))
    row(done, "好的").focus()
    done.keyboard.press("e")
    done.fill(".svw-edit textarea", "我的版本")
    for old, new in (("您好", "别的一段"), ("好的", "别人的版本")):
        row(other, old).focus()
        other.keyboard.press("e")
        other.fill(".svw-edit textarea", new)
        other.click(".svw-edit >> text=保存")
        expect(row(other, new)).to_have_count(1)
    done.click(".svw-edit >> text=保存")
    expect(done.locator(".svw-problem")).to_contain_text("这一段刚在别处改过")
    expect(row(done, "别人的版本")).to_have_count(1)
    expect(done.locator(".svw-edit textarea")).to_have_value("我的版本")
    done.click(".svw-edit >> text=保存")
    expect(row(done, "我的版本")).to_have_count(1)
    expect(row(done, "别的一段")).to_have_count(1)


def test_what_was_typed_survives_a_reload(done: Any) -> None:
    row(done, "好的").focus()
    done.keyboard.press("e")
    done.keyboard.press("End")
    done.keyboard.type("还没保存")
    done.reload()
    expect(done.locator(ROWS)).to_have_count(len(CALL))
    row(done, "好的").focus()
    done.keyboard.press("e")
    expect(done.locator(".svw-edit textarea")).to_have_value("好的，谢谢！还没保存")
    expect(done.locator(".svw-edit [role=status]")).to_contain_text("已恢复")


def test_a_click_on_a_word_plays_it_and_the_word_that_is_said_is_marked(done: Any) -> None:
    text = row(done, "我上周下的单").locator(".svw-text")
    box = text.bounding_box()
    done.mouse.click(box["x"] + box["width"] * 0.52, box["y"] + box["height"] / 2)
    middle_s = (CALL[1].span.start_ms + CALL[1].span.duration_ms / 2) / 1000
    wait_until(lambda: abs(playing_at_s(done) - middle_s) < 0.6)
    marked = "[...CSS.highlights.get('sv-word')].map((range) => range.toString())"
    wait_until(lambda: len(done.evaluate(marked)) == 1)
    assert done.evaluate(marked)[0] in CALL[1].text


def test_text_can_be_selected_without_playing_it(done: Any) -> None:
    box = row(done, "我上周下的单").locator(".svw-text").bounding_box()
    done.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    done.mouse.down()
    done.mouse.move(box["x"] + 80, box["y"] + box["height"] / 2, steps=4)
    done.mouse.up()
    assert str(done.evaluate("String(getSelection())")).startswith("我上")
    assert playing_at_s(done) == 0


def test_the_keyboard_reaches_every_control_and_plays(done: Any) -> None:
    """Tab goes through the page to its last control; the list is one stop."""
    stops: list[str] = []
    done.locator(".svw-tab[aria-selected=true]").focus()
    for _ in range(60):
        done.keyboard.press("Tab")
        stop = done.evaluate(
            "(document.activeElement.closest('[id^=sv-]')?.id ?? '') + ' ' + document.activeElement.className"
        )
        stops.append(str(stop))
        if "svw-zoom-all" in stop:
            break
    assert "svw-zoom-all" in stops[-1], stops
    assert sum("svw-line" in stop for stop in stops) == 1, stops
    done.locator(ROWS).nth(1).focus()
    done.keyboard.press("ArrowDown")
    done.keyboard.press("Enter")
    wait_until(lambda: abs(playing_at_s(done) - 9.3) < 0.3)
    expect(row(done, "这都第几天了")).to_be_focused()
    done.keyboard.press("ArrowRight")
    wait_until(lambda: abs(playing_at_s(done) - 14.3) < 0.5)
    done.keyboard.press("x")
    expect(row(done, "这都第几天了").get_by_role("checkbox")).to_be_checked()
    done.keyboard.press("?")
    expect(done.locator(".svw-help")).to_be_visible()
    expect(done.locator(".svw-help dt")).to_have_count(11)
    done.keyboard.press("Escape")
    expect(done.locator(".svw-help")).to_be_hidden()


def test_the_axis_is_zoomed_by_wheel_and_buttons(done: Any) -> None:
    ticks = done.locator(".svw-map .svw-ticks span")
    expect(ticks.first).to_have_text("0:00")
    expect(done.locator(".svw-overview")).to_be_hidden()
    done.locator(".svw-wave").hover(position={"x": 500, "y": 20})
    for _ in range(12):
        done.mouse.wheel(0, -200)
    expect(done.locator(".svw-overview")).to_be_visible()
    expect(ticks).to_have_count(5, timeout=5_000)
    done.locator(".svw-wave").click(position={"x": 2, "y": 20})
    assert 5 < playing_at_s(done) < 11, "what is clicked is where the axis says"
    done.click(".svw-zoom-all")
    expect(done.locator(".svw-overview")).to_be_hidden()
    done.locator(".svw-wave").click(position={"x": 2, "y": 20})
    wait_until(lambda: playing_at_s(done) < 0.2)


def test_the_axis_is_zoomed_and_moved_by_fingers(done: Any) -> None:
    """Real touches, as a phone sends them."""
    box = done.locator(".svw-wave").bounding_box()
    fingers = done.context.new_cdp_session(done)

    def touch(kind: str, *shares: float) -> None:
        points = [{"x": box["x"] + share * box["width"], "y": box["y"] + 20} for share in shares]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    done.evaluate("HTMLMediaElement.prototype.play = () => Promise.resolve()")
    touch("touchStart", 0.4, 0.6)
    for apart in (0.25, 0.35, 0.4):
        touch("touchMove", 0.5 - apart, 0.5 + apart)
    touch("touchEnd")
    ticks = done.locator(".svw-map .svw-ticks span")
    expect(done.locator(".svw-overview")).to_be_visible()
    expect(ticks.first).to_have_text("0:09")
    touch("touchStart", 0.9)
    for at in (0.6, 0.3, 0.1):
        touch("touchMove", at)
    touch("touchEnd")
    expect(ticks.first).to_have_text("0:13")
    assert playing_at_s(done) == 0, "what was moved was not tapped"


@pytest.mark.parametrize("size", [{"width": 1100, "height": 600}, {"width": 390, "height": 420}])
def test_the_list_follows_until_it_is_scrolled_and_again_when_told(done: Any, size: dict[str, int]) -> None:
    done.set_viewport_size(size)  # on a phone it is the page that scrolls
    done.locator(ROWS).first.focus()
    done.keyboard.press("Enter")
    done.locator(ROWS).nth(1).hover()
    done.mouse.wheel(0, 2000)
    expect(done.locator(".svw-back")).to_be_in_viewport()
    expect(done.locator(ROWS).first).not_to_be_in_viewport()
    done.click(".svw-back")
    expect(done.locator(".svw-back")).to_be_hidden()
    expect(done.locator(ROWS).first).to_be_in_viewport()


def test_what_a_screen_reader_is_told_of_a_recording(done: Any) -> None:
    expect(done.locator("#sv-bar")).to_match_aria_snapshot(
        """
        - heading "客服通话.wav" [level=2]
        - button "重命名"
        - button "保留 客服通话.wav"
        - status: "客服通话.wav: 完成"
        - button "撤销"
        - button "重做"
        - group: 复制 ▾
        - group: 导出 ▾
        - button "键盘快捷键"
        - tablist "视图":
          - tab "文本"
          - tab "逐句" [selected]
          - tab "概览"
          - tab "质量"
        """
    )
    expect(done.locator("#svw-rows")).to_match_aria_snapshot(
        """
        - tabpanel "逐句":
          - group "筛选":
            - group "情绪":
              - button "愤怒 1"
              - button "开心 1"
            - group "声音":
              - button "背景音乐 1"
          - searchbox "查找"
          - grid "逐句":
            - rowgroup
            - rowgroup:
              - row:
                - gridcell
                - gridcell:
                  - button "播放 0:00"
                - gridcell "您好，请问有什么可以帮您？"
                - gridcell
                - gridcell:
                  - checkbox "选择 0:00"
                  - button "修改 0:00"
        """
    )
    expect(done.locator("#sv-dock")).to_match_aria_snapshot(
        """
        - button "播放"
        - button "后退 5 秒"
        - button "前进 5 秒"
        - combobox "播放速度"
        - slider "音量"
        - button "缩小"
        - button "放大"
        - button "全部"
        - img "波形与时间轴：点击跳转，滚轮或两指缩放"
        """
    )
    expect(done.locator("#sv-library")).to_match_aria_snapshot(
        """
        - heading "录音库 1" [level=2]
        - list "录音库":
          - listitem:
            - checkbox "选择 客服通话.wav"
            - button "客服通话.wav"
            - button "保留 客服通话.wav"
            - button "删除 客服通话.wav"
        """
    )
    show(done, "overview")
    expect(done.locator("#svw-overview")).to_match_aria_snapshot(
        """
        - tabpanel "概览":
          - heading "关键片段" [level=3]
          - button "愤怒 1" [pressed]
          - list:
            - listitem:
              - button "播放 0:09 愤怒"
              - strong: 愤怒
          - heading "通话卡" [level=3]
          - table:
            - rowgroup:
              - row "说话人 说话占比 语速 情绪 何时转为愤怒"
        """
    )
