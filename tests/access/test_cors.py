"""--allow-origin: pages of sites that were named call /v1 with a key, and nothing else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sensevoice.access import COOKIE, USER, AccessMiddleware, AccessPolicy, Accounts, Login
from sensevoice.access.http.cors import METHODS
from sensevoice.access.origins import allowed_origins
from sensevoice.access.routes import ALLOWED, OPENAI_API, SOCKET
from sensevoice.errors import OptionError

CHAT = "https://chat.example"
OTHER = "https://other.example"
KEY = {"Authorization": "Bearer right"}
V1 = "/v1/jobs"


def site(tmp_path: Path, accounts: Accounts | None = None, **more: Any) -> TestClient:
    """Return a client of a little app behind the middleware, from this machine."""
    policy = AccessPolicy(1, login=accounts is not None, origins=(CHAT,), token="right", **more)
    guard = functools.partial(
        AccessMiddleware,
        policy=policy,
        uploads=tmp_path,
        min_free_bytes=0,
        login=accounts and Login(accounts, "session"),
    )

    async def answer(request: Any) -> PlainTextResponse:
        assert "cookie" not in request.headers and "authorization" not in request.headers
        theirs = {"Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Origin": "*"}
        return PlainTextResponse(str(request.scope[USER]), headers=theirs)

    routes = [Route(path, answer, methods=["GET", "POST", "DELETE"]) for path in ("/", V1, "/sv/jobs")]
    app = Starlette(routes=routes, middleware=[Middleware(guard)])
    return TestClient(app, base_url="http://127.0.0.1:6006", client=("127.0.0.1", 5))


def asked(client: TestClient, path: str = V1, method: str = "POST", origin: str = CHAT, **more: str) -> Any:
    """Send what a browser asks before a request."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Sec-Fetch-Site": "cross-site"}
    headers["Access-Control-Request-Headers"] = "authorization,content-type,x-stainless-lang,x-evil"
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return client.options(path, headers={**headers, **named})


def opened(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers if name.startswith("access-control-")]


def test_a_browser_asks_and_then_calls_with_a_key(tmp_path: Path) -> None:
    client = site(tmp_path)
    may = asked(client, Access_Control_Request_Private_Network="true")
    assert may.status_code == 204 and may.headers["access-control-allow-origin"] == CHAT
    assert may.headers["access-control-allow-headers"] == "authorization, content-type, x-stainless-lang"
    assert "POST" in may.headers["access-control-allow-methods"] and may.headers["vary"] == "Origin"
    assert may.headers["access-control-allow-private-network"] == "true"
    for method in ("GET", "POST", "DELETE"):
        called = client.request(method, V1, headers={"Origin": CHAT, "Sec-Fetch-Site": "cross-site", **KEY})
        expected = 200 if method != "DELETE" else 404  # of the list, nothing is deleted
        assert called.status_code == expected
        assert called.headers["access-control-allow-origin"] == CHAT


def test_nothing_ever_lets_cookies_come_along(tmp_path: Path) -> None:
    client = site(tmp_path)
    for answer in (asked(client), client.get(V1, headers={"Origin": CHAT, **KEY})):
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["access-control-allow-origin"] == CHAT


def test_without_a_key_nothing_is_answered_to_it(tmp_path: Path) -> None:
    """Neither by a cookie, nor because the browser is on this machine."""
    client = site(tmp_path)
    for headers in (
        {},
        {"Cookie": f"{COOKIE}=right"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer wrong", "Cookie": f"{COOKIE}=right"},
        {"Authorization": "Basic right"},
    ):
        answer = client.get(V1, headers={"Origin": CHAT, **headers})
        assert answer.status_code == 401 and answer.json()["error"]["code"] == "uninvited"
        assert answer.headers["access-control-allow-origin"] == CHAT, "its page may read why"


@pytest.mark.parametrize("path", ["/", "/sv/jobs", "/gradio_api/upload", "/login", "/v1", "/v1x/jobs"])
def test_nothing_but_v1_is_open_to_it(tmp_path: Path, path: str) -> None:
    client = site(tmp_path)
    for answer in (asked(client, path), client.post(path, headers={"Origin": CHAT, **KEY})):
        assert answer.status_code in (403, 404) and opened(answer) == []


@pytest.mark.parametrize(
    "origin",
    [OTHER, "null", "http://chat.example", f"{CHAT}:8443", f"{CHAT}.evil", "https://a.chat.example", "*"],
)
def test_other_origins_are_refused_as_before(tmp_path: Path, origin: str) -> None:
    client = site(tmp_path)
    for answer in (asked(client, origin=origin), client.get(V1, headers={"Origin": origin, **KEY})):
        assert answer.status_code in (403, 404) and opened(answer) == []


def test_what_is_not_there_is_not_allowed_either(tmp_path: Path) -> None:
    for answer in (asked(site(tmp_path), "/v1/secrets"), asked(site(tmp_path), method="PATCH")):
        assert answer.status_code == 404 and "access-control-allow-methods" not in answer.headers


def test_every_method_of_v1_may_be_asked_for() -> None:
    methods = {each for path, allowed in ALLOWED.items() if path.startswith(OPENAI_API) for each in allowed}
    assert methods - {SOCKET} <= set(METHODS.split(", "))


def test_requests_without_an_origin_bear_no_such_headers(tmp_path: Path) -> None:
    client = site(tmp_path)
    for headers in ({}, {"Origin": "http://127.0.0.1:6006"}):
        answer = client.get(V1, headers=headers)
        assert answer.status_code == 200 and opened(answer) == []


def test_a_login_s_key_is_one(tmp_path: Path) -> None:
    client = site(tmp_path, Accounts(["ann:secret"]))
    answer = client.get(V1, headers={"Origin": CHAT, "Authorization": "Bearer ann:secret"})
    assert (answer.status_code, answer.text) == (200, "ann")
    session = client.post("/login", data={"username": "ann", "password": "secret"})
    assert session.status_code == 200 and client.get(V1).text == "ann"
    for headers in ({}, {"Authorization": "Bearer x"}):
        assert client.get(V1, headers={"Origin": CHAT, **headers}).status_code == 401, "not by its cookie"


def test_with_open_a_key_is_still_asked_for(tmp_path: Path) -> None:
    client = site(tmp_path, open_to_all=True)
    assert client.get(V1, headers={"Origin": CHAT}).status_code == 401
    assert client.get(V1, headers={"Origin": CHAT, **KEY}).status_code == 200


def test_origins_as_browsers_write_them() -> None:
    given = ["HTTPS://Chat.Example/", "http://localhost:3000,https://a.example:443", "http://[::1]:80"]
    found = ("https://chat.example", "http://localhost:3000", "https://a.example", "http://[::1]")
    assert allowed_origins(given) == found


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "null",
        "chat.example",
        "https://",
        "https://a/b",
        "https://u@a",
        "ftp://a",
        "https://a:x",
        "https://*.a",
    ],
)
def test_what_is_no_origin(given: str) -> None:
    with pytest.raises(OptionError, match="allow-origin"):
        allowed_origins([given])
