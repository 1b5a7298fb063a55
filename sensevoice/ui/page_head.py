"""What our page has in its head from the first byte: style sheets, and the language it is shown in.

gradio inserts its own `head` only when the page has started, prefixes every rule of `css` with its container,
and takes the language from the browser alone, of which it knows two Chinese ones by their full tag.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensevoice.ui.preload import is_page

LOCALE_COOKIE = "sv-locale"
"""The language that somebody chose on the page, one of CHOSEN; the browser's own without it."""

CHOSEN = {"zh": "zh-CN", "zh-Hant": "zh-TW", "en": "en"}
"""What can be chosen, and the tag under which gradio's page knows it."""

STYLES = ("layout.css", "workbench.css")

SCRIPT = Path(__file__).with_name("head.js").read_text("utf-8")

HEAD = (
    "".join(f'<link rel="stylesheet" href="sv/static/{name}">' for name in STYLES)
    + f"<script>{SCRIPT}</script>"
)


class PageHead:
    """Middleware that completes the head of the page, and answers in the language that was chosen on it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _in_chosen_language(scope)
        await self._app(scope, receive, _Completing(send) if is_page(scope) else send)


class _Completing:
    """Sends the page with HEAD behind the address that it is relative to."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = _completed(self._body)
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        await self._send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _completed(page: bytes) -> bytes:
    base = page.find(b"<base")
    at = page.find(b">", base) + 1 if base >= 0 else 0
    return page[:at] + HEAD.encode() + page[at:] if at else page


def _in_chosen_language(scope: Scope) -> Scope:
    """Return the request as a browser of the chosen language would send it."""
    try:
        cookies = SimpleCookie(
            b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
        )
    except CookieError:
        return scope
    chosen = cookies[LOCALE_COOKIE].value if LOCALE_COOKIE in cookies else ""
    if chosen not in CHOSEN:
        return scope
    headers = [pair for pair in scope["headers"] if pair[0] != b"accept-language"]
    return {**scope, "headers": [*headers, (b"accept-language", CHOSEN[chosen].encode())]}
