"""What the page has in its head from the first byte, and the language that was chosen on it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from sensevoice.ui.i18n import locale_of
from sensevoice.ui.page_head import HEAD, LOCALE_COOKIE, PageHead

PAGE = '<html><head><base href="./" /><title>语音</title></head></html>'


def page(request: Request) -> Response:
    return HTMLResponse(PAGE)


def language(request: Request) -> Response:
    return PlainTextResponse(request.headers.get("accept-language", ""))


@pytest.fixture
def client() -> TestClient:
    routes = [Route("/", page), Route("/language", language)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(PageHead)]))


def test_the_head_is_completed_behind_the_base_address_and_nothing_else_changes(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.text == PAGE.replace('<base href="./" />', f'<base href="./" />{HEAD}')
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert 'href="sv/static/layout.css"' in HEAD
    assert HEAD not in client.get("/language").text


@pytest.mark.parametrize(
    "cookie, header, locale",
    [
        ("", "en-US,en", "en"),
        (f"{LOCALE_COOKIE}=zh", "en-US,en", "zh"),
        (f"{LOCALE_COOKIE}=en", "zh-CN,zh", "en"),
        (f"{LOCALE_COOKIE}=zh-Hant", "en-US", "zh-Hant"),
        (f"{LOCALE_COOKIE}=<script>", "en-US", "en"),
        (f"a=b; {LOCALE_COOKIE}=en; c=d", "zh-TW", "en"),
    ],
)
def test_a_choice_on_the_page_goes_before_the_browsers_language(
    client: TestClient, cookie: str, header: str, locale: str
) -> None:
    told = client.get("/language", headers={"cookie": cookie, "accept-language": header}).text
    assert locale_of(told) == locale


@pytest.mark.parametrize(
    "tag, locale",
    [
        *((tag, "zh") for tag in ("zh", "zh-CN", "zh-Hans-CN", "zh-SG", "ZH-cn")),
        *((tag, "zh-Hant") for tag in ("zh-HK", "zh-TW", "zh-MO", "zh-Hant-TW", "ZH-tw")),
    ],
)
def test_every_chinese_is_chinese(tag: str, locale: str) -> None:
    assert locale_of(f"{tag},en;q=0.8") == locale
