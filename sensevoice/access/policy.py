"""The rules of the policy, as functions of what a request says of itself.

The page listens on all addresses, because that is how rented machines are reached, and most people come
through an SSH tunnel, that is from the machine itself. So whoever comes from the machine itself enters
freely, and anybody else needs a login or the link that the program prints. What a web page in the
visitor's browser could do through that tunnel is kept out by the names in Host and Origin.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, unquote, urlsplit

from sensevoice.errors import (
    BadOrigin,
    RemoteFetchRefused,
    SenseVoiceError,
    TooBig,
    Unauthorized,
    UnknownHost,
)

COOKIE = "sensevoice-token"

FORWARDING = ("forwarded", "via", "x-forwarded-", "x-real-ip", "cf-", "true-client-ip", "x-client-ip")
"""How the headers of proxies begin: behind one, everybody comes from the machine itself."""

HARMLESS = ("GET", "HEAD", "OPTIONS")

OVERHEAD_BYTES = 16 << 20
"""What a form adds to the files in it, and more."""

FILES_AT_ONCE = 4
"""A selection of files is sent in one request; each of them may be as large as one file may be."""


@dataclass(frozen=True)
class Request:
    """What the rules look at. Header names are in lower case; `address` is the peer's, "" if unknown."""

    method: str
    path: str
    query: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AccessPolicy:
    """The settings of the policy.

    `login` says that gradio asks for user and password itself; `open_to_all` that nobody is asked.
    `token` is made anew at each start, so that a link that got about is worth nothing after it.
    """

    max_upload_mb: int
    login: bool = False
    open_to_all: bool = False
    hosts: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def max_body_bytes(self) -> int:
        return FILES_AT_ONCE * self.max_upload_mb * (1 << 20) + OVERHEAD_BYTES

    def refusal(self, request: Request) -> SenseVoiceError | None:
        """Return why a request is turned away, None when it may come in."""
        checks = (self._check_path, self._check_size, self._check_origin, self._check_visitor)
        return next((error for check in checks if (error := check(request))), None)

    def holds_token(self, request: Request) -> bool:
        """Tell whether a request carries the token: in the link, the cookie or a header."""
        offered = [*parse_qs(request.query).get("token", []), _cookie(request.headers.get("cookie", ""))]
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            offered.append(bearer)
        return any(hmac.compare_digest(each.encode(), self.token.encode()) for each in offered)

    def offers_token(self, request: Request) -> bool:
        """Tell whether a request carries something that is meant as the token."""
        headers = request.headers
        bearer = headers.get("authorization", "").lower().startswith("bearer")
        return bearer or "token=" in request.query or COOKIE in headers.get("cookie", "")

    def _check_visitor(self, request: Request) -> SenseVoiceError | None:
        if self.holds_token(request):
            return None
        if not (self.login or self.open_to_all or _from_this_machine(request)):
            return Unauthorized()
        host = _host(request.headers.get("host", ""))
        return None if self._is_ours(host) else UnknownHost(host=host)

    def _check_origin(self, request: Request) -> SenseVoiceError | None:
        """Refuse what another site's page makes a visitor's browser send."""
        origin = request.headers.get("origin")
        if origin is None or request.method in HARMLESS:
            return None
        named = _netloc(origin)
        ours = {request.headers.get("host", ""), request.headers.get("x-forwarded-host", "")} - {""}
        if named and (named in ours or _host(named) in self.hosts):
            return None
        return BadOrigin(origin=origin)

    def _check_path(self, request: Request) -> SenseVoiceError | None:
        """Refuse to fetch anything on anybody's behalf: gradio would stream public addresses."""
        path = request.path
        for _ in range(3):  # encoded once or twice over
            if "proxy=" in path or "file=http:" in path or "file=https:" in path or "file=//" in path:
                return RemoteFetchRefused()
            path = unquote(path)
        return None

    def _check_size(self, request: Request) -> SenseVoiceError | None:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.max_body_bytes:
            return TooBig(max_mb=self.max_upload_mb)
        return None

    def _is_ours(self, host: str) -> bool:
        """Tell whether a name can only mean this machine; a number cannot be pointed anywhere else."""
        names = {"localhost", socket.gethostname().lower(), *self.hosts}
        return host in names or host.endswith(".localhost") or _is_address(host)


def allowed_hosts(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of --allow-host, which may be given several times or with commas."""
    return tuple(name.strip().lower() for each in given for name in each.split(",") if name.strip())


def _from_this_machine(request: Request) -> bool:
    if any(name.startswith(FORWARDING) for name in request.headers):
        return False
    try:
        address = ipaddress.ip_address(request.address)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _host(netloc: str) -> str:
    """Return the host of `host:port`, in lower case and without the brackets of IPv6."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _cookie(header: str) -> str:
    try:
        result = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return result.value if result else ""
