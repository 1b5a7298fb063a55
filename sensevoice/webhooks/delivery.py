"""Posts one message, within bounds that no server at the other end can widen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import httpx

from sensevoice import __version__
from sensevoice.errors import OptionError, first_line
from sensevoice.webhooks.messages import Message
from sensevoice.webhooks.signing import headers_of
from sensevoice.webhooks.targets import Targets

WHOLE_S = 15.0
"""For one try, from the name of the host to the status of the answer."""

STEP_S = 10.0
"""For each step of it."""

GONE = 410
"""The specification: whoever answers so wants no more of it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a try: no error when it arrived; `is_final` when no other try is to follow."""

    error: str = ""
    is_final: bool = False


def new_client() -> httpx.AsyncClient:
    """Return a client that follows nothing and goes through no proxy; hosts are checked by their names."""
    context = httpx.create_ssl_context()  # certifi's authorities, or those of SSL_CERT_FILE
    context.load_default_certs()  # and the system's, among which a company's own may be
    return httpx.AsyncClient(follow_redirects=False, timeout=STEP_S, trust_env=False, verify=context)


async def post(client: httpx.AsyncClient, message: Message, targets: Targets, key: bytes) -> Outcome:
    """Send a message, if its host may still be sent to. Of the answer only the status is read."""
    try:
        url = targets.check(message.url)
    except OptionError as refused:
        return Outcome(str(refused), is_final=True)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"sensevoice-web/{__version__}",
        **headers_of(key, message.id, int(time.time()), message.body),
    }
    try:
        async with asyncio.timeout(WHOLE_S):
            async with client.stream("POST", url, content=message.body.encode(), headers=headers) as answer:
                status = answer.status_code
    except (httpx.HTTPError, OSError, ValueError) as exc:  # TimeoutError is an OSError
        return Outcome(f"{type(exc).__name__}: {first_line(exc)}")
    if 200 <= status < 300:
        return Outcome()
    return Outcome(f"HTTP {status}", is_final=status == GONE)
