"""H1: a page of another site, or of another port of localhost, reads nothing through the visitor's tunnel."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.program import Program
from tests.security.conftest import ask, new_page

THEIR_PAGE = b"<!doctype html><title>theirs</title><p>theirs"

READING = """async ([path, mode]) => {
  try { return (await fetch(path, {credentials: "include", mode})).type; } catch { return "refused"; }
}"""

ELEMENT = """([tag, address]) => new Promise((done) => {
  const element = Object.assign(document.createElement(tag), {src: address});
  element.onload = element.oncanplay = () => done("loaded");
  element.onerror = () => done("refused");
  document.body.append(element);
})"""


class TheirSite(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(THEIR_PAGE)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def their_port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TheirSite)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "x.localhost", "localhost.", "[::1]", "127.0.0.2"]
)
def test_a_foreign_origin_is_refused_under_every_name(program: Program, host: str, method: str) -> None:
    named = f"{host}:{program.port}"
    for origin in ("https://evil.example", "http://localhost:1", "null"):
        answer = ask(program.port, "/sv/jobs", method, Host=named, Origin=origin)
        assert answer.status == 403, (origin, answer)
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_preflight_is_refused(program: Program) -> None:
    asked = {"Access_Control_Request_Method": "PATCH", "Origin": "http://localhost:1"}
    answer = ask(program.port, "/sv/jobs/x", "OPTIONS", **asked)
    assert answer.status == 403 and "access-control-allow-origin" not in answer.headers


def test_our_own_page_is_let_in_without_cors(program: Program) -> None:
    own = f"http://127.0.0.1:{program.port}"
    answer = ask(program.port, "/sv/jobs", Origin=own, Sec_Fetch_Site="same-origin")
    assert answer.status == 200 and answer.body.startswith(b'{"jobs"')
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("theirs", ["evil.localhost", "localhost", "127.0.0.1"])
def test_a_page_in_a_browser(browser: Any, program: Program, their_port: int, theirs: str) -> None:
    page = new_page(browser)
    page.goto(f"http://{theirs}:{their_port}/")
    for ours in ("x.localhost", "localhost", "127.0.0.1"):
        address = f"http://{ours}:{program.port}"
        for path in ("/sv/jobs", "/config", "/gradio_api/info"):
            assert page.evaluate(READING, [address + path, "cors"]) == "refused"
        assert page.evaluate(ELEMENT, ["script", f"{address}/sv/static/main.js"]) == "refused"
        assert page.evaluate(ELEMENT, ["img", f"{address}/sv/jobs/x/audio"]) == "refused"
    page.context.close()


def test_a_link_from_another_site_opens_the_page(browser: Any, program: Program, their_port: int) -> None:
    page = new_page(browser)
    page.goto(f"http://localhost:{their_port}/")
    page.evaluate("(address) => { location.href = address; }", f"{program.address}/?job=x")
    page.wait_for_selector("#sv-text")
    page.context.close()
