"""What a newcomer does: start the program, open the page, drop in a file, read the transcript.

The real program in its own process, the bundled model, a real browser; and the same three
recordings through the page, the API and the folder script, which must agree to the letter.
"""

from __future__ import annotations

import json
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
from tests.conftest import ROOT, SAMPLES
from tests.speakers.samples import golden, golden_with_people


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
    name: str, program: tuple[str, Path], open_page: OpenPage
) -> None:
    page = open_page(program[0])
    page.locator("input[type=file]").first.set_input_files(SAMPLES[name].path)
    expect(page.get_by_text(SAMPLES[name].path.stem).first).to_be_visible()
    page.get_by_role("button", name="开始 AI 识别").click()
    expect(page.locator("#sv-text textarea")).to_have_value(golden_with_people(name), timeout=60_000)
    expect(page.locator("#sv-summary")).to_contain_text("用时")


@pytest.fixture
def call(program: tuple[str, Path], open_page: OpenPage) -> Any:
    """A page with the customer call, in which two people were told apart."""
    page = open_page(program[0])
    page.locator("input[type=file]").first.set_input_files(SAMPLES["customer_call"].path)
    expect(page.get_by_text(SAMPLES["customer_call"].path.stem).first).to_be_visible()
    page.get_by_role("button", name="开始 AI 识别").click()
    expect(page.locator(".svw-channel")).to_have_text(voices("122121"), timeout=60_000)
    page.get_by_role("tab", name="逐句").click()
    return page


def voices(people: str, *names: str) -> list[str]:
    """Return the names before the rows: `people` are their numbers, row by row."""
    called = names or [f"说话人{number}" for number in range(1, 10)]
    return [called[int(number) - 1] for number in people]


def downloaded(page: Any, name: str) -> str:
    page.locator(".svw-export > summary").press("Enter")
    with page.expect_download() as download:
        page.locator(f".svw-export [data-format={name}]").press("Enter")
    return str(download.value.path().read_text("utf-8-sig"))


def test_people_get_names_and_a_row_goes_to_another_by_keyboard(call: Any) -> None:
    call.get_by_role("tab", name="概览").press("Enter")
    call.get_by_label("名字 说话人1").focus()
    call.keyboard.type("客服")
    call.keyboard.press("Tab")
    expect(call.locator(".svw-channel").first).to_have_text("客服")
    call.get_by_label("名字 说话人2").focus()
    call.keyboard.type("王小姐")
    call.keyboard.press("Enter")
    call.get_by_role("tab", name="逐句").press("Enter")
    expect(call.locator(".svw-channel")).to_have_text(voices("122121", "客服", "王小姐"))
    call.locator(".svw-line", has_text="这都第几天了").press("e")
    call.get_by_role("combobox", name="说话人", exact=True).focus()
    call.keyboard.press("ArrowUp")
    call.get_by_role("button", name="保存").press("Enter")
    expect(call.locator(".svw-channel")).to_have_text(voices("121121", "客服", "王小姐"))
    assert "[客服] [中文] [愤怒] 这都第几天了？" in downloaded(call, "txt")
    assert "客服：这都第几天了？" in downloaded(call, "srt")
    assert "<v 王小姐>那我现在能查到单号吗？" in downloaded(call, "vtt")
    assert ",王小姐," in downloaded(call, "csv")
    record = json.loads(downloaded(call, "json"))
    assert record["speakers"] == [{"id": "S1", "name": "客服"}, {"id": "S2", "name": "王小姐"}]
    assert [row["speaker"] for row in record["segments"]] == ["S1", "S2", "S1", "S1", "S2", "S1"]


