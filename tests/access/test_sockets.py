"""WebSockets are opened by whoever may open the page, and by nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from sensevoice.access import USER, AccessMiddleware, AccessPolicy, Accounts, Login

HERE, ELSEWHERE = ("127.0.0.1", 5000), ("192.0.2.7", 5000)
HOST = {"host": "127.0.0.1:6006"}


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    secret = [name for name in ("cookie", "authorization") if name in websocket.headers]
    await websocket.send_json({"user": websocket.scope.get(USER), "secret": secret})
    await websocket.close()


def client(
    tmp_path: Path, address: tuple[str, int] = HERE, login: Login | None = None, **policy: Any
) -> TestClient:
    inner = Starlette(routes=[WebSocketRoute("/live", echo), WebSocketRoute("/other", echo)])
    rules = AccessPolicy(max_upload_mb=10, login=login is not None, token="t" * 24, **policy)
    return TestClient(AccessMiddleware(inner, rules, tmp_path, 0, login), client=address)


def opened(at: TestClient, path: str = "/live", **headers: str) -> Any:
    with at.websocket_connect(path, headers={**HOST, **headers}) as socket:
        return socket.receive_json()


def refused(at: TestClient, path: str = "/live", **headers: str) -> tuple[int, str]:
    with pytest.raises(WebSocketDenialResponse) as denied:
        opened(at, path, **headers)
    return denied.value.status_code, denied.value.json()["code"]


def test_whoever_comes_from_this_machine_comes_in(tmp_path: Path) -> None:
    assert opened(client(tmp_path)) == {"user": None, "secret": []}
    assert opened(client(tmp_path), origin="http://127.0.0.1:6006")["user"] is None


def test_a_page_of_another_site_is_refused(tmp_path: Path) -> None:
    for origin in ("http://evil.example", "http://127.0.0.1:7000", "null"):
        assert refused(client(tmp_path), origin=origin) == (403, "bad_origin")
    assert refused(client(tmp_path), **{"sec-fetch-site": "cross-site"}) == (403, "bad_origin")


def test_a_name_that_is_not_this_machines_is_refused(tmp_path: Path) -> None:
    assert refused(client(tmp_path), host="evil.example") == (421, "unknown_host")


def test_from_elsewhere_the_token_is_needed(tmp_path: Path) -> None:
    at = client(tmp_path, ELSEWHERE)
    assert refused(at) == (401, "uninvited")
    assert opened(at, cookie=f"sensevoice-token={'t' * 24}") == {"user": None, "secret": []}
    assert opened(at, authorization=f"Bearer {'t' * 24}")["secret"] == []
    assert refused(at, "/live?token=wrong")[0] == 401


def test_with_logins_it_is_known_who_speaks(tmp_path: Path) -> None:
    login = Login(Accounts(["ann:secret"]), "sensevoice-session")
    at = client(tmp_path, ELSEWHERE, login)
    assert refused(at, host="192.0.2.1:6006")[0] == 401
    assert opened(at, host="192.0.2.1:6006", authorization="Bearer ann:secret") == {
        "user": "ann",
        "secret": [],
    }
    assert refused(at, host="192.0.2.1:6006", authorization="Bearer ann:wrong")[0] == 401


def test_no_other_address_opens_one(tmp_path: Path) -> None:
    for path in ("/other", "/", "/sv/jobs", "/gradio_api/queue/join"):
        assert refused(client(tmp_path), path)[1] == "no_such_address"
    assert client(tmp_path).get("/live", headers=HOST).status_code == 404
