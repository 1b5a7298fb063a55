"""What browsers ask and read for a page of another site (Fetch standard, "CORS protocol").

No answer lets a browser send cookies along: Access-Control-Allow-Credentials is never among the headers.
"""

from __future__ import annotations

import re

from starlette.responses import Response

from sensevoice.access.http.asgi import Message, Send

METHODS = "GET, HEAD, POST, DELETE"

HEADER = re.compile(r"authorization|content-type|accept|x-stainless-[a-z-]{1,40}|openai-[a-z-]{1,40}")
"""What a page may send: a key, a body, and what OpenAI's client says of itself."""

EXPOSED = "Content-Disposition, Location"
"""What a page may read of an answer, beside what any may."""

LASTS_S = 600


def preflight(asked_headers: str, asks_for_private_network: bool) -> Response:
    """Return the answer to what a browser asks before a request; `with_origin` adds whom it is for.

    Private networks: Chrome asks, before a page of the internet reaches this machine.
    """
    named = [name.strip().lower() for name in asked_headers.split(",")]
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ", ".join(name for name in named if HEADER.fullmatch(name)),
        "Access-Control-Max-Age": str(LASTS_S),
    }
    if asks_for_private_network:
        headers["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=headers)


def with_origin(send: Send, origin: str) -> Send:
    """Return `send` that lets the pages of one origin read each answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = (
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", EXPOSED.encode()),
                (b"vary", b"Origin"),
            )
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sending
