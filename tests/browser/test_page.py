"""The page in a real browser, over a scripted run."""

from __future__ import annotations

import json
import logging
import re
import time
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sensevoice.errors import NoAudioTrack
from sensevoice.formats import render_view
from sensevoice.ui import DemoInfo, Sample
from tests.media import tone, write_wav
from tests.ui.ui_script import (
    CALL,
    CALL_MS,
    MODEL,
    QUIET,
    READY,
    SETTINGS,
    Script,
    call,
    call_or_meeting,
)

RUNNING = "#sv-cancel"


@pytest.fixture
def media(tmp_path: Path) -> Path:
    path = tmp_path / "客服通话.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16 * CALL_MS))
    return path


def choose(page: Any, path: Path) -> None:
    page.set_input_files("#sv-file input[type=file]", str(path))
    page.wait_for_selector(
        f"#sv-file .file-preview >> text={path.stem}"
    )  # while it is sent it has a name, too


def start(page: Any, path: Path) -> None:
    choose(page, path)
    page.click("#sv-start")


def text_of(page: Any) -> str:
    value: str = page.input_value("#sv-text textarea")
    return value


def wait_for_lines(page: Any, count: int) -> None:
    page.wait_for_function(
        "n => document.querySelector('#sv-text textarea').value.split('\\n').filter(l => l).length >= n",
        arg=count,
    )


def choose_option(page: Any, dropdown: str, option: str) -> None:
    page.click(f"{dropdown} input")
    page.click(f"[role=option]:has-text('{option}')")


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


def test_rows_appear_while_the_run_goes_on_and_the_summary_comes_last(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call(diagnostics=(QUIET,)), hold_after=7)
    page = page_zh(live_app(script, SETTINGS))
    assert page.is_hidden(".svw-export")

    start(page, media)
    wait_for_lines(page, 4)
    page.wait_for_selector("#sv-notice >> text=识别中 50 %")
    assert "谢谢" not in text_of(page)
    assert not page.is_visible("#sv-start")

    script.go.set()
    page.wait_for_selector("#sv-summary p")
    assert text_of(page) == render_view(call()[-1], "tagged", "zh")
    summary = page.inner_text("#sv-summary")
    assert summary.startswith("22 秒 · 6 段 · 中文 · ")
    assert "愤怒 1" in summary and "开心 1" in summary and "背景音乐 1" in summary
    expect(page.locator(".svw-tab[data-tab=quality]")).to_have_text("质量 1")
    page.click(".svw-tab[data-tab=quality]")
    expect(page.locator("#svw-quality li")).to_have_text([QUIET.zh])
    assert page.is_visible("#sv-start") and not page.is_visible(RUNNING)
    assert page.inner_text("#sv-notice") == ""


def test_nothing_moves_when_a_result_comes(live_app: Any, page_zh: Any, media: Path) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    parts = ("#sv-file", "#sv-start", "#sv-settings", "#sv-text", "#sv-summary", "#sv-dock-frame")
    before = {part: page.locator(part).bounding_box() for part in parts}
    start(page, media)
    page.wait_for_selector("#sv-summary p")
    assert {part: page.locator(part).bounding_box() for part in parts} == before


def test_another_view_is_drawn_from_the_record_without_running_again(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call())
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    page.wait_for_selector("#sv-summary p")
    record = call()[-1]
    choose_option(page, "#sv-view", "纯文本")
    page.wait_for_function(
        "t => document.querySelector('#sv-text textarea').value === t", arg=render_view(record, "plain", "zh")
    )
    choose_option(page, "#sv-view", "标签")
    page.click("#sv-labels >> text=英文")
    page.wait_for_function(
        "t => document.querySelector('#sv-text textarea').value === t",
        arg=render_view(record, "tagged", "en"),
    )
    assert len(script.runs) == 1


def test_a_view_chosen_during_a_run_holds_for_the_rows_that_follow(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call(), hold_after=7)
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    wait_for_lines(page, 4)
    choose_option(page, "#sv-view", "纯文本")
    page.wait_for_function("() => !document.querySelector('#sv-text textarea').value.includes('[')")
    script.go.set()
    page.wait_for_selector("#sv-summary p")
    assert text_of(page) == render_view(call()[-1], "plain", "zh")