def test_how_many_people_is_answered_at_once_and_names_come_back(call: Any) -> None:
    call.get_by_role("tab", name="概览").click()
    call.get_by_label("名字 说话人2").fill("客户")
    call.get_by_label("名字 说话人2").press("Tab")
    expect(call.locator(".svw-channel").nth(1)).to_have_text("客户")
    call.get_by_label("共有几人").focus()
    call.keyboard.press("ArrowLeft")
    expect(call.locator(".svw-channel")).to_have_count(0)  # one person needs no name
    expect(call.get_by_label("共有几人")).to_be_focused()
    expect(call.locator("#sv-text textarea")).to_have_value(golden("customer_call"))
    call.get_by_role("button", name="自动判断").click()
    expect(call.locator(".svw-channel")).to_have_text(voices("122121", "说话人1", "客户"))


def test_two_that_are_one_are_put_together_and_parted_by_mouse(call: Any) -> None:
    call.get_by_role("tab", name="概览").click()
    call.get_by_label("说话人1: 与……是同一人").select_option("S2")
    call.get_by_role("button", name="合并").first.click()
    expect(call.locator(".svw-channel")).to_have_count(0)
    expect(call.locator("#sv-text textarea")).to_have_value(golden("customer_call"))
    call.get_by_role("button", name="分开").click()
    expect(call.locator(".svw-channel")).to_have_text(voices("122121"))


def test_the_page_tells_nobody_apart_when_told_so(program: tuple[str, Path], open_page: OpenPage) -> None:
    page = open_page(program[0])
    page.locator("#sv-speakers input").click()
    page.get_by_role("option", name="关闭").click()
    page.locator("input[type=file]").first.set_input_files(SAMPLES["customer_call"].path)
    expect(page.get_by_text(SAMPLES["customer_call"].path.stem).first).to_be_visible()
    page.get_by_role("button", name="开始 AI 识别").click()
    expect(page.locator("#sv-text textarea")).to_have_value(golden("customer_call"), timeout=60_000)


def run_sample(page: Any, name: str, by: str = "mouse") -> None:
    """Recognise a sample and return when its waveform and its last row are there."""
    page.locator("input[type=file]").first.set_input_files(SAMPLES[name].path)
    page.wait_for_selector(f"#sv-file .file-preview >> text={SAMPLES[name].path.stem}")
    press(page, "#sv-start", by)
    expect(page.locator("#sv-summary")).to_contain_text(re.compile("用时|took"), timeout=60_000)
    expect(page.locator(".svw-waiting")).to_be_hidden()


def press(page: Any, button: str, by: str) -> None:
    """Press a button by mouse, or by keys alone."""
    if by == "mouse":
        page.click(button)
    else:
        page.locator(button).press("Enter")


PICTURES = [
    # name, locale, width, height, scheme, tab, by
    ("zh-text", "zh-CN", 1366, 768, "light", "text", "mouse"),
    ("zh-rows", "zh-CN", 1366, 768, "light", "rows", "mouse"),
    ("zh-overview", "zh-CN", 1366, 768, "light", "overview", "mouse"),
    ("zh-dark", "zh-CN", 1366, 768, "dark", "rows", "keys"),
    ("zh-phone", "zh-CN", 390, 844, "light", "rows", "keys"),
    ("en-text", "en-US", 1366, 768, "light", "text", "mouse"),
    ("en-rows", "en-US", 1366, 768, "light", "rows", "mouse"),
    ("en-quality", "en-US", 1366, 768, "dark", "quality", "keys"),
    ("en-phone", "en-US", 390, 844, "dark", "text", "mouse"),
    ("en-tablet", "en-US", 820, 1180, "light", "overview", "keys"),
]


