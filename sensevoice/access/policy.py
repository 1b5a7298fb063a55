"""The rules of the policy, as functions of what a request says of itself.

The page listens on all addresses, because that is how rented machines are reached, and most people come
through an SSH tunnel, that is from the machine itself. So whoever comes from the machine itself enters
freely, unless a proxy may stand there, and anybody else needs a login or the link that the program prints.
What a web page in the visitor's browser could do through that tunnel is kept out by the names in Host and
Origin.
"""

from __future__ import annotations

import hmac
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from sensevoice.access.http.body_limits import MAX_BODY_BYTES
from sensevoice.access.http.cookies import values_of
from sensevoice.access.origins import host_of, is_address, is_forwarded, is_loopback, netloc_of
from sensevoice.access.routes import CAPTIONS, OPENAI_API, STARTUP, UPLOADS, is_open
from sensevoice.errors import (
    BadOrigin,
    BodyTooBig,
    HeadersTooLarge,
    NoSuchAddress,
    RemoteFetchRefused,
    SenseVoiceError,
    TooBig,
    Unauthorized,
    UnknownHost,
)

COOKIE = "sensevoice-token"

MAX_HEADER_BYTES = 16 << 10
"""As much as nginx and Apache take; h11 counts only headers that come in parts."""

OWN_SITE = ("same-origin", "none")
"""What Sec-Fetch-Site says of requests of our own page, and of addresses that a person typed."""

OVERHEAD_BYTES = 16 << 20
"""What a form adds to the files in it, and more."""

FILES_AT_ONCE = 4
"""A selection of files is sent in one request; each of them may be as large as one file may be."""


@dataclass(frozen=True)
class Request:
    """What the rules look at. Header names are in lower case; `address` is the peer's, "" if unknown.

    `root_path` is the prefix behind a reverse proxy, which `path` may have or lack.
    """

    method: str
    path: str
    query: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    root_path: str = ""
    http_version: str = "1.1"
    scheme: str = "http"

    @property
    def wants_page(self) -> bool:
        """Return whether a person looks at the answer, and not a program."""
        return "text/html" in self.headers.get("accept", "")

    @property
    def is_secure(self) -> bool:
        """Return whether the browser speaks TLS, as a proxy says; a lie costs only whoever tells it."""
        return "https" in (self.scheme, self.headers.get("x-forwarded-proto", ""))

    @property
    def bearer(self) -> str:
        """Return what a program sends as its key in Authorization, "" without one."""
        kind, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() if kind.lower() == "bearer" else ""

    @property
    def route(self) -> str:
        """Return the path below the prefix, as starlette computes it to find a route."""
        below = self.path.removeprefix(self.root_path)
        return below if below == "" or below.startswith("/") else self.path


