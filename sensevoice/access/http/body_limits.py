"""How much a request may send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.formparsers import MultiPartException

from sensevoice.access.http.asgi import Message, Receive
from sensevoice.errors import SenseVoiceError, TooSlow

MAX_BODY_BYTES = 1 << 20
"""Settings and corrections are text; a megabyte of it is more than anybody types. Only uploads are larger."""

SILENT_S = 60.0
"""A body of which nothing has come for so long is taken for broken off."""


class BodyRefused(MultiPartException):
    """More came than a request may send, or nothing more.

    To gradio it is a fault of the upload, upon which it removes what has come so far; of a connection that
    ended it would keep the files.
    """

    def __init__(self, reason: SenseVoiceError) -> None:
        super().__init__(reason.message("en"))
        self.reason = reason


def counted(
    receive: Receive,
    max_bytes: int,
    too_much: SenseVoiceError,
    each: Callable[[int], None] = lambda count: None,
) -> Receive:
    """Return `receive` for a body of at most so many bytes; `each` is told how many have come so far.

    It raises BodyRefused.
    """
    received, whole = 0, False

    async def receiving() -> Message:
        nonlocal received, whole
        if whole:  # what follows is the end of the connection, for which streams wait as long as it takes
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), SILENT_S)
        except TimeoutError as exc:
            raise BodyRefused(TooSlow()) from exc
        if message["type"] == "http.disconnect":
            if not received:  # nothing was broken off: who wanted only an answer has left
                return message
            raise BodyRefused(TooSlow())
        received += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if received > max_bytes:
            raise BodyRefused(too_much)
        each(received)
        return message

    return receiving


async def whole_body(receive: Receive) -> bytes:
    """Return a body, as much of it as came before the connection ended."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replayed(content: bytes, receive: Receive) -> Receive:
    """Return `receive` that gives a body once more, and then what follows it."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": content, "more_body": False}

    return receiving
