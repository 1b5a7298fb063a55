"""What the browser is told with the page, and long answers that are kept as they go over the wire."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sensevoice.ui.json_cache import PackedAnswers
from sensevoice.ui.preload import WORKBENCH, Preload, link_header


@pytest.fixture
def client() -> TestClient:
    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("page")

    routes = [Route("/", page), Route("/other", page)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Preload)]))


def test_the_page_names_the_workbench_and_its_job(client: TestClient) -> None:
    link = client.get("/?job=aB-_9").headers["link"]
    for path in WORKBENCH.glob("*.js"):
        assert f"<sv/static/{path.name}>; rel=modulepreload" in link
    assert "<sv/jobs/aB-_9>; rel=preload; as=fetch" in link
    assert "<sv/jobs/aB-_9/segments?from=0>; rel=preload; as=fetch" in link


@pytest.mark.parametrize(
    "query", ["", "job=", "job=../../x", "job=a>,<b", "job=%0d%0aSet-Cookie:x", "job=" + "a" * 65]
)
def test_nothing_but_a_job_s_id_gets_into_the_header(query: str) -> None:
    link = link_header(query)
    assert "jobs/" not in link and "labels" in link and "\r" not in link


def test_before_a_login_no_job_is_asked_for(client: TestClient) -> None:
    app: Any = client.app
    app.auth = ("x",)
    assert "jobs/" not in client.get("/?job=aB-_9").headers["link"]
    known = client.get("/?job=aB-_9", headers={"Cookie": "access-token-c=1"})
    assert "<sv/jobs/aB-_9>" in known.headers["link"]


def test_no_other_answer_carries_it(client: TestClient) -> None:
    assert "link" not in client.get("/other").headers
    assert "link" not in client.get("/missing").headers


def request(accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-encoding", accept.encode())]})


def test_an_answer_is_made_once_and_unpacked_for_who_cannot() -> None:
    made: list[int] = []

    def make() -> dict[str, Any]:
        made.append(1)
        return {"text": "您好"}

    answers = PackedAnswers(kept=2)
    first = answers.answer(request("gzip, br"), "a", make)
    assert first.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(bytes(first.body))) == {"text": "您好"}
    plain = answers.answer(request("identity"), "a", make)
    assert "content-encoding" not in plain.headers and json.loads(bytes(plain.body)) == {"text": "您好"}
    assert len(made) == 1
    for key in ("b", "c", "a"):
        answers.answer(request("gzip"), key, make)
    assert len(made) == 4, "the least used is let go"