def test_two_files_at_once_are_two_jobs_with_a_transcript_each(
    live_app: Any, page_zh: Any, media: Path, tmp_path: Path
) -> None:
    second = tmp_path / "会议.wav"
    second.write_bytes(media.read_bytes())

    page = page_zh(live_app(call_or_meeting(media.name), SETTINGS))
    page.set_input_files("#sv-file input[type=file]", [str(media), str(second)])
    for path in (media, second):
        page.wait_for_selector(
            f"#sv-file .file-preview >> text={path.stem}"
        )  # while it is sent it has a name, too
    page.click("#sv-start")
    wait_for_lines(page, 5)
    assert text_of(page) == render_view(call()[-1], "tagged", "zh"), "the first is shown"
    expect(page.locator(".svw-job .svw-name")).to_have_text([second.name, media.name])
    page.click(f".svw-job >> text={second.name}")
    expect(page.locator(".svw-rows .svw-line")).to_have_count(1)
    expect(page.locator(".svw-rows .svw-line")).to_contain_text("会议现在开始。")
    page.click(f".svw-job >> text={media.name}")
    expect(page.locator(".svw-rows .svw-line")).to_have_count(len(CALL))


def test_cancel_keeps_the_rows_and_says_that_they_are_not_all(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call(), hold_after=7)
    page = page_zh(live_app(script, SETTINGS))
    start(page, media)
    wait_for_lines(page, 4)
    page.click(RUNNING)
    page.wait_for_selector("#sv-summary .sv-partial")
    assert "已取消" in page.inner_text("#sv-notice")
    assert "抱歉" in text_of(page) and "谢谢" not in text_of(page)
    wait_until(lambda: script.closed == 1)
    assert page.is_visible("#sv-start")
    page.click(".svw-export > summary")
    with page.expect_download() as download:
        page.click(".svw-export [data-format=txt]")
    assert download.value.suggested_filename == "客服通话.partial.txt"

    page.click("#sv-start")
    page.wait_for_selector(f"{RUNNING}:has-text('取消'):not([disabled])")
    assert page.inner_text(RUNNING) == "取消"
    assert not page.locator("#sv-summary .sv-partial").count()
    script.go.set()
    page.wait_for_selector("#sv-summary p")
    assert "谢谢" in text_of(page)
    assert len(script.runs) == 2


def test_a_double_click_starts_one_run(live_app: Any, page_zh: Any, media: Path) -> None:
    script = Script(call(), hold_after=5)
    page = page_zh(live_app(script, SETTINGS))
    choose(page, media)
    page.dblclick("#sv-start")
    wait_for_lines(page, 3)
    script.go.set()
    page.wait_for_selector("#sv-summary p")
    page.wait_for_timeout(500)
    assert len(script.runs) == 1


@pytest.mark.parametrize("locale, code", [("zh-CN", "zh"), ("en-US", "en")])
def test_an_error_is_a_sentence_on_the_page_in_the_readers_language(
    live_app: Any, open_page: Any, media: Path, locale: str, code: str
) -> None:
    error = NoAudioTrack(path=media)
    page = open_page(live_app(Script([error]), SETTINGS), locale=locale)
    start(page, media)
    page.wait_for_selector("#sv-notice [role=alert]")
    assert page.inner_text("#sv-notice [role=alert]") == error.message(code)
    assert page.is_visible("#sv-start")


def test_a_file_name_is_text_and_never_markup(live_app: Any, page_en: Any, media: Path) -> None:
    error = NoAudioTrack(path="<img src=x onerror=alert(1)> {{value}} ${1+1}.mkv")
    page = page_en(live_app(Script([error]), SETTINGS))
    start(page, media)
    page.wait_for_selector("#sv-notice [role=alert]")
    assert page.inner_text("#sv-notice [role=alert]") == error.message("en")
    assert page.locator("#sv-notice img").count() == 0


