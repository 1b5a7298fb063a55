"""The door as ASGI middleware."""

from __future__ import annotations

import html
import logging
import secrets
import shutil
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sensevoice.access.policy import COOKIE, AccessPolicy, Request
from sensevoice.access.throttle import LoginThrottle
from sensevoice.errors import DiskLow, SenseVoiceError, TooBig, Unauthorized, Unexpected

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE = """<!doctype html>
<html lang="zh">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SenseVoice</title>
<style>
  body { font: 16px/1.7 system-ui, sans-serif; max-width: 40em; margin: 10vh auto; padding: 0 1em; }
  html { color-scheme: light dark; }
</style>
<h1>SenseVoice</h1>
<p>ZH</p>
<p>EN</p>
</html>
"""


DISK_CHECK_BYTES = 64 << 20
"""How much of an upload may come before the disk is looked at again."""


class _TooMuch(Exception):
    """More came than a request, or the disk, may hold."""

    def __init__(self, reason: SenseVoiceError) -> None:
        self.reason = reason


class AccessMiddleware:
    """Turns requests away before gradio sees them; `uploads` is where gradio writes what is sent."""

    def __init__(
        self,
        app: App,
        policy: AccessPolicy,
        uploads: Path,
        min_free_bytes: int,
        slow_down: LoginThrottle | None = None,
    ) -> None:
        self._app = app
        self._door = policy
        self._uploads = uploads
        self._min_free_bytes = min_free_bytes
        self._slow = slow_down or LoginThrottle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = _request(scope)
        if _is_login(request):  # whether it was right is known at its end
            async with self._slow.turn(request.address):
                await self._answer(self._refusal(request), request, scope, receive, send)
            return
        if self._door.offers_token(request):
            async with self._slow.turn(request.address):
                refusal = self._refusal(request)
        else:
            refusal = self._refusal(request)
        await self._answer(refusal, request, scope, receive, send)

    def _refusal(self, request: Request) -> SenseVoiceError | None:
        refusal = self._door.refusal(request) or self._check_disk(request)
        if isinstance(refusal, Unauthorized) and self._door.offers_token(request):
            self._slow.wrong(request.address)
        return refusal

    async def _answer(
        self, refusal: SenseVoiceError | None, request: Request, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if refusal is not None:
            log.info("turned away: %s", refusal.code)
            await _refuse(refusal, request, scope, receive, send)
        elif scope["type"] == "http" and request.method == "GET" and self._invited(request):
            await self._welcome(request, scope)(scope, receive, send)
        else:
            await self._pass_on(request, scope, receive, send)

    def _invited(self, request: Request) -> bool:
        """Tell whether a person has opened the link; programs get their answer under the same address."""
        page = "text/html" in request.headers.get("accept", "")
        return page and "token=" in request.query and self._door.holds_token(request)

    def _welcome(self, request: Request, scope: Scope) -> Response:
        """Put the token into a cookie and take it out of the address, which people copy and share."""
        rest = urlencode([pair for pair in parse_qsl(request.query) if pair[0] != "token"])
        response = RedirectResponse(f"?{rest}" if rest else "./", 303)
        secure = scope.get("scheme") == "https"
        response.set_cookie(COOKIE, self._door.token, httponly=True, samesite="lax", secure=secure)
        return response

    def _check_disk(self, request: Request) -> SenseVoiceError | None:
        if request.method != "POST" or not request.path.endswith("/upload"):
            return None
        free = shutil.disk_usage(self._uploads).free
        needed = int(request.headers.get("content-length", "0")) + self._min_free_bytes
        if free >= needed:
            return None
        return DiskLow(reason=f"{free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed / 剩余与所需空间")

    def _check_disk_again(self, request: Request) -> None:
        """A body without a stated length was not counted before it came."""
        rest = replace(request, headers={**request.headers, "content-length": "0"})
        if error := self._check_disk(rest):
            raise _TooMuch(error)

    async def _pass_on(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, counting what it sends and whether its password was wrong."""
        received, checked, started = 0, 0, False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal received, checked
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._door.max_body_bytes:
                raise _TooMuch(TooBig(max_mb=self._door.max_upload_mb))
            if received // DISK_CHECK_BYTES > checked:
                checked = received // DISK_CHECK_BYTES
                self._check_disk_again(request)
            return message

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if _is_login(request) and message["status"] >= 400:
                    self._slow.wrong(request.address)
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooMuch as too_much:
            if not started:
                await _refuse(too_much.reason, request, scope, receive, send)
        except ClientDisconnect:  # nobody is left to tell
            raise
        except Exception:  # no handles left for an upload, say: a sentence instead of a bare 500
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            if started:
                raise
            await _refuse(Unexpected(reference=reference), request, scope, receive, send)


async def _refuse(
    error: SenseVoiceError, request: Request, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    zh, en = error.message("zh"), error.message("en")
    headers = {"Cache-Control": "no-store", "Connection": "close"}
    if "text/html" in request.headers.get("accept", ""):
        page = PAGE.replace("<p>ZH", f"<p>{html.escape(zh)}").replace("<p>EN", f"<p>{html.escape(en)}")
        response: Response = HTMLResponse(page, error.http_status, headers)
    else:
        # "detail" is what gradio's own client shows.
        content = {"code": error.code, "zh": zh, "en": en, "detail": f"{zh} / {en}"}
        response = JSONResponse(content, error.http_status, headers)
    await response(scope, receive, send)


def _request(scope: Scope) -> Request:
    headers = dict(Headers(scope=scope).items())
    client = scope.get("client")
    return Request(
        method=scope.get("method", "POST"),  # a web socket changes things like a POST
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        address=client[0] if client else "",
        headers=headers,
    )


def _is_login(request: Request) -> bool:
    return request.method == "POST" and request.path.rstrip("/").endswith("/login")
