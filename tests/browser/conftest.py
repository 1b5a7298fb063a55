"""A launched app on a free port and a browser that looks at it, in Chinese and in English.

Every page made here fails its test at the end if it logged an error to the console or asked any
other host for anything.
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from sensevoice.access.routes import is_open
from sensevoice.jobs import TranscribeFn
from sensevoice.search import SearchService
from sensevoice.transcribe.pipeline import cut
from sensevoice.transcript import Segment, Span
from sensevoice.ui import (
    PageSettings,
    UploadRefs,
    build_app,
    close_app,
    job_routes,
    launch_arguments,
    queue_arguments,
)
from tests.browser.program import Program
from tests.ui.ui_script import runner_of

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"

GRADIO_WARNINGS = (
    "ignore:'future.no_silent_downcasting' is deprecated",
    "ignore:The copy keyword is deprecated",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
"""gradio 6.31 calls pandas 3 in an old way after every run, which as an error would break its queue, and
leaves event loops of its threads unclosed, which come to light only when they are collected."""

ON_RELOAD = (
    "AbortError: signal is aborted",
    "AbortError: BodyStreamBuffer was aborted",  # the same, in the middle of an answer
    "Unexpected error Connection errored out",
    "Unexpected error 404: Not Found",
)
"""What gradio's client logs in a page that is left: it closes its stream, and opens it again for the answer
to what it had just asked, when the session is gone."""

CONFLICT = "the server responded with a status of 409 (Conflict)"
"""What the browser itself logs of a correction that was refused; the page says it in a sentence."""

LiveApp = Callable[[TranscribeFn, PageSettings], str]
OpenPage = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            for warning in GRADIO_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture
def live_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveApp]:
    """Return a function that launches the app as the program does and returns its address."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    apps, runners, searches = [], [], []

    def hear(path: Path, spans: Any, options: Any, rejoin: bool = False) -> list[Segment]:
        if rejoin:  # each in two halves
            spans = [half for span in spans for half in halves(span)]
        return [Segment("speech", span, "重新识别", language="zh") for span in spans]

    def launch(transcribe: TranscribeFn, settings: PageSettings) -> str:
        paused = settings.model().state == "loading"
        runner = runner_of(transcribe, tmp_path / f"app-{len(apps)}", paused=paused)
        runners.append(runner)
        searches.append(SearchService(runner.store))
        app = build_app(runner, settings, launch.refs)  # type: ignore[attr-defined]
        apps.append(app)
        app.queue(**queue_arguments())
        port = free_port()
        app.launch(
            server_name="127.0.0.1",
            server_port=port,
            prevent_thread_lock=True,
            **launch_arguments(settings, job_routes(runner, hear, cut, search=searches[-1])),
        )
        return f"http://127.0.0.1:{port}"

    launch.refs = UploadRefs()  # type: ignore[attr-defined]
    launch.runners = runners  # type: ignore[attr-defined]  # for tests that let them begin
    yield launch
    for app in apps:
        close_app(app)
    for each in (*runners, *searches):
        each.close()
    gc.collect()  # what gradio leaves open is to be found here and not in the middle of another test


def is_problem(message: Any) -> bool:
    """Return whether a console message is an error; gradio's own in a page that is left are none."""
    return message.type == "error" and not any(words in message.text for words in (*ON_RELOAD, CONFLICT))


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """Return a function that opens an address with a locale, a width and a colour scheme."""
    contexts, problems = [], []

    def open_at(
        url: str, locale: str = "zh-CN", width: int = 1280, scheme: str = "light", height: int = 900
    ) -> Any:
        context = browser.new_context(
            locale=locale, viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        host = urlsplit(url).netloc

        def check_request(request: Any) -> None:
            parts = urlsplit(request.url)
            if parts.scheme not in ("data", "blob") and parts.netloc != host:
                problems.append(f"request to another host: {request.url}")
            elif parts.netloc == host and not is_open(request.method, unquote(parts.path)):
                problems.append(f"request that the access policy refuses: {request.method} {parts.path}")

        page.on("request", check_request)
        page.on(
            "console", lambda m: problems.append(f"console: {m.text} {m.location}") if is_problem(m) else None
        )
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.goto(url)
        page.wait_for_selector(
            "#sv-text", state="attached"
        )  # the start button is hidden while a job is followed
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page_zh(open_page: OpenPage) -> OpenPage:
    return lambda url, **more: open_page(url, locale="zh-CN", **more)


@pytest.fixture
def page_en(open_page: OpenPage) -> OpenPage:
    return lambda url, **more: open_page(url, locale="en-US", **more)


MAX_SCREENSHOT_BYTES = 200_000


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[[Any, str], Path]:
    """Return a function that keeps a picture: in docs/screenshots with UPDATE_SCREENSHOTS=1.

    For the real program alone: nobody is shown what was never run.
    """
    folder = SCREENSHOTS if os.environ.get("UPDATE_SCREENSHOTS") == "1" else tmp_path

    def take(page: Any, name: str) -> Path:
        path = folder / f"{name}.png"
        folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(500)  # transitions
        page.screenshot(path=str(path))
        assert path.stat().st_size < MAX_SCREENSHOT_BYTES
        return path

    return take


def halves(span: Span) -> tuple[Span, Span]:
    middle_ms = (span.start_ms + span.end_ms) // 2
    return Span(span.start_ms, middle_ms), Span(middle_ms, span.end_ms)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The whole program with the bundled model, started and ready; killed afterwards."""
    started = Program(tmp_path)
    try:
        started.wait()
        yield started
    finally:
        started.kill()