def test_an_unexpected_exception_gives_a_number_that_is_in_the_log(
    live_app: Any, page_en: Any, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = page_en(live_app(Script([*call()[:4], ZeroDivisionError("/srv/secret")]), SETTINGS))
    with caplog.at_level(logging.ERROR):
        start(page, media)
        page.wait_for_selector("#sv-notice [role=alert]")
    shown = page.inner_text("#sv-notice")
    reference = re.search(r"[0-9a-f]{8}", shown)
    assert reference and reference.group() in caplog.text and "ZeroDivisionError" in caplog.text
    assert "/srv/secret" not in page.content() and "Traceback" not in page.content()
    wait_for_lines(page, 3)
    *kept, note = text_of(page).splitlines()
    assert len(kept) == 2, "what was recognised before is kept"
    assert "0:09" in note, "and it says where it ends"


@pytest.mark.parametrize(
    "locale, label, sentence",
    [
        ("zh-CN", "开始 AI 识别", "请先选择"),
        ("zh-TW", "開始 AI 識別", "請先選擇"),
        ("zh-HK", "開始 AI 識別", "請先選擇"),
        ("zh", "开始 AI 识别", "请先选择"),
        ("zh-Hans-CN", "开始 AI 识别", "请先选择"),
        ("en-GB", "Start AI recognition", "Please choose"),
        ("fr-FR", "Start AI recognition", "Please choose"),
    ],
)
def test_labels_and_sentences_are_in_one_language(
    live_app: Any, open_page: Any, locale: str, label: str, sentence: str
) -> None:
    page = open_page(live_app(Script(call()), SETTINGS), locale=locale)
    page.click(f"#sv-start:has-text('{label}')")
    page.wait_for_selector(f"#sv-notice >> text={sentence}")


@pytest.mark.parametrize(
    "locale, told, sentence",
    [
        ("zh-CN", "最大 1 MB", "超过 1 MB 的上限（--max-upload-mb），没有上传"),
        ("en-US", "up to 1 MB", "over the limit of 1 MB (--max-upload-mb), so it was not sent"),
    ],
)
@pytest.mark.parametrize("way", ["chosen", "dropped"])
def test_a_file_over_the_limit_is_refused_before_it_is_sent(
    live_app: Any,
    open_page: Any,
    media: Path,
    tmp_path: Path,
    way: str,
    locale: str,
    told: str,
    sentence: str,
) -> None:
    page = open_page(live_app(Script(call()), replace(SETTINGS, max_upload_mb=1)), locale=locale)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)
    expect(page.locator("#sv-file label")).to_contain_text(told)
    large = tmp_path / "大 <b>.wav"
    large.write_bytes(bytes(1_100_000))
    if way == "chosen":
        page.set_input_files("#sv-file input[type=file]", str(large))
    else:
        drop(page, large.name, 1_100_000)
    expect(page.locator("#sv-too-large")).to_contain_text(sentence)
    expect(page.locator("#sv-too-large")).to_contain_text(
        "大 <b>.wav: 1.1 MB" if locale == "en-US" else "大 <b>.wav：1.1 MB"
    )
    assert sent == []
    choose(page, media)
    expect(page.locator("#sv-too-large")).to_have_count(0)
    assert sent


