"""Bodies of JSON, bounded; those that gradio is sent hold nothing that makes it fetch an address, or fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sensevoice.access.http.body_limits import MAX_BODY_BYTES
from sensevoice.errors import BadRequest, RemoteFetchRefused

MAX_DEPTH = 32
"""The page's own bodies are nine levels deep."""

SCHEME = re.compile(r"[\x00-\x20]*(?:[a-z][a-z0-9+.-]*:|//|\\\\)", re.IGNORECASE)
"""How an address begins (RFC 3986, 3.1), with what parsers skip before it. Uploads lie at "/…"."""

OwnOrigin = Callable[[str], bool]


def check_json(content: bytes, is_own: OwnOrigin) -> Any:
    """Return a body after looking through all of it, members that are overwritten later included.

    A `path` may not be an address: gradio would fetch it. A `url`, which gradio's clients send along with
    what they have uploaded, may only be one of this page, as `is_own` says. Raises RemoteFetchRefused and
    BadRequest.
    """

    def looked_through(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, value in pairs:
            if name in ("path", "url") and isinstance(value, str) and SCHEME.match(value):
                if name == "url" and is_own(value):
                    continue
                raise RemoteFetchRefused()
        return dict(pairs)

    try:
        body = json.loads(content or b"{}", object_pairs_hook=looked_through)
        if not _is_shallow(body):
            raise BadRequest(reason="nested too deeply / 嵌套过深")
    except (ValueError, RecursionError) as exc:
        raise BadRequest(reason="no JSON / 不是 JSON") from exc
    return body


def _is_shallow(body: Any) -> bool:
    """Return whether nothing lies too deep. Raises UnicodeEncodeError for a lone surrogate."""
    level = [body]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                value.encode()
            elif isinstance(value, dict):
                below += (*value, *value.values())
            elif isinstance(value, list):
                below += value
        if not below:
            return True
        level = below
    return False


async def read_object(request: Request) -> dict[str, object]:
    """Return the JSON object of a request's body, of at most MAX_BODY_BYTES. Raises BadRequest."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY_BYTES:
            raise BadRequest(reason="too large / 内容过大")
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError) as exc:
        raise BadRequest(reason="no JSON / 不是 JSON") from exc
    if not isinstance(body, dict):
        raise BadRequest(reason="no JSON object / 不是 JSON 对象")
    return body
