"""Logging in and out, without gradio: nothing of it is reached before."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, quote

from starlette.responses import JSONResponse, RedirectResponse, Response

from sensevoice.access.accounts import Accounts
from sensevoice.access.http.asgi import Receive
from sensevoice.access.http.body_limits import counted, whole_body
from sensevoice.access.http.cookies import values_of
from sensevoice.access.pages import login_page, refusal_json
from sensevoice.access.policy import Request
from sensevoice.access.routes import LOGIN
from sensevoice.access.sessions import Sessions
from sensevoice.access.throttle import LoginThrottle
from sensevoice.errors import BadRequest, LoginNeeded, LoginWrong, SenseVoiceError

MAX_FORM_BYTES = 8 << 10

IN_A_QUERY = "=&-_.~%+"


class Login:
    """The logins and who is in. `cookie` is the name of the cookie, one for each program on a machine."""

    def __init__(self, accounts: Accounts, cookie: str) -> None:
        self._accounts = accounts
        self._cookie = cookie
        self._sessions = Sessions()

    def user_of(self, request: Request) -> str | None:
        """Return who sends a request; None when nobody is logged in, or there is no such login any more."""
        cookies = values_of(request.headers.get("cookie", ""), self._cookie)
        for token in (*cookies, request.bearer):
            user = self._sessions.user_of(token)
            if user is not None and self._accounts.knows(user):
                return user
        return None

    async def admit_program(self, request: Request, throttle: LoginThrottle) -> None:
        """Open a session for a program that sends `user:password` as its Bearer. Raises TooManyTries."""
        user, colon, password = request.bearer.partition(":")
        if not colon or self.user_of(request) is not None:
            return
        if await self._is_right(request, user, password, throttle):
            self._sessions.open(user, request.bearer)

    def ask(
        self, request: Request, error: SenseVoiceError | None = None, query: str | None = None
    ) -> Response:
        """Return the page where people log in, or for a program what is wrong."""
        error = error or LoginNeeded()
        if not request.wants_page:
            return refusal_json(error)
        return login_page(f"{request.root_path}{LOGIN}", request.query if query is None else query, error)

    async def log_in(self, request: Request, receive: Receive, throttle: LoginThrottle) -> Response:
        """Answer a login. Raises BodyRefused and TooManyTries."""
        content = await whole_body(counted(receive, MAX_FORM_BYTES, BadRequest(reason="login / 登录")))
        form = parse_qs(content.decode("utf-8", "replace"), max_num_fields=10)
        user, password, query = (form.get(name, [""])[0] for name in ("username", "password", "query"))
        user = user.strip()
        if not await self._is_right(request, user, password, throttle):
            return self.ask(request, LoginWrong(), query)
        response: Response = JSONResponse({"success": True})
        if request.wants_page:
            shown = f"?{quote(query, IN_A_QUERY)}" if query else ""
            response = RedirectResponse(f"{request.root_path}/{shown}", 303)
        self._set_cookie(response, request, self._sessions.open(user))
        return response

    async def _is_right(self, request: Request, user: str, password: str, throttle: LoginThrottle) -> bool:
        # Guessing at one name does not keep others out, and names that nobody has are one.
        key = f"{request.address} {user if self._accounts.knows(user) else ''}"
        async with throttle.turn(key):
            right = await asyncio.to_thread(self._accounts.check, user, password)
            if not right:
                throttle.wrong(key)
            return right

    def log_out(self, request: Request) -> Response:
        """End the session that a request belongs to, and no other."""
        for token in values_of(request.headers.get("cookie", ""), self._cookie):
            self._sessions.close(token)
        response: Response = JSONResponse({"success": True})
        if request.wants_page:
            response = RedirectResponse(f"{request.root_path}/", 303)
        self._set_cookie(response, request, "")
        return response

    def _set_cookie(self, response: Response, request: Request, token: str) -> None:
        response.set_cookie(
            self._cookie,
            token,
            max_age=None if token else 0,
            path=request.root_path or "/",
            secure=request.is_secure,
            httponly=True,
            samesite="lax",
        )
