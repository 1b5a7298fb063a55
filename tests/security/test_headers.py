"""L4: no other page frames ours, nothing on it is taken for another kind, and it sends nothing elsewhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.browser.conftest import is_problem
from tests.browser.program import Program
from tests.conftest import SAMPLES
from tests.security.conftest import Start, ask, new_page
from tests.security.test_h1_other_sites import their_port as their_port

EXPECTED = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

PATHS = [
    "/",
    "/sv/jobs",
    "/sv/static/main.js",
    "/sv/jobs/x",
    "/config",
    "/theme.css",
    "/nothing",
    "/gradio_api/info",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_bears_them(program: Program, path: str) -> None:
    headers = ask(program.port, path).headers
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED
    policy = headers["content-security-policy"]
    for part in ("frame-ancestors 'none'", "default-src 'self'", "object-src 'none'", "connect-src 'self'"):
        assert part in policy
    assert "http:" not in policy and "https:" not in policy and "*" not in policy


def test_what_was_uploaded_is_never_a_page(program: Program) -> None:
    page = b"<script>alert(1)</script>"
    address = f"{program.address}/gradio_api"
    path = httpx.post(f"{address}/upload", files={"files": ("a.html", page)}, timeout=60).json()[0]
    answer = httpx.get(f"{address}/file={path}", timeout=60)
    assert answer.content == page and answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_the_page_holds_its_policy(browser: Any, program: Program) -> None:
    """The page at work, from the upload to the rows and the sound, without an error in the console."""
    page = new_page(browser)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(program.address)
    page.wait_for_selector("#sv-text")
    page.locator("input[type=file]").first.set_input_files(SAMPLES["customer_call"].path)
    page.get_by_text("customer_call").first.wait_for(timeout=30_000)
    page.get_by_role("button", name="开始 AI 识别").click()
    page.wait_for_selector("#sv-dock audio, #sv-dock video", state="attached")
    page.wait_for_function("document.querySelectorAll('#svw-rows .svw-line').length > 3", timeout=180_000)
    sound = "document.querySelector('#sv-dock audio')"
    page.wait_for_function(f"{sound}.duration > 5")
    page.context.close()
    assert problems == []


def test_another_page_cannot_frame_it(browser: Any, program: Program, their_port: int) -> None:
    page = new_page(browser)
    page.goto(f"http://localhost:{their_port}/")
    page.set_content(f'<iframe src="{program.address}/"></iframe>')
    page.wait_for_timeout(3000)
    assert [frame.url for frame in page.frames[1:]] != [f"{program.address}/"]
    assert all(frame.query_selector("#sv-text") is None for frame in page.frames[1:])
    page.context.close()


def test_the_login_page_in_a_browser(browser: Any, start: Start) -> None:
    program = start("--auth", "anna:secret", "--auth", "bert:hidden")
    page = new_page(browser)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
    page.goto(f"{program.address}/?view=x")
    assert "SenseVoice 语音转写" in page.title()
    problems.clear()  # the browser's own word for 401
    for password in ("wrong", "secret"):
        page.get_by_label("User name").fill("anna")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button").click()
    page.wait_for_selector("#sv-text")
    assert page.url == f"{program.address}/?view=x"
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_selector("input[type=password]")
    assert [each for each in problems if "401" not in each] == []
    page.context.close()
