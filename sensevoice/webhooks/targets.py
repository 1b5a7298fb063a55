"""Where messages may go: to the hosts that were named when the program was started, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from sensevoice.access.origins import HOST, is_loopback
from sensevoice.errors import OptionError

PORTS = {"https": 443, "http": 80}

MAX_URL_CHARS = 1000

Place = tuple[str, str, int]
"""Scheme, host and port."""


class Targets:
    """The values of --webhook-host: HOST, HOST:PORT, or either with a scheme before it; also with commas.

    Without a scheme it is https, and http too if the host is this machine itself; without a port it is the
    scheme's own. Raises OptionError for a value that is none of these.
    """

    def __init__(self, given: Iterable[str]) -> None:
        names = [name.strip() for each in given for name in each.split(",") if name.strip()]
        self._places = {place for name in names for place in _places(name)}

    def check(self, url: str) -> httpx.URL:
        """Return an address that messages may be sent to. Raises OptionError for any other."""
        parsed = _parsed(url)
        if parsed is not None and not parsed.userinfo and _place(parsed) in self._places:
            return parsed
        allowed = ", ".join(sorted(f"{scheme}://{host}:{port}/…" for scheme, host, port in self._places))
        raise OptionError(option="webhook_url", value=url[:200], allowed=allowed or "--webhook-host")


def _places(name: str) -> set[Place]:
    scheme, is_given, _ = name.partition("://")
    url = _parsed(name if is_given else f"https://{name}")
    if url is None or url.userinfo or url.path not in ("", "/") or url.query or url.fragment:
        raise OptionError(
            option="webhook-host", value=name[:200], allowed="HOST, HOST:PORT, http://HOST:PORT"
        )
    schemes = [scheme.lower()] if is_given else ["https", *(["http"] if is_loopback(url.host) else [])]
    return {(each, url.host, url.port or PORTS[each]) for each in schemes}


def _parsed(url: str) -> httpx.URL | None:
    if len(url) > MAX_URL_CHARS:
        return None
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    return parsed if parsed.scheme in PORTS and HOST.fullmatch(parsed.host) else None


def _place(url: httpx.URL) -> Place:
    return url.scheme, url.host, url.port or PORTS[url.scheme]
