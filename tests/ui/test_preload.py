"""What the browser is told with the page."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sensevoice.ui.preload import Preload, link_header


@pytest.fixture
def client() -> TestClient:
    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("page")

    routes = [Route("/", page), Route("/other", page)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Preload)]))


def test_the_page_names_the_workbench_and_its_job(client: TestClient) -> None:
    link = client.get("/?job=aB-_9").headers["link"]
    assert "<sv/static/bundle.js>; rel=modulepreload" in link
    assert "<sv/jobs/aB-_9>; rel=preload; as=fetch" in link
    assert "<sv/jobs/aB-_9/segments?from=0>; rel=preload; as=fetch" in link


@pytest.mark.parametrize(
    "query", ["", "job=", "job=../../x", "job=a>,<b", "job=%0d%0aSet-Cookie:x", "job=" + "a" * 65]
)
def test_nothing_but_a_job_s_id_gets_into_the_header(query: str) -> None:
    link = link_header(query)
    assert "jobs/" not in link and "labels" in link and "\r" not in link


def test_no_other_answer_carries_it(client: TestClient) -> None:
    assert "link" not in client.get("/other").headers
    assert "link" not in client.get("/missing").headers
