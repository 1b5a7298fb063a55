"""Live recording in a real browser, whose microphone plays a recording, over the real program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.browser.conftest import is_problem
from tests.browser.program import Program
from tests.conftest import CHROMIUM, CHROMIUM_ARGS, SAMPLES
from tests.live.talk import sound_of

RATE_HZ = 48_000

ROW = "#sv-live-view .svl-rows li"


@pytest.fixture(scope="module")
def talker(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser of its own, whose microphone hears a call once and then nothing."""
    call = np.frombuffer(sound_of(SAMPLES["customer_call"].path), "<i2").astype(np.float64)
    places = np.arange(3 * len(call)) / 3
    path = tmp_path_factory.mktemp("microphone") / "call.wav"
    soundfile.write(path, np.interp(places, np.arange(len(call)), call) / 32768, RATE_HZ, subtype="PCM_16")
    arguments = [*CHROMIUM_ARGS, f"--use-file-for-fake-audio-capture={path}%noloop"]
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    running = Program(tmp_path_factory.mktemp("program"))
    try:
        running.wait()
        yield running
    finally:
        running.kill()


def opened(chromium: Any, started: Program, problems: list[str]) -> Any:
    page = chromium.new_context(locale="zh-CN", permissions=["microphone"]).new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda m: problems.append(m.text) if is_problem(m) else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(started.address)
    page.get_by_role("tab", name="实时").click()
    page.wait_for_selector("#svl-start:enabled")
    return page


def test_a_call_is_read_while_it_is_heard_and_loses_nothing_when_the_program_dies(
    talker: Any, started: Program
) -> None:
    problems: list[str] = []
    page = opened(talker, started, problems)
    assert page.is_hidden("#sv-start")
    page.click("#svl-start")
    page.wait_for_selector(".svl-growing .svl-tail, " + ROW)
    page.get_by_role("button", name="字幕链接").click()
    page.wait_for_function("document.querySelector('.svl-room input')?.value")
    buttons = [button.bounding_box() for button in page.locator(".svl-room button").all()]
    assert (
        len({(box["y"], box["height"]) for box in buttons if box}) == 1
    )  # gradio has margins for all but one
    room = talker.new_context(locale="zh-CN").new_page()
    room.goto(page.input_value(".svl-room input"))
    room.wait_for_selector("#lines p")
    page.wait_for_selector(f"{ROW} .svl-tag[data-kind=emotion]")
    said = page.locator(f"{ROW}:not(.svl-open) .svl-said").first
    typed = f"{said.inner_text()}（已核对）"
    said.dblclick()
    page.fill(".svl-edit", typed)
    page.press(".svl-edit", "Enter")
    page.wait_for_function("typed => document.body.textContent.includes(typed)", arg=typed)
    assert problems == []

    started.kill()
    room.wait_for_selector("#note[data-kind=trouble]")
    page.wait_for_selector(".svl-problem:not([hidden])")
    started.start_again()
    page.wait_for_selector(".svl-problem", state="hidden")
    room.wait_for_selector("#note[data-kind='']", state="attached")  # its link is the same
    assert said.inner_text() == typed
    heard = page.inner_text(".svl-state")
    page.click("#svl-stop")
    page.wait_for_selector("body[data-sv=open]")
    job = page.url.partition("job=")[2]
    for _ in range(240):
        record = page.evaluate("id => fetch(`sv/jobs/${id}`).then((r) => r.json())", job)
        if record["state"] == "done":
            break
        page.wait_for_timeout(500)
    told = page.evaluate("id => fetch(`sv/jobs/${id}/segments?from=0`).then((r) => r.json())", job)
    minutes, seconds = heard.split("·")[0].split()[-1].split(":")
    assert record["duration_ms"] >= (60 * int(minutes) + int(seconds)) * 1000
    whole = "".join(row["text"] for row in told["segments"])
    for words in ("有什么可以帮您", "这都第几天了", "马上为您处理"):
        assert words in whole
    told_of_change = [*(row["text"] for row in told["segments"]), *(d["zh"] for d in record["diagnostics"])]
    assert any("（已核对）" in text for text in told_of_change)
    page.context.close()
    room.context.close()


