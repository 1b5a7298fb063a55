"""When something was said, and taking it along: charts, map, filter, key moments, channels."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from sensevoice.transcript import Event, Transcript
from tests.browser.test_page import start, text_of, wait_until
from tests.browser.test_workbench import ROWS, done, export, media, playing_at_s, row, show, write_film
from tests.conftest import CHROMIUM, CHROMIUM_ARGS
from tests.media import tone, write_wav
from tests.ui.ui_script import CALL, CALL_MS, MODEL, SETTINGS, Script, call, speech

__all__ = ["done", "media"]  # fixtures

SILENT = "HTMLMediaElement.prototype.play = () => Promise.resolve()"


def hover_in(page: Any, place: str, at_ms: int) -> None:
    box = page.locator(place).bounding_box()
    page.locator(place).hover(position={"x": box["width"] * at_ms / CALL_MS, "y": box["height"] - 3})


def line_at_ms(page: Any, line: str) -> float:
    """Return at which time a line stands, by where it is drawn."""
    box = page.locator(line).bounding_box()
    parent = page.locator(line).locator("xpath=..").bounding_box()
    return float((box["x"] - parent["x"]) / parent["width"] * CALL_MS)


def test_charts_are_read_with_the_map(done: Any) -> None:
    """They are narrower than the map: the same moment is marked in both, by what plays and by the cursor."""
    done.evaluate(SILENT)
    show(done, "overview")
    plots = done.locator("#svw-overview .svw-plot")
    expect(plots).to_have_count(2)
    hover_in(done, ".svw-timeline", 15_000)
    for chart in (0, 1):
        line = f"#svw-overview .svw-plot >> nth={chart} >> .svw-hover"
        assert line_at_ms(done, line) == pytest.approx(15_000, abs=200)
    hover_in(done, "#svw-overview .svw-plot >> nth=0", 5_000)
    assert line_at_ms(done, ".svw-track .svw-hover") == pytest.approx(5_000, abs=200)
    done.mouse.move(5, 5)
    expect(done.locator(".svw-track .svw-hover")).to_be_hidden()

    done.locator("#svw-overview .svw-course >> nth=1 >> rect >> nth=1").click()
    wait_until(lambda: abs(playing_at_s(done) - 10.0) < 0.1)
    assert line_at_ms(done, "#svw-overview .svw-plot >> nth=0 >> .svw-mark") == pytest.approx(10_000, abs=200)


def test_charts_are_told_in_words(done: Any) -> None:
    show(done, "overview")
    expect(done.locator("#svw-overview .svw-course")).to_have_count(2)
    moods, rate = done.locator("#svw-overview .svw-course").all()
    expect(moods).to_have_attribute(
        "aria-label", re.compile(r"愤怒最高 \d+ %（0:\d\d）；开心最高 \d+ %（0:\d\d）")
    )
    expect(rate).to_have_attribute("aria-label", re.compile(r"语速最高 \d+ 字/分钟（0:\d\d）"))
    titles = moods.locator("rect title").all_text_contents()
    assert any("愤怒" in title and "这都第几天了？" in title for title in titles)


def test_all_who_speak_at_once_are_marked(live_app: Any, page_zh: Any, media: Path) -> None:
    rows = (speech(0, 9_000, "说了很久"), speech(2_000, 3_000, "嗯"), speech(4_000, 6_000, "我也说"))
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    page.evaluate(SILENT)
    show(page, "rows")
    for at_s, said in (
        (2.5, ["说了很久", "嗯"]),
        (3.5, ["说了很久"]),
        (5.0, ["说了很久", "我也说"]),
        (9.5, []),
    ):
        page.evaluate("at_s => (document.querySelector('.svw audio').currentTime = at_s)", at_s)
        expect(page.locator(".svw-now .svw-text")).to_have_text(said)


def test_what_was_found_is_read_with_what_stands_beside_it(done: Any) -> None:
    done.evaluate(SILENT)
    done.fill(".svw-filter input[type=search]", "第几天")
    expect(done.locator(ROWS)).to_have_count(1)
    done.get_by_label("连同前后各一句").check()
    expect(done.locator(ROWS)).to_have_count(3)
    beside = [each.get_attribute("class") for each in done.locator(ROWS).all()]
    assert beside == ["svw-line svw-beside", "svw-line", "svw-line svw-beside"]
    expect(done.locator(".svw-filter [role=status]")).to_have_text("显示 1 / 6 段")
    done.locator(ROWS).first.click()  # what plays now was not looked for
    done.click("button[aria-label='下一处']")
    wait_until(lambda: abs(playing_at_s(done) - CALL[2].span.start_ms / 1000) < 0.3)
    done.locator(ROWS).nth(1).focus()
    for key, text in (("ArrowDown", "非常抱歉"), ("End", "非常抱歉"), ("Home", "我上周")):
        done.keyboard.press(key)
        expect(done.locator(":focus")).to_contain_text(text)
    done.reload()
    show(done, "rows")
    done.click(".svw-chip:has-text('愤怒')")
    expect(done.locator(ROWS)).to_have_count(3)  # the browser remembers it
    done.get_by_label("连同前后各一句").uncheck()
    expect(done.locator(ROWS)).to_have_count(1)


def test_what_several_chips_mean_is_said(done: Any) -> None:
    done.click(".svw-chip:has-text('愤怒')")
    done.click(".svw-chip:has-text('开心')")
    expect(done.locator(".svw-filter [role=status]")).to_have_text("显示 2 / 6 段 · 愤怒或开心")
    done.click(".svw-chip:has-text('背景音乐')")
    said = done.locator(".svw-filter [role=status]")
    expect(said).to_have_text(re.compile("显示 [01] / 6 段 · 愤怒或开心，且 背景音乐"))


def test_only_the_moments_that_are_wanted_go_to_an_editing_program(
    live_app: Any,
    page_zh: Any,
    media: Path,
) -> None:
    laughing = replace(CALL[5], events=(Event("Laughter"),))
    rows = (*CALL[:5], laughing)
    page = page_zh(live_app(Script([*rows, Transcript("call.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    page.click(".svw-export > summary")
    kinds = page.locator(".svw-kinds label")
    expect(kinds).to_have_text(["愤怒 1", "笑声 1"])
    expect(page.locator("[data-cut=cutWhat] option[value=highlights]")).to_have_text("2 个关键片段")
    kinds.nth(0).locator("input").uncheck()
    expect(page.locator("[data-cut=cutWhat] option[value=highlights]")).to_have_text("1 个关键片段")
    page.get_by_label("首尾余量").fill("0")
    page.keyboard.press("Escape")
    exact = export(page, "highlights_labels").path().read_text("utf-8").split("\n")
    assert ["笑声" in line for line in exact if line] == [True]
    page.click(".svw-export > summary")
    page.get_by_label("首尾余量").fill("1")
    page.keyboard.press("Escape")
    longer = export(page, "highlights_labels").path().read_text("utf-8").split("\n")
    assert float(longer[0].split("\t")[0]) == pytest.approx(float(exact[0].split("\t")[0]) - 1, abs=0.05)
    page.click(".svw-export > summary")
    kinds.nth(1).locator("input").uncheck()
    expect(page.locator(".svw-export [data-format=edl]")).to_be_hidden()  # nothing is left for it
    expect(page.locator(".svw-export [data-group=editing]")).to_contain_text("一类也没有勾选")
    kinds.nth(1).locator("input").check()
    expect(page.locator(".svw-export [data-format=edl]")).to_be_visible()
    expect(page.locator(".svw-export [data-group=editing]")).not_to_contain_text("一类也没有勾选")


def test_a_recording_without_key_moments_says_so(live_app: Any, page_zh: Any, tmp_path: Path) -> None:
    rows = (speech(0, CALL_MS, "今天天气不错。"),)
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, write_wav(tmp_path / "天气.wav", tone(440, CALL_MS / 1000)))
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    page.click(".svw-export > summary")
    expect(page.locator(".svw-export [data-group=editing]")).to_contain_text("没有发现掌声")
    expect(page.get_by_label("首尾余量")).to_be_hidden()


def test_many_moments_are_listed_in_two_steps(live_app: Any, page_zh: Any, media: Path) -> None:
    rows = tuple(
        speech(number * 200, number * 200 + 150, f"第{number}句", emotion="ANGRY") for number in range(100)
    )
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    show(page, "overview")
    expect(page.locator(".svw-highlights li")).to_have_count(50)
    page.click("text=显示其余 50 条")
    expect(page.locator(".svw-highlights li")).to_have_count(100)
    expect(page.locator(".svw-highlights li >> nth=50 >> button")).to_be_focused()


def test_impatience_is_explained_where_it_is_found(live_app: Any, page_zh: Any, media: Path) -> None:
    cough = replace(CALL[2], events=(Event("Cough"),))
    rows = (*CALL[:2], cough, *CALL[3:])
    page = page_zh(live_app(Script([*rows, Transcript("call.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    show(page, "overview")
    expect(page.locator(".svw-highlights")).to_contain_text("“不耐烦”：愤怒的话里")


def test_labels_have_one_language_wherever_it_is_chosen(done: Any) -> None:
    show(done, "text")
    done.click("#sv-labels >> text=英文")
    wait_until(lambda: "[Chinese]" in text_of(done))
    done.click(".svw-export > summary")
    choice = done.locator(".svw-export select[aria-label=标签语言]")
    expect(choice).to_have_value("en")
    done.keyboard.press("Escape")
    assert "[Chinese]" in export(done, "txt").path().read_text("utf-8")
    done.click(".svw-export > summary")
    choice.select_option("zh")
    done.keyboard.press("Escape")
    wait_until(lambda: "[中文]" in text_of(done))
    expect(done.locator("#sv-labels input[value=zh]")).to_be_checked()
    done.click("#sv-labels >> text=英文")
    wait_until(lambda: "[Chinese]" in text_of(done))
    done.reload()
    wait_until(lambda: "[Chinese]" in text_of(done))  # the browser remembers it


@pytest.mark.parametrize("secure", [True, False])
def test_the_text_is_copied_line_by_line_for_word_too(done: Any, secure: bool) -> None:
    if secure:
        done.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        done.evaluate(
            """() => {
                Object.defineProperty(navigator, "clipboard", { value: undefined });
                const take = (event) => (window.taken = event.clipboardData.getData("text/html"));
                document.addEventListener("copy", take);
            }"""
        )
    show(done, "text")
    done.click("#sv-copy")
    done.wait_for_selector("#sv-copy >> text=已复制")
    rich = done.evaluate(
        """async () => window.taken ??
            (await (await navigator.clipboard.read())[0].getType("text/html")).text()"""
    )
    assert (
        rich.count("<p>") == len(text_of(done).split("\n")) and "<p>[中文] [愤怒] 这都第几天了？</p>" in rich
    )


def test_more_rows_than_can_be_heard_again_are_not_chosen_for_somebody(
    live_app: Any,
    page_zh: Any,
    media: Path,
) -> None:
    rows = tuple(speech(number * 300, number * 300 + 250, f"第{number}句") for number in range(60))
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    start(page, media)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    show(page, "rows")
    page.click(".svw-again summary")
    go = page.locator(".svw-again >> text=开始")
    expect(go).to_be_disabled()
    expect(page.locator(".svw-again [role=status]")).to_contain_text("一次最多 50 段，请先筛选或勾选")
    page.fill(".svw-filter input[type=search]", "第1")
    expect(go).to_be_enabled()
    page.route("**/redo", lambda route: None)  # which takes its time
    go.click()
    expect(page.locator(".svw-again li")).to_have_text(re.compile(r"正在重新识别 11 段，已用 0:0[1-9]"))


def test_choices_of_the_editor_have_names_that_are_seen(done: Any) -> None:
    done.locator(ROWS).first.get_by_text("✎").click()
    editor = done.locator(".svw-edit")
    for name in ("语言", "情绪"):
        expect(editor.locator(".svw-check", has_text=name).locator("select")).to_be_visible()
        expect(editor.get_by_label(name, exact=True)).to_have_count(1)


def test_a_film_has_one_set_of_controls_and_one_caption(live_app: Any, page_zh: Any, tmp_path: Path) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    start(page, write_film(tmp_path / "采访.webm", "libvpx", CALL_MS / 1000))
    film = page.locator(".svw video")
    expect(film).to_be_visible()
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    assert not film.evaluate("film => film.controls")
    wait_until(lambda: film.evaluate("film => film.readyState") > 1)
    film.click()
    wait_until(lambda: not film.evaluate("film => film.paused"))
    expect(page.locator(".svw-start")).to_have_attribute("aria-label", "暂停")
    wait_until(lambda: film.evaluate("film => film.currentTime") > 0.5)
    wait_until(lambda: CALL[0].text in film.evaluate("film => film.textTracks[0].activeCues[0]?.text ?? ''"))
    expect(page.locator(".svw-caption")).to_have_text("")
    page.click("button[aria-label=全屏]")
    wait_until(lambda: page.evaluate("document.fullscreenElement?.tagName") == "VIDEO")
    assert film.evaluate("film => film.controls")
    page.evaluate("document.exitFullscreen()")
    wait_until(lambda: not film.evaluate("film => film.controls"))


LEVELS = """() => {
  const made = AudioContext.prototype.createChannelMerger;
  AudioContext.prototype.createChannelMerger = function (n) {
    const merger = made.call(this, n);
    const [splitter, ...ears] = [this.createChannelSplitter(2), this.createAnalyser(), this.createAnalyser()];
    merger.connect(splitter);
    ears.forEach((ear, number) => splitter.connect(ear, number));
    window.levels ??= () => ears.map((ear) => {
      const samples = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(samples);
      return Math.max(...samples.map(Math.abs));
    });
    return merger;
  };
}"""
"""Leaves in the page a function that returns the peak in each ear."""


def test_one_side_of_a_call_is_heard_alone(live_app: Any, page_zh: Any, tmp_path: Path) -> None:
    loud, quiet = tone(440, CALL_MS / 1000, 0.5), tone(880, CALL_MS / 1000, 0.1)
    recording = write_wav(tmp_path / "通话.wav", np.stack([loud, quiet], axis=0))
    rows = tuple(replace(each, channel=("left", "right")[number % 2]) for number, each in enumerate(CALL))
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    page.evaluate(LEVELS)
    start(page, recording)
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    choice = page.locator("select[aria-label=听哪个声道]")
    expect(choice.locator("option")).to_have_text(["两个声道", "左", "右"])
    page.click(".svw-start")
    for side, heard in (("left", (0.5, 0.5)), ("right", (0.1, 0.1)), ("", (0.5, 0.1))):
        choice.select_option(side)
        wait_until(lambda heard=heard: page.evaluate("levels()") == pytest.approx(heard, abs=0.04))  # type: ignore[misc]


def test_a_recording_in_one_channel_is_heard_in_both_ears_after_a_call(
    live_app: Any, page_zh: Any, tmp_path: Path
) -> None:
    sides = np.stack([tone(440, CALL_MS / 1000, 0.5), tone(880, CALL_MS / 1000, 0.1)], axis=0)
    rows = tuple(replace(each, channel=("left", "right")[number % 2]) for number, each in enumerate(CALL))
    page = page_zh(live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS))
    page.evaluate(LEVELS)
    start(page, write_wav(tmp_path / "通话.wav", sides))
    expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
    page.locator("select[aria-label=听哪个声道]").select_option("right")
    mono = write_wav(tmp_path / "一个声道.wav", tone(440, CALL_MS / 1000, 0.3))
    page.locator(".svw audio").evaluate(
        "(sound, data) => (sound.src = data)",
        "data:audio/wav;base64," + b64encode(mono.read_bytes()).decode(),
    )
    page.locator("select[aria-label=听哪个声道]").select_option("")
    page.click(".svw-start")
    wait_until(lambda: page.evaluate("levels()") == pytest.approx((0.3, 0.3), abs=0.05))


def test_a_recording_in_one_channel_offers_no_side(done: Any) -> None:
    expect(done.locator("select[aria-label=听哪个声道]")).to_be_hidden()


def test_a_moment_of_the_comparison_is_opened_where_one_looks(done: Any) -> None:
    done.evaluate(SILENT)
    done.click("text=所有录音对比")
    done.locator(".svw-compare tbody tr [data-column=firstAnger] button").click()
    expect(done.locator(".svw-compare")).to_be_hidden()
    wait_until(lambda: abs(playing_at_s(done) - CALL[2].span.start_ms / 1000) < 0.3)
    expect(row(done, "这都第几天了")).to_have_class(re.compile("svw-now"))


def test_who_pulls_the_scrollbar_is_not_pulled_back(
    live_app: Any,
    browser: Any,
    media: Path,
) -> None:
    """With scrollbars, which a headless browser hides."""
    rows = tuple(speech(number * 200, number * 200 + 150, f"第{number}句") for number in range(100))
    address = live_app(Script([*rows, Transcript("a.wav", CALL_MS, rows, model=MODEL)]), SETTINGS)
    shown = ["--hide-scrollbars"]
    other = browser.browser_type.launch(
        executable_path=CHROMIUM, args=list(CHROMIUM_ARGS), ignore_default_args=shown
    )
    try:
        page = other.new_page(locale="zh-CN", viewport={"width": 1280, "height": 800})
        page.goto(address)
        start(page, media)
        expect(page.locator(".svw-bar [aria-label=撤销]")).to_be_enabled()
        page.evaluate(SILENT)
        show(page, "rows")
        page.locator(ROWS).first.locator(".svw-time").click()
        box = page.locator(".svw-scroller").bounding_box()
        wide = page.locator(".svw-scroller").evaluate("each => each.offsetWidth - each.clientWidth")
        assert wide > 5
        page.mouse.move(box["x"] + box["width"] - wide / 2, box["y"] + 30)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - wide / 2, box["y"] + 150, steps=5)
        page.mouse.up()
        top = page.locator(".svw-scroller").evaluate("each => each.scrollTop")
        assert top > 500
        page.evaluate("document.querySelector('.svw audio').currentTime = 1")
        expect(page.locator(".svw-back")).to_be_visible()
        expect(row(page, "第5句").first).to_have_class(re.compile("svw-now"))
        assert page.locator(".svw-scroller").evaluate("each => each.scrollTop") == top
    finally:
        other.close()