@pytest.mark.parametrize("name, locale, width, height, scheme, tab, by", PICTURES)
def test_what_people_came_for_is_in_sight_without_scrolling(
    program: tuple[str, Path],
    open_page: OpenPage,
    screenshot: Callable[[Any, str], Path],
    name: str,
    locale: str,
    width: int,
    height: int,
    scheme: str,
    tab: str,
    by: str,
) -> None:
    """The real program's pictures; languages, widths, themes, mouse and keys each with each other, but for
    Chinese and a dark page on a tablet, which test_page.py and test_workbench.py see."""
    page = open_page(program[0], locale=locale, width=width, height=height, scheme=scheme)
    run_sample(page, "customer_call", by)
    press(page, f".svw-tab[data-tab={tab}]", by)
    first = {"text": "#sv-text textarea", "rows": "#svw-rows .svw-line >> nth=0"}.get(
        tab, f"#svw-{tab} h3 >> nth=0"
    )
    for part in (first, ".svw-start", ".svw-wave", ".svw-timeline", ".svw-copy", ".svw-export"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width, part
        assert box["y"] >= 0 and (part == first or box["y"] + box["height"] <= height), part
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    title, status = (
        page.locator("#sv-title h1").bounding_box(),
        page.locator("#sv-status span").bounding_box(),
    )
    assert width < 760 or (title and status and title["x"] + title["width"] <= status["x"]), "side by side"
    if tab == "rows":
        page.evaluate("HTMLMediaElement.prototype.play = () => Promise.resolve()")
        page.locator("#svw-rows .svw-line .svw-time").nth(2).click()
        page.mouse.move(width // 2, 2)
    screenshot(page, name)


MOST_REQUESTS, MOST_BYTES = 15, 60_000
"""What the page asks for beyond what gradio's own does."""

MOST_MOVED = 0.1
"""How much of the page moves while it loads: up to here it is good (web.dev, Cumulative Layout Shift)."""

SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((each) => (window.shifted += each.value)))
  .observe({ type: "layout-shift", buffered: true });
"""
"""Leaves the sum in the page."""


def test_the_first_load_is_light(program: tuple[str, Path], browser: Any) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.add_init_script(SHIFTS)
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda r: sizes.append(r.sizes()["responseBodySize"]) if "/sv/" in r.url else None,
    )
    page.goto(program[0])
    expect(page.locator(".svw-library h2")).to_be_visible()
    page.wait_for_timeout(1500)  # gradio keeps a stream open: the network is never idle
    moved = page.evaluate("shifted")
    context.close()
    assert moved <= MOST_MOVED
    assert 0 < len(sizes) <= MOST_REQUESTS and sum(sizes) <= MOST_BYTES


def test_the_other_states_of_the_page(
    program: tuple[str, Path], open_page: OpenPage, screenshot: Callable[[Any, str], Path], tmp_path: Path
) -> None:
    broken = tmp_path / "damaged.mp3"
    broken.write_bytes(b"ID3" + bytes(5000))
    page = open_page(program[0], width=1366, height=768)
    expect(page.locator("body")).to_have_attribute("data-sv", "none")
    screenshot(page, "zh-first")
    page.keyboard.press("?")
    expect(page.locator(".svw-help")).to_be_visible()
    page.keyboard.press("Escape")
    run_sample(page, "talk_show")
    page.click(".svw-tab[data-tab=quality]")
    page.click(".svw-export > summary")
    screenshot(page, "zh-export")
    page.keyboard.press("Escape")
    page.click(".svw-tab[data-tab=rows]")
    page.locator("#svw-rows .svw-line").first.focus()
    page.keyboard.press("e")
    screenshot(page, "zh-edit")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    screenshot(page, "zh-keyboard")
    page.keyboard.press("Escape")
    page.click("text=所有录音对比")
    expect(page.locator(".svw-compare tbody tr").first).to_be_visible()
    screenshot(page, "zh-compare")
    page.keyboard.press("Escape")
    page.set_input_files("#sv-file input[type=file]", [])
    page.goto(program[0])
    page.locator("input[type=file]").first.set_input_files(broken)
    page.wait_for_selector("#sv-file .file-preview >> text=damaged")
    page.click("#sv-start")
    expect(page.locator("body")).to_have_attribute("data-sv", "nothing", timeout=30_000)
    expect(page.locator(".svw-message h3")).to_contain_text("damaged.mp3")
    expect(page.locator("#sv-dock .svw-player")).to_be_hidden()
    screenshot(page, "zh-failed")


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
