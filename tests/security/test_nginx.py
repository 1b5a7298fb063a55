"""A reverse proxy in both shapes: the prefix is passed on, or stripped. The whole page works behind it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from sensevoice.live.recording import FRAME_BYTES
from tests.browser.conftest import is_problem
from tests.browser.program import Program
from tests.security.conftest import Nginx, Start, ask, new_page

SHAPES = {"kept": "", "stripped": "/"}

README_LINES = (
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; '
    "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; "
    "proxy_set_header X-Forwarded-Proto $scheme; proxy_buffering off; client_max_body_size 0;"
)

PATHS = [
    "/",
    "/sv/static/main.js",
    "/sv/static/workbench.css",
    "/sv/labels",
    "/sv/jobs",
    "/config",
    "/theme.css",
]

OPTIONS = ("--root-path", "/asr", "--trusted-proxy", "127.0.0.1")


def behind(nginx: Nginx, program: Program, shape: str) -> int:
    target = f"http://127.0.0.1:{program.port}{SHAPES[shape]}"
    return nginx(f"location /asr/ {{ proxy_pass {target}; {README_LINES} }}")


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_is_there_for_those_with_the_link(start: Start, nginx: Nginx, shape: str) -> None:
    program = start(*OPTIONS)
    port = behind(nginx, program, shape)
    for path in PATHS:
        assert ask(port, f"/asr{path}").status == 401
        answer = ask(port, f"/asr{path}", Authorization=f"Bearer {program.token()}", Host=f"127.0.0.1:{port}")
        assert answer.status == 200, path
    for path in ("/sv/static/../routes.py", "/sv/static/%2e%2e/routes.py", "/sv/static/none.js"):
        assert ask(port, f"/asr{path}", Authorization=f"Bearer {program.token()}").status in (400, 404)
    assert recorded(f"ws://127.0.0.1:{port}/asr/live", program.token()) == 10


def recorded(url: str, token: str) -> int:
    """Record a second of silence over the socket; return how many frames of it were acknowledged."""
    with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        socket.send(json.dumps({"type": "start", "name": "proxy"}))
        assert json.loads(socket.recv(60))["type"] == "ready"
        for number in range(10):
            socket.send(number.to_bytes(4, "little") + bytes(FRAME_BYTES))
        acknowledged = 0
        while acknowledged < 10:
            acknowledged = json.loads(socket.recv(60)).get("next", acknowledged)
        return acknowledged


@pytest.mark.parametrize("shape", SHAPES)
def test_the_page_in_a_browser(browser: Any, start: Start, nginx: Nginx, shape: str) -> None:
    program = start(*OPTIONS)
    port = behind(nginx, program, shape)
    page = new_page(browser)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(shown(message)) if is_problem(message) else None)
    page.on("response", lambda got: problems.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.goto(f"http://127.0.0.1:{port}/asr/?token={program.token()}")
    page.wait_for_selector("#sv-text")
    page.wait_for_selector("#sv-dock .svw-player", state="attached")  # the workbench's script has run
    assert "token" not in page.url
    page.context.close()
    icon_of_the_site = (
        f"http://127.0.0.1:{port}/favicon.ico"  # outside the prefix, for which nginx has nothing
    )
    assert [problem for problem in problems if not problem.endswith(icon_of_the_site)] == []


def shown(message: Any) -> str:
    return f"{message.text} {message.location.get('url')}"


def test_logins_behind_it(start: Start, nginx: Nginx) -> None:
    program = start("--root-path", "/asr", variables={"SENSEVOICE_AUTH": "anna:secret one"})
    port = behind(nginx, program, "stripped")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/asr", timeout=60) as client:
        assert client.get("/sv/jobs").status_code == 401
        form = {"username": "anna", "password": "secret one"}
        page = client.post("/login", data=form, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/asr/")
        assert "path=/asr" in page.headers["set-cookie"].lower()
        assert client.get("/sv/jobs").status_code == 200


def test_guesses_are_counted_by_peer_unless_the_proxy_is_trusted(start: Start) -> None:
    program = start("--auth", "anna:secret", "--auth", "bert:hidden")
    wrong = {"username": "anna", "password": "wrong"}
    with httpx.Client(base_url=program.address, timeout=60) as client:
        took = []
        for number in range(8):
            answer = client.post("/login", data=wrong, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            took.append(answer.elapsed.total_seconds())
            assert answer.status_code == 401
    assert min(took[5:]) >= 1.0, "the names that are forwarded are not believed"


def test_a_trusted_proxy_is_believed_who_guesses(start: Start) -> None:
    program = start("--auth", "anna:secret", "--auth", "bert:hidden", "--trusted-proxy", "127.0.0.1")
    wrong = {"username": "anna", "password": "wrong"}
    with httpx.Client(base_url=program.address, timeout=60) as client:

        def guess(source: str) -> float:
            answer = client.post("/login", data=wrong, headers={"X-Forwarded-For": source})
            assert answer.status_code == 401
            return answer.elapsed.total_seconds()

        from_one = [guess("192.0.2.1") for _ in range(7)]
        from_others = [guess(f"192.0.2.{number}") for number in range(2, 5)]
    assert min(from_one[5:]) >= 1.0 > min(from_others)
