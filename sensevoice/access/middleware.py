"""The access policy as ASGI middleware."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response

from sensevoice.access.http.answer import Answer, is_of_no_session
from sensevoice.access.http.asgi import App, Receive, Scope, Send
from sensevoice.access.http.body_limits import MAX_BODY_BYTES, BodyRefused, counted, replayed, whole_body
from sensevoice.access.http.cors import preflight, with_origin
from sensevoice.access.http.headers import FILE_POLICY, PAGE_POLICY, with_our_headers
from sensevoice.access.http.json_bodies import check_json
from sensevoice.access.http.streams import Streams
from sensevoice.access.login import Login
from sensevoice.access.pages import refusal_json, refusal_page
from sensevoice.access.policy import COOKIE, AccessPolicy, Request
from sensevoice.access.routes import (
    EVENTS,
    FILE,
    GRADIO_API,
    HEARTBEAT,
    LOGIN,
    LOGOUT,
    SOCKET,
    STARTUP,
    UPLOAD,
    UPLOADS,
    is_open,
)
from sensevoice.access.throttle import LoginThrottle
from sensevoice.errors import (
    BodyTooBig,
    DiskLow,
    NoSuchAddress,
    SenseVoiceError,
    TooBig,
    Unauthorized,
    Unexpected,
)

log = logging.getLogger(__name__)

USER = "sensevoice.user"
"""Where in the ASGI scope the name stands of who is logged in."""

STILL_IN = "sensevoice.still_in"
"""Where in the scope of a WebSocket the function stands that `is_still_in` calls."""

SECRETS = (b"cookie", b"authorization")
"""What nothing behind this middleware needs to see, and so cannot give away."""

DISK_CHECK_BYTES = 64 << 20
"""How much of an upload may come before the disk is looked at again."""


class AccessMiddleware:
    """Turns requests away before gradio sees them; `uploads` is where gradio writes what is sent."""

    def __init__(
        self,
        app: App,
        policy: AccessPolicy,
        uploads: Path,
        min_free_bytes: int,
        login: Login | None = None,
        throttle: LoginThrottle | None = None,
    ) -> None:
        self._app = app
        self._policy = policy
        self._uploads = uploads
        self._min_free_bytes = min_free_bytes
        self._login = login
        self._throttle = throttle or LoginThrottle()
        self._streams = Streams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            request = _request(scope)
            request = _without_cookies(request) if self._policy.guest(request) else request
            await self._open_socket(request, scope, receive, send)
        else:
            await self._serve(_request(scope), scope, receive, send)

    async def _serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        if guest := self._policy.guest(request):
            request, send = _without_cookies(request), with_origin(send, guest)
            if response := _preflight(request):
                await response(scope, receive, send)
                return
        send = with_our_headers(send, FILE_POLICY if request.route.startswith(FILE) else PAGE_POLICY)
        try:
            response = await self._own_answer(request, receive)
            if response is None:
                receive = await self._looked_through(request, receive)
        except BodyRefused as refused:
            response = _refusal(refused.reason, request)
        except SenseVoiceError as refused:
            response = _refusal(refused, request)
        if response is not None:
            await response(scope, receive, send)
        else:
            await self._pass_on(request, scope, receive, send)

    async def _open_socket(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket be opened by whoever may ask for the page; who may not is answered over HTTP."""
        try:
            response = await self._own_answer(request, receive)
        except SenseVoiceError as refused:
            response = _refusal(refused, request)
        if response is None:
            inner = self._let_in(request, scope)
            inner[STILL_IN] = lambda: self._user(request) == inner[USER]
            await self._app(inner, receive, send)
        else:
            await response(scope, receive, send)

    async def _own_answer(self, request: Request, receive: Receive) -> Response | None:
        """Return what is answered here, None when a request may go on. Raises the refusal."""
        refusal = self._policy.refusal(request)
        if isinstance(refusal, Unauthorized) and self._policy.offers_token(request):
            async with self._throttle.turn(request.address):  # a right one passes at once
                self._throttle.wrong(request.address)
        if refusal is not None:
            raise refusal
        if self._invited(request):
            return self._welcome(request)
        login = None if self._policy.is_reader(request) else self._login
        if login is not None and (response := await self._answer_login(login, request, receive)):
            return response
        self._check_disk(request, int(request.headers.get("content-length", "0")))
        return None

    async def _answer_login(self, login: Login, request: Request, receive: Receive) -> Response | None:
        if request.route == LOGIN:
            return await login.log_in(request, receive, self._throttle)
        if request.route == LOGOUT:
            return login.log_out(request)
        await login.admit_program(request, self._throttle)
        if request.route == STARTUP or login.user_of(request) is not None:
            return None
        return login.ask(request)

    def _invited(self, request: Request) -> bool:
        """Return whether a person has opened the link; programs get their answer under the same address."""
        link = request.method == "GET" and request.wants_page and "token=" in request.query
        return link and self._policy.holds_token(request)

    def _welcome(self, request: Request) -> Response:
        """Put the token into a cookie and take it out of the address, which people copy and share."""
        rest = urlencode([pair for pair in parse_qsl(request.query) if pair[0] != "token"])
        response = RedirectResponse(f"?{rest}" if rest else "./", 303)
        response.set_cookie(
            COOKIE, self._policy.token, httponly=True, samesite="lax", secure=request.is_secure
        )
        return response

    def _check_disk(self, request: Request, more_bytes: int) -> None:
        """Raise DiskLow when an upload of so many bytes more would leave too little."""
        if request.method != "POST" or request.route not in UPLOADS:
            return
        free = shutil.disk_usage(self._uploads).free
        needed = more_bytes + self._min_free_bytes
        if free < needed:
            raise DiskLow(reason=f"{free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed / 剩余与所需空间")

    async def _looked_through(self, request: Request, receive: Receive) -> Receive:
        """Return `receive` for a request, the body of which was looked through if gradio reads it as JSON."""
        receive = self._counted(request, receive)
        self._check_stream(request, None)
        if request.method != "POST" or request.route == UPLOAD or not request.route.startswith(GRADIO_API):
            return receive
        content = await whole_body(receive)
        body = check_json(content, lambda url: self._policy.is_own_origin(url, request))
        self._check_stream(request, body.get("session_hash") if isinstance(body, dict) else None)
        return replayed(content, receive)

    def _check_stream(self, request: Request, named: object) -> None:
        """Raise NoSuchAddress for a stream of events that belongs to another login."""
        user = self._user(request)
        asked = [named, *parse_qs(request.query).get("session_hash", [])]
        if request.route.startswith(HEARTBEAT):
            asked.append(request.route.removeprefix(HEARTBEAT))
        for session_hash in asked:
            if user and isinstance(session_hash, str) and not self._streams.is_of(user, session_hash):
                raise NoSuchAddress()

    def _counted(self, request: Request, receive: Receive) -> Receive:
        """Return `receive` for what a request may send; the disk is looked at again while an upload comes."""
        too_much = TooBig(max_mb=self._policy.max_upload_mb)
        if request.route not in UPLOADS:
            return counted(receive, MAX_BODY_BYTES, BodyTooBig(max_kb=MAX_BODY_BYTES >> 10))
        checked = 0

        def look(received: int) -> None:
            nonlocal checked
            if received // DISK_CHECK_BYTES > checked:
                checked = received // DISK_CHECK_BYTES
                try:
                    self._check_disk(request, 0)
                except DiskLow as low:
                    raise BodyRefused(low) from low

        return counted(receive, self._policy.max_body_bytes, too_much, look)

    async def _pass_on(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, without its credentials."""
        answer = Answer(send)
        try:
            await self._app(self._let_in(request, scope), answer.body(receive), answer.send)
        except BodyRefused:
            pass  # as below
        except Exception as error:  # no handles left for an upload, say: a sentence instead of a bare 500
            if answer.started and request.route == EVENTS and is_of_no_session(error):
                await answer.end()
                return
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            if answer.started:
                raise
            answer.refused = Unexpected(reference=reference)
        if answer.refused is not None and not answer.started:
            await _refusal(answer.refused, request)(scope, receive, send)

    def _let_in(self, request: Request, scope: Scope) -> Scope:
        """Return what those behind this middleware see of a request: who sends it, but nothing secret."""
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in SECRETS]
        return {**scope, "headers": headers, USER: self._user(request)}

    def _user(self, request: Request) -> str | None:
        return self._login.user_of(request) if self._login else None


def is_still_in(connection: HTTPConnection) -> bool:
    """Return whether whoever opened a WebSocket is still logged in, if logins are needed; counts as a use."""
    still_in: Callable[[], bool] = connection.scope.get(STILL_IN, lambda: True)
    return still_in()


def _preflight(request: Request) -> Response | None:
    """Return the answer to a browser that asks before a request which may be sent; None for anything else."""
    asked = request.headers.get("access-control-request-method", "")
    if request.method != "OPTIONS" or not is_open(asked, request.route):
        return None
    private = request.headers.get("access-control-request-private-network") == "true"
    return preflight(request.headers.get("access-control-request-headers", ""), private)


def _without_cookies(request: Request) -> Request:
    """Return a request as if the browser kept nothing of ours: its page is to have a key of its own."""
    return replace(request, headers={key: value for key, value in request.headers.items() if key != "cookie"})


def _refusal(error: SenseVoiceError, request: Request) -> Response:
    log.info("turned away: %s", error.code)
    headers = {"Connection": "close"}
    return refusal_page(error, headers) if request.wants_page else refusal_json(error, headers)


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for name, value in Headers(scope=scope).items():
        between = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{between}{value}" if name in headers else value
    client = scope.get("client")
    return Request(
        method=scope.get("method", SOCKET),
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        address=client[0] if client else "",
        headers=headers,
        root_path=scope.get("root_path", ""),
        http_version=scope.get("http_version", "1.1"),
        scheme=scope.get("scheme", "http"),
    )