def drop(page: Any, name: str, size: int) -> None:
    """Drop a file on the place for files, as a mouse does."""
    page.evaluate(
        """([name, size]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(size)], name));
            const place = document.querySelector("#sv-file button");
            for (const kind of ["dragenter", "dragover", "drop"])
                place.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [name, size],
    )


@pytest.mark.parametrize("way", ["chosen", "dropped"])
def test_a_file_given_while_the_page_still_loads_is_looked_at_like_any_other(
    live_app: Any, page_zh: Any, tmp_path: Path, way: str
) -> None:
    url = live_app(Script(call()), replace(SETTINGS, max_upload_mb=1))
    held: list[Any] = []
    page = page_zh(url)
    page.route("**/sv/static/bundle.js", lambda route: held.append(route))
    page.reload()
    place = page.locator("#sv-file button").first
    expect(place).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)

    def give(name: str, size: int) -> None:
        if way == "dropped":
            return drop(page, name, size)
        (tmp_path / name).write_bytes(bytes(size))
        page.set_input_files("#sv-file input[type=file]", str(tmp_path / name))

    give("大.wav", 1_100_000)
    page.wait_for_timeout(500)
    assert sent == []
    expect(page.locator("#sv-too-large")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.locator("#sv-too-large")).to_contain_text("超过 1 MB 的上限")
    assert sent == []

    held.clear()
    page.reload()
    expect(place).to_be_visible()
    give("小.wav", 100_000)
    page.wait_for_timeout(500)
    assert sent == []
    for route in held:
        route.continue_()
    expect(page.locator("#sv-file .file-preview")).to_contain_text("小")
    assert sent


def test_a_file_is_sent_where_the_workbench_cannot_be_fetched(
    live_app: Any, browser: Any, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.route("**/sv/static/bundle.js", lambda route: route.abort())
    page.goto(live_app(Script(call()), SETTINGS))
    (tmp_path / "小.wav").write_bytes(bytes(100_000))
    page.set_input_files("#sv-file input[type=file]", str(tmp_path / "小.wav"))
    expect(page.locator("#sv-file .file-preview")).to_contain_text("小")
    page.close()


def test_an_upload_tells_how_far_it_is(live_app: Any, page_zh: Any, tmp_path: Path) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    # gradio says nothing when nothing has come for three seconds: a busy machine or a proxy is enough.
    silent = {"content_type": "text/event-stream", "body": ": nothing\n\n"}
    page.route("**/upload_progress?*", lambda route: route.fulfill(**silent))
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
    wire.send("Network.emulateNetworkConditions", slow)
    recording = tmp_path / "会议.wav"
    recording.write_bytes(bytes(8 << 20))
    page.set_input_files("#sv-file input[type=file]", str(recording))
    seen = page.wait_for_function(
        """() => {
            const told = document.querySelector("#sv-file").dataset.upload ?? "";
            return /上传 ([2-9]\\d) %/.test(told) && told;
        }""",
        polling=50,
    )
    data = str(seen.json_value())
    percent, done, whole = (float(number) for number in re.findall(r"[\d.]+", data))
    assert whole == 8.0 and abs(done - whole * percent / 100) < 0.2
    wire.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    page.wait_for_selector("#sv-file >> text=会议")
    expect(page.locator("#sv-file")).not_to_have_attribute("data-upload", re.compile(""))


def test_without_a_file_the_page_asks_for_one_until_there_is_one(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call())
    page = page_zh(live_app(script, SETTINGS))
    page.click("#sv-start")
    page.wait_for_selector("#sv-notice >> text=请先选择一个音频或视频文件")
    page.click("[role=tab]:has-text('麦克风')")
    page.click("#sv-start")
    page.wait_for_selector("#sv-notice >> text=请先用麦克风录一段音")
    assert script.runs == []
    page.click("[role=tab]:has-text('上传文件')")
    choose(page, media)
    expect(page.locator("#sv-notice")).to_have_text("")


def test_a_recording_from_the_microphone_is_recognised(live_app: Any, page_zh: Any) -> None:
    script = Script(call())
    page = page_zh(live_app(script, SETTINGS))
    page.click("[role=tab]:has-text('麦克风')")
    page.click("#sv-microphone .record-button")
    page.wait_for_timeout(1200)
    page.click("#sv-microphone .stop-button:visible")
    page.wait_for_selector("#sv-microphone #waveform, #sv-microphone .waveform-container")
    page.wait_for_timeout(1000)
    page.click("#sv-start")
    page.wait_for_selector("#sv-summary p")
    path = script.runs[0][0]
    assert path.suffix in (".wav", ".webm") and path.stat().st_size > 1000


def test_settings_of_the_form_reach_the_run(live_app: Any, page_zh: Any, media: Path) -> None:
    script = Script(call())
    page = page_zh(live_app(script, SETTINGS))
    choose_option(page, "#sv-language", "粤语")
    page.click("#sv-settings >> text=高级")
    page.wait_for_selector("#sv-channel", state="visible")
    page.uncheck("#sv-use_itn input")
    choose_option(page, "#sv-channel", "各声道分开")
    page.fill("#sv-batch_size_s input", "0.5")
    start(page, media)
    page.wait_for_selector("#sv-notice >> text=每批秒数")
    page.fill("#sv-batch_size_s input", "30")
    page.click("#sv-start")
    page.wait_for_selector("#sv-summary p")
    assert script.runs[0][1] == replace(
        SETTINGS.options, language="yue", use_itn=False, channel="split", batch_size_s=30.0
    )


def test_downloads_hold_what_the_screen_shows(live_app: Any, page_zh: Any, media: Path) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    start(page, media)
    page.wait_for_selector("#sv-summary p")
    for name in ("txt", "json", "srt", "vtt"):
        page.click(".svw-export > summary")
        with page.expect_download() as download:
            page.click(f".svw-export [data-format={name}]")
        content = Path(download.value.path()).read_text("utf-8")
        assert Path(download.value.suggested_filename).suffix == f".{name}"
        assert "这都第几天了" in content
        if name == "txt":
            assert content.strip() == text_of(page).strip()
        if name == "json":
            assert len(json.loads(content)["segments"]) == len(CALL)


@pytest.mark.parametrize("secure", [True, False])
def test_copy_works_with_and_without_a_secure_context(
    live_app: Any, page_zh: Any, media: Path, secure: bool
) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    if secure:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        page.evaluate("() => Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        page.evaluate("() => document.addEventListener('copy', () => window.copied = String(getSelection()))")
    start(page, media)
    page.wait_for_selector("#sv-summary p")
    page.click("#sv-copy")
    page.wait_for_selector("#sv-copy >> text=已复制")
    copied = page.evaluate("() => navigator.clipboard ? navigator.clipboard.readText() : window.copied")
    assert copied == text_of(page)
    page.wait_for_selector("#sv-copy >> text=复制")


def test_a_second_visitor_waits_and_can_cancel_while_waiting(
    live_app: Any, page_zh: Any, page_en: Any, media: Path
) -> None:
    script = Script(call(), hold_after=5)
    url = live_app(script, SETTINGS)
    first, second = page_zh(url), page_en(url)
    start(first, media)
    wait_for_lines(first, 3)
    start(second, media)
    second.wait_for_selector("#sv-notice >> text=1 ahead of this one")
    second.click(RUNNING)
    second.wait_for_selector("#sv-start", state="visible")
    script.go.set()
    first.wait_for_selector("#sv-summary p")
    assert len(script.runs) == 1


def test_a_closed_page_leaves_its_job_which_its_address_shows_again(
    live_app: Any, page_zh: Any, page_en: Any, media: Path
) -> None:
    script = Script(call(), hold_after=5)
    url = live_app(script, SETTINGS)
    page = page_zh(url)
    start(page, media)
    wait_for_lines(page, 3)
    page.wait_for_url("**/?job=*")
    address = page.url
    page.close()
    again = page_en(address)
    wait_for_lines(again, 3)
    script.go.set()
    again.wait_for_selector("#sv-summary p")
    assert len(text_of(again).splitlines()) == 5
    assert len(script.runs) == 1


def test_the_demonstration_says_what_it_knows_and_offers_samples(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    demo = DemoInfo((("zh", "您好，请问有什么可以帮您？"),), (Sample("客服通话", "Call centre", media),))
    script = Script(call())
    status = replace(READY, info=replace(MODEL, demo=True))
    page = page_zh(live_app(script, replace(SETTINGS, demo=demo, model=lambda: status)))
    assert "--demo" in page.inner_text("#sv-demo")
    page.click("#sv-demo summary")
    assert "您好，请问有什么可以帮您？" in page.inner_text("#sv-demo ul")
    assert "演示模型" in page.inner_text("#sv-status")
    page.click("#sv-samples button")
    page.wait_for_selector("#sv-file >> text=客服通话")
    page.click("#sv-start")
    page.wait_for_selector("#sv-summary p")
    assert script.runs[0][0].read_bytes() == media.read_bytes()


@pytest.mark.parametrize(
    "name, locale, width, scheme",
    [
        ("en", "en-US", 1366, "light"),
        ("zh-tablet-dark", "zh-CN", 820, "dark"),
        ("zh-phone", "zh-CN", 390, "light"),
        ("en-phone", "en-US", 390, "dark"),
    ],
)
def test_nothing_is_cut_off(
    live_app: Any,
    open_page: Any,
    media: Path,
    name: str,
    locale: str,
    width: int,
    scheme: str,
) -> None:
    page = open_page(live_app(Script(call()), SETTINGS), locale=locale, width=width, scheme=scheme)
    start(page, media)
    page.wait_for_selector("#sv-summary p")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for part in ("#sv-copy", "#sv-text", ".svw-export", "#sv-labels", ".svw-start"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, part


def test_what_is_chosen_is_kept_as_long_as_the_page_is_open(
    live_app: Any, page_zh: Any, media: Path, tmp_path: Path
) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    refs = live_app.refs

    def wait_for(names: set[str]) -> None:
        deadline_s = time.monotonic() + 10
        while not names <= {path.name for path in refs.paths()}:
            assert time.monotonic() < deadline_s, refs.paths()
            page.wait_for_timeout(100)

    choose(page, media)
    wait_for({media.name})
    page.click("#sv-start")
    page.wait_for_selector("#sv-summary p")
    wait_for({media.name})
    assert all(path.is_relative_to(tmp_path / "gradio") and path.exists() for path in refs.paths())
    page.goto("about:blank")
    deadline_s = time.monotonic() + 30
    while not all(held.closed_s for held in refs._pages.values()):
        assert time.monotonic() < deadline_s, "the page was closed"
        page.wait_for_timeout(100)


def test_a_chosen_file_that_is_gone_is_asked_for_again(
    live_app: Any, page_zh: Any, media: Path, tmp_path: Path
) -> None:
    """As after an hour without connection."""
    page = page_zh(live_app(Script(call()), SETTINGS))
    choose(page, media)
    for path in (tmp_path / "gradio").rglob(media.name):
        path.unlink()
    page.click("#sv-start")
    page.wait_for_selector("#sv-notice [role=alert]")
    assert "重新上传" in page.inner_text("#sv-notice")


def test_on_a_phone_the_recording_takes_the_screen_and_a_button_leads_back(
    live_app: Any, page_zh: Any, media: Path
) -> None:
    script = Script(call(), hold_after=7)
    page = page_zh(live_app(script, SETTINGS), width=390)
    start(page, media)
    expect(page.locator("#sv-left")).to_be_hidden()
    expect(page.locator(".svw-title")).to_have_text(media.name)
    expect(page.locator(".svw-state")).to_contain_text("识别中 50 %")
    expect(page).to_have_title(re.compile(r"^识别中 50 % · 客服通话.wav"))
    page.click(".svw-home")
    expect(page.locator("#sv-left")).to_be_visible()
    page.click(f".svw-job >> text={media.name}")
    script.go.set()
    wait_for_lines(page, 5)
    expect(page).to_have_title("客服通话.wav · SenseVoice")
    expect(page.locator(".svw-start")).to_be_in_viewport()


def test_language_and_theme_are_switched_and_kept(live_app: Any, page_zh: Any) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    page.click("[aria-label='Switch to English']")
    expect(page.locator("#sv-start")).to_have_text("Start AI recognition")
    page.click("#sv-start")
    expect(page.locator("#sv-notice")).to_contain_text("Please choose")
    page.click("[aria-label='Dark / light']")
    expect(page.locator("body.dark")).to_have_count(1)
    page.reload()
    expect(page.locator("#sv-start")).to_have_text("Start AI recognition")
    expect(page.locator("body.dark")).to_have_count(1)
    page.click("[aria-label='切换到中文']")
    expect(page.locator("#sv-start")).to_have_text("开始 AI 识别")


def test_readers_of_traditional_characters_see_no_other(live_app: Any, open_page: Any, media: Path) -> None:
    """In the page, in what the server says, and in the workbench; the transcript stays as it was heard."""
    broken = Script([NoAudioTrack(path="会议.mp4")])
    quiet = replace(QUIET, zh="音量很低：语音只有 -41 dBFS。建议先提高音量（增益）再识别。")
    page = open_page(live_app(Script(call(diagnostics=(quiet,))), SETTINGS), locale="zh-TW")
    start(page, media)
    expect(page.locator("#sv-summary")).to_contain_text("用時")
    expect(page.locator(".svw-library h2")).to_have_text("錄音庫 1")
    page.click(".svw-tab[data-tab=quality]")
    expect(page.locator("#svw-quality li")).to_contain_text("語音只有 -41 dBFS。建議先提高音量")
    page.click(".svw-tab[data-tab=rows]")
    expect(page.locator(".svw-chip >> nth=0")).to_have_text("憤怒 1")
    assert "您好，请问" in text_of(page)
    page.click("[aria-label='Switch to English']")
    page.click("[aria-label='切换到中文']")
    expect(page.locator("#sv-title h1")).to_have_text("SenseVoice 語音理解", timeout=15_000)
    failed = open_page(live_app(broken, SETTINGS), locale="zh-HK")
    start(failed, media)
    sentence = "“会议.mp4”裡沒有音軌，請上傳有聲音的檔案。"
    expect(failed.locator(".svw-message h3")).to_have_text(sentence, timeout=20_000)


def test_two_hundred_files_are_one_upload_with_one_progress(
    live_app: Any, page_zh: Any, tmp_path: Path
) -> None:
    paths = [tmp_path / "calls" / f"call {number:03}.wav" for number in range(200)]
    paths[0].parent.mkdir()
    for path in paths:
        write_wav(path, tone(440, 0.1))
    script = Script(call(), hold_after=7)
    page = page_zh(live_app(script, SETTINGS))
    uploads: list[str] = []
    page.on("request", lambda r: uploads.append(r.url) if r.method == "POST" and "/upload" in r.url else None)
    page.set_input_files("#sv-file input[type=file]", [str(path) for path in paths])
    page.wait_for_selector("#sv-file .file-preview >> text=call 199")
    assert len(uploads) == 1
    page.click("#sv-start")
    expect(page.locator(".svw-batch-text")).to_have_text("正在识别 200 个录音：已完成 0 个", timeout=90_000)
    expect(page).to_have_title(re.compile(r"^0/200 · 识别中 50 % · call 000.wav"))
    script.go.set()
    page.wait_for_function("() => /^[1-9]\\d*\\/200 · /.test(document.title)", timeout=30_000)
    expect(page.locator(".svw-batch")).to_be_hidden(timeout=60_000)
    expect(page).to_have_title("call 000.wav · SenseVoice")


def test_start_while_a_file_is_sent_begins_when_it_is_there(
    live_app: Any, page_zh: Any, tmp_path: Path
) -> None:
    page = page_zh(live_app(Script(call()), SETTINGS))
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000}
    wire.send("Network.emulateNetworkConditions", slow)
    recording = tmp_path / "会议.wav"
    write_wav(recording, tone(440, 131.0))
    page.set_input_files("#sv-file input[type=file]", str(recording))
    page.wait_for_selector("#sv-file .uploading", state="attached")
    page.click("#sv-start")
    expect(page.locator("#sv-file")).to_have_attribute("data-upload", re.compile("上传完自动开始"))
    expect(page).to_have_title(re.compile(r"^上传 \d+ % · SenseVoice"))
    assert "请先选择" not in page.inner_text("#sv-notice")
    wire.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    expect(page.locator("#sv-summary p")).to_be_visible(timeout=30_000)
    expect(page).to_have_title("会议.wav · SenseVoice")


def test_beside_our_own_sentence_there_is_no_note_of_gradios(
    live_app: Any, browser: Any, media: Path
) -> None:
    script = Script(call(), hold_after=6)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(live_app(script, SETTINGS))
    start(page, media)
    expect(page.locator(".svw-rows .svw-line")).to_have_count(3)
    context.set_offline(True)
    page.click("#sv-cancel")  # gradio finds out when it sends something
    expect(page.locator(".svw-problem")).to_contain_text("连接中断", timeout=15_000)
    page.wait_for_selector(".toast-body", state="attached", timeout=15_000)
    page.wait_for_timeout(500)
    assert page.locator(".toast-body:visible").count() == 0
    context.set_offline(False)
    script.go.set()
    expect(page.locator(".svw-rows .svw-line")).to_have_count(len(CALL), timeout=30_000)
    context.close()
