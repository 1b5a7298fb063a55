"""Headers that every answer bears, and those that none does."""

from __future__ import annotations

from sensevoice.access.asgi import Message, Send

ALWAYS = ((b"cross-origin-resource-policy", b"same-origin"),)
"""Fetch standard: no other origin's page may show or play what is here, with or without CORS."""


def with_our_headers(send: Send) -> Send:
    """Return `send` with our headers added to each answer, and without those that open it to other sites.

    gradio's CORS middleware lets in any origin when the host is one of its own names for this machine.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": _ours(message.get("headers", ()))}
        await send(message)

    return sending


def _ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [pair for pair in headers if not pair[0].lower().startswith(b"access-control-")]
    names = {name.lower() for name, _ in kept}
    return kept + [pair for pair in ALWAYS if pair[0] not in names]