@dataclass(frozen=True)
class AccessPolicy:
    """The settings of the policy.

    `login` says that everybody has to log in (login.py); `open_to_all` that nobody is asked.
    `proxied` says that a reverse proxy stands in front, so that nobody is known to be on this machine.
    `readers` says which tokens may follow the captions of a recording, and nothing else.
    `origins` are the sites whose pages may call the endpoint for programs, with a key and never by a cookie.
    `token` is made anew at each start, so that a link that got about is worth nothing after it.
    """

    max_upload_mb: int
    login: bool = False
    open_to_all: bool = False
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    proxied: bool = False
    readers: Callable[[str], bool] = lambda token: False
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def max_body_bytes(self) -> int:
        return FILES_AT_ONCE * self.max_upload_mb * (1 << 20) + OVERHEAD_BYTES

    def refusal(self, request: Request) -> SenseVoiceError | None:
        """Return why a request is turned away, None when it may come in."""
        checks = (_check_headers, self._check_path, self._check_size, self._check_origin, self._check_visitor)
        return next((error for check in checks if (error := check(request))), None)

    def is_reader(self, request: Request) -> bool:
        """Return whether a request follows captions with the token of their link."""
        if request.route != CAPTIONS and not request.route.startswith(f"{CAPTIONS}/"):
            return False
        return any(self.readers(token) for token in parse_qs(request.query).get("captions", []))

    def guest(self, request: Request) -> str:
        """Return the other site whose page sends a request, if it may call what it asks for, else ""."""
        origin = request.headers.get("origin", "")
        is_theirs = origin in self.origins and not self.is_own_origin(origin, request)
        return origin if is_theirs and request.route.startswith(OPENAI_API) else ""

    def holds_token(self, request: Request) -> bool:
        """Return whether a request carries the token: in the link, the cookie or a header."""
        cookies = values_of(request.headers.get("cookie", ""), COOKIE)
        offered = [*parse_qs(request.query).get("token", []), *cookies, request.bearer]
        return any(hmac.compare_digest(each.encode(), self.token.encode()) for each in offered)

    def offers_token(self, request: Request) -> bool:
        """Return whether a request carries something that is meant as the token."""
        headers = request.headers
        bearer = headers.get("authorization", "").lower().startswith("bearer")
        return bearer or "token=" in request.query or COOKIE in headers.get("cookie", "")

    def _check_visitor(self, request: Request) -> SenseVoiceError | None:
        if self.guest(request) and not request.bearer:
            return Unauthorized()  # also from this machine: its browser is not the person at it
        if self.holds_token(request) or _is_gradio_starting(request) or self.is_reader(request):
            return None
        host = host_of(request.headers.get("host", ""))
        if self.login or self.open_to_all:
            return None if self._is_ours(host) else UnknownHost(host=host)
        if self.proxied or not _is_direct(request) or self.guest(request):
            return Unauthorized()
        if not self._is_ours(host):
            return UnknownHost(host=host)
        return (
            None if is_loopback(host) else Unauthorized()
        )  # a proxy that passes on the name it was asked for

    def _check_origin(self, request: Request) -> SenseVoiceError | None:
        """Refuse what another site's page makes a visitor's browser send, whatever the method.

        A GET changes nothing, but its answer may be read: as data, or by its effects in <script>, <img>
        and <audio>, for which browsers send no Origin but Sec-Fetch-Site. A link to the page may be followed.
        """
        if self.guest(request):
            return None
        origin = request.headers.get("origin")
        if origin is not None and not self.is_own_origin(origin, request):
            return BadOrigin(origin=origin)
        site = request.headers.get("sec-fetch-site", "none")
        if site in OWN_SITE or _follows_a_link(request):
            return None
        return BadOrigin(origin=site)

    def is_own_origin(self, origin: str, request: Request) -> bool:
        """Return whether an origin is this page's; the same host on another port is not."""
        named = netloc_of(origin)
        ours = {request.headers.get(name, "").lower() for name in ("host", "x-forwarded-host")}
        return named != "" and named in {*ours, *self.hosts}

    def _check_path(self, request: Request) -> SenseVoiceError | None:
        """Refuse what nobody needs, and to fetch anything: gradio would stream public addresses."""
        if not is_open(request.method, request.route) or "deep_link" in parse_qs(request.query):
            return NoSuchAddress()
        _, is_file, path = request.route.partition("file=")
        for _ in range(3):  # encoded once or twice over
            if is_file and (not path.startswith("/") or path.startswith("//")):
                return RemoteFetchRefused()
            path = unquote(path)
        return None

    def _check_size(self, request: Request) -> SenseVoiceError | None:
        length = request.headers.get("content-length", "0")
        is_upload = request.route in UPLOADS
        allowed = self.max_body_bytes if is_upload else MAX_BODY_BYTES
        if len(length) < 20 and length.isascii() and length.isdigit() and int(length) <= allowed:
            return None
        return TooBig(max_mb=self.max_upload_mb) if is_upload else BodyTooBig(max_kb=allowed >> 10)

    def _is_ours(self, host: str) -> bool:
        """Return whether a name can only mean this machine; a number cannot be pointed anywhere else."""
        names = {"localhost", socket.gethostname().lower(), *map(host_of, self.hosts)}
        return host in names or host.endswith(".localhost") or is_address(host)


def _check_headers(request: Request) -> SenseVoiceError | None:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return HeadersTooLarge(max_kb=MAX_HEADER_BYTES >> 10) if headers > MAX_HEADER_BYTES else None


def _is_direct(request: Request) -> bool:
    """Return whether a request comes from this machine itself, and so through an SSH tunnel."""
    return is_loopback(request.address) and not is_forwarded(request.headers, request.http_version)


def _is_gradio_starting(request: Request) -> bool:
    """Return whether this may be gradio, which tells itself over HTTP that it was launched."""
    return request.route == STARTUP and is_loopback(request.address)


def _follows_a_link(request: Request) -> bool:
    """Return whether a browser opens the page itself as a whole, and not in a frame."""
    fetch = (request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest"))
    return (
        request.method == "GET" and request.route in ("", "/", CAPTIONS) and fetch == ("navigate", "document")
    )
