"""H2: of gradio's routes only those answer that are needed; none runs ffmpeg, writes code or fetches."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import Any

import gradio as gr
import pytest
from gradio.routes import App

from sensevoice.access.routes import ALLOWED, CAPTIONS, LIVE, OPENAI_API, is_open
from tests.browser.program import Program
from tests.security.conftest import ask, gradio_leaks

API = "/gradio_api"

REFUSED = {
    *(
        "/openapi.json",
        "/manifest.json",
        "/robots.txt",
        "/pwa_icon",
        "/pwa_icon/{size}",
        "/svelte/{path:path}",
    ),
    *("/monitoring", "/monitoring/{key}", "/monitoring/summary", "/config/", "/login/"),
    *(f"{API}/deep_link", f"{API}/openapi.json", f"{API}/process_recording", f"{API}/token", f"{API}/token/"),
    *(f"{API}/app_id/", f"{API}/dev/reload", f"{API}/info/", f"{API}/login_check", f"{API}/login_check/"),
    *(f"{API}/user", f"{API}/user/", f"{API}/reset/", f"{API}/theme.css", f"{API}/queue/status"),
    f"{API}/component_server",
    *(f"{API}/api/{{api_name}}", f"{API}/api/{{api_name}}/", f"{API}/run/{{api_name}}/"),
    *(f"{API}/call/{{api_name}}/", f"{API}/call/v2/{{api_name}}", f"{API}/call/v2/{{api_name}}/"),
    f"{API}/call/v2/{{api_name}}/{{event_id}}",
    f"{API}/custom_component/{{id}}/{{environment}}/{{type}}/{{file_name}}",
    *(f"{API}/file/{{path:path}}", f"{API}/proxy={{url_path:path}}"),
    *(f"{API}/stream/{{event_id}}", f"{API}/stream/{{event_id}}/close"),
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist.m3u8",
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/{{segment_id}}.{{ext}}",
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist-file",
    *(f"{API}/runs", f"{API}/runs/", f"{API}/run-history/buckets", f"{API}/run-history/connect"),
    *(
        f"{API}/run-history/records",
        f"{API}/run-history/records/{{endpoint}}/{{record_id}}/assets/{{asset_id}}",
    ),
    *(f"{API}/vibe-edit", f"{API}/vibe-edit/", f"{API}/undo-vibe-edit", f"{API}/undo-vibe-edit/"),
    *(f"{API}/vibe-code", f"{API}/vibe-code/", f"{API}/vibe-starter-queries", f"{API}/vibe-starter-queries/"),
}
"""Every other route of gradio 6.31, as gradio writes it."""

FORBIDDEN = [
    ("POST", f"{API}/process_recording"),
    ("POST", f"{API}/vibe-edit"),
    ("GET", f"{API}/vibe-code"),
    ("POST", f"{API}/vibe-starter-queries"),
    ("GET", f"{API}/custom_component/x/client/component/%1b%5b31m%0aforged.js"),
    ("POST", f"{API}/stream/x"),
    ("GET", f"{API}/stream/x/y/1/playlist.m3u8"),
    ("GET", f"{API}/deep_link?session_hash=x"),
    ("GET", "/?deep_link=x"),
    ("GET", f"{API}/file/http://example.org/"),
    ("GET", f"{API}/file/etc/passwd"),
    ("GET", f"{API}/proxy=http://127.0.0.1:1/"),
    ("GET", "/openapi.json"),
    ("GET", f"{API}/openapi.json"),
    ("POST", f"{API}/component_server"),
    ("GET", f"{API}/token"),
    ("GET", "/monitoring/summary"),
    ("GET", "/some/page/of/a/later/gradio"),
]


def routes(of: Iterable[Any]) -> Iterator[str]:
    """Return the paths of routes, those of routers within included."""
    for route in of:
        if hasattr(route, "path"):
            yield route.path
        else:
            yield from routes(route.original_router.routes)


@gradio_leaks
def test_every_route_of_the_installed_gradio_is_allowed_or_refused() -> None:
    with gr.Blocks() as app:
        gr.Textbox()
    there = set(routes(App.create_app(app).routes))
    gc.collect()
    assert len(there) > 60, "gradio keeps its routes elsewhere now"
    assert there - set(ALLOWED) - REFUSED == set()
    own = {path for path in ALLOWED if path.startswith((OPENAI_API, LIVE, CAPTIONS))}
    assert set(ALLOWED) - own <= there, "what else is allowed is to be gradio's own"
    assert not set(ALLOWED) & REFUSED


@pytest.mark.parametrize("path", sorted(REFUSED))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_route_matches_none_that_is_allowed(path: str, method: str) -> None:
    assert not is_open(method, path)


@pytest.mark.parametrize("method, path", FORBIDDEN)
def test_the_running_program_does_not_have_it(program: Program, method: str, path: str) -> None:
    answer = ask(program.port, path, method, b"{}" if method == "POST" else b"")
    assert (answer.status, answer.code) == (404, "no_such_address")
    assert "\x1b" not in program.output() and "forged" not in program.output()