class Told:
    """The server's end of the line, as a test plays it; `heard` are the messages of the page."""

    def __init__(self, page: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        self._page = page
        page.route_web_socket("**/live", self._open)

    def until(self, wanted: Callable[[], bool]) -> None:
        """Return when the page has said what is wanted."""
        for _ in range(400):
            if wanted():
                return
            self._page.wait_for_timeout(50)
        raise AssertionError(self.heard)

    def _open(self, line: Any) -> None:
        self._line = line
        line.on_message(self._hear)

    def _hear(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.heard.append(json.loads(message))
            if self.heard[-1]["type"] == "start":
                self._line.send(json.dumps({"type": "ready", "session": "x", "next": 0}))

    def rows(self, *texts: str, settled: int = 0) -> None:
        """Send rows, each of a speaker of its own; all frames have been written."""
        nothing = {"language": "zh", "emotion": None, "events": [], "error": None, "edited": False}
        rows = [
            {"kind": "speech", "start_ms": 5_000 * at, "end_ms": 5_000 * at + 4_000, "text": text, **nothing}
            | {"speaker": f"S{at + 1}"}
            for at, text in enumerate(texts)
        ]
        message = {"type": "state", "next": 100_000, "heard_ms": 9_000, "growing": None, "stopped": False}
        self._line.send(json.dumps({**message, "from": 0, "rows": rows, "settled": settled}))


def recording(talker: Any, started: Program) -> tuple[Any, Told]:
    """Return a page that records, and its line, of which a test plays the other end."""
    page = talker.new_context(locale="zh-CN", permissions=["microphone"]).new_page()
    told = Told(page)
    page.goto(started.address)
    page.get_by_role("tab", name="实时").click()
    page.click("#svl-start:enabled")
    told.until(lambda: bool(told.heard))
    return page, told


def test_what_is_typed_while_rows_change_is_not_lost(talker: Any, started: Program) -> None:
    page, told = recording(talker, started)

    told.rows("您好")
    name = page.locator(f"{ROW} .svl-who").first
    name.hover()
    page.mouse.down()
    told.rows("您好", "再见")  # the row that is clicked stays
    page.wait_for_selector(f"{ROW} >> text=再见")
    page.mouse.up()
    page.keyboard.type("王")
    told.rows("您好，请问", "再见")
    page.wait_for_timeout(200)
    page.keyboard.type("女士")
    told.rows("您好，请问有什么", settled=1)
    page.wait_for_selector(f"{ROW} >> text=再见", state="detached")
    page.keyboard.press("Enter")
    told.until(lambda: told.heard[-1] == {"type": "name", "speaker": "S1", "name": "王女士"})
    assert page.locator(".svl-edit").count() == 0, "Enter closes the field, and does not press the name"
    said = page.locator(f"{ROW}:not(.svl-open) .svl-said")
    assert said.inner_text() == "您好，请问有什么"

    said.dblclick()
    told.rows("您好，请问有什么", "好的", "再见", settled=2)
    page.wait_for_selector(f"{ROW} >> text=再见")
    page.keyboard.type("您好！")
    page.keyboard.press("Enter")
    correction = {"type": "correct", "row": 0, "start_ms": 0, "text": "您好！"}
    told.until(lambda: told.heard[-1] == correction)

    page.locator(f"{ROW} .svl-who").last.click()
    page.keyboard.type("李")
    told.rows("您好！", "好的，再见", settled=1)  # two rows became one
    page.wait_for_selector(f"{ROW} >> text=好的，再见")
    page.keyboard.press("Enter")
    told.until(lambda: told.heard[-1] == {"type": "name", "speaker": "S3", "name": "李"})
    assert page.locator(ROW).count() == 2
    page.context.close()


def test_whoever_reads_further_up_stays_there_and_comes_back_at_a_click(
    talker: Any, started: Program
) -> None:
    page, told = recording(talker, started)
    texts = [f"第{number}句" for number in range(80)]
    told.rows(*texts)
    back, last = page.get_by_role("button", name="回到最新"), page.locator(ROW).last
    page.wait_for_selector(f"{ROW} >> text=第79句")
    assert not back.is_visible()
    page.hover("#sv-live-view")
    page.mouse.wheel(0, -600)
    back.wait_for()
    told.rows(*texts, "又一句")
    page.wait_for_selector(f"{ROW} >> text=又一句", state="attached")
    assert back.is_visible()
    above = page.evaluate("document.querySelector('#sv-live-view').getBoundingClientRect().bottom")
    assert last.bounding_box()["y"] > above, "what is read stays where it is"
    back.click()
    back.wait_for(state="hidden")
    assert last.bounding_box()["y"] < above
    page.context.close()


def test_a_page_that_may_not_record_says_so_in_a_sentence(talker: Any, started: Program) -> None:
    """As under http with a foreign name, where browsers have no microphone."""
    page = talker.new_context(locale="en-US").new_page()
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { get: () => false })")
    page.goto(started.address)
    page.get_by_role("tab", name="Live").click()
    page.wait_for_selector(".svl-problem:not([hidden])")
    assert "ssh -L" in page.inner_text(".svl-problem")
    assert page.is_disabled("#svl-start")
    page.context.close()
