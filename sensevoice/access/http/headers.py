"""Headers that every answer bears, and those that none does."""

from __future__ import annotations

from sensevoice.access.http.asgi import Message, Send

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        # gradio puts its configuration into the page as a script, and compiles ours (ui/launch.py) from text.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load and where it may send: nothing but this server, whatever stands in a transcript."""

FILE_POLICY = "sandbox; default-src 'none'"
"""For what visitors have sent: as a page of its own it would run nothing."""

ALWAYS = (
    # Fetch standard: no other origin's page may show or play what is here, with or without CORS.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),  # for browsers that do not know frame-ancestors
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


def with_our_headers(send: Send, policy: str) -> Send:
    """Return `send` with our headers added to each answer, and without those that open it to other sites.

    `policy` is the Content-Security-Policy of what has none of its own. gradio's CORS middleware lets in any
    origin when the host is one of its own names for this machine.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": _ours(message.get("headers", ()), policy.encode())}
        await send(message)

    return sending


def _ours(headers: list[tuple[bytes, bytes]], policy: bytes) -> list[tuple[bytes, bytes]]:
    kept = [pair for pair in headers if not pair[0].lower().startswith(b"access-control-")]
    names = {name.lower() for name, _ in kept}
    wanted = (*ALWAYS, (b"content-security-policy", policy))
    return kept + [pair for pair in wanted if pair[0] not in names]
