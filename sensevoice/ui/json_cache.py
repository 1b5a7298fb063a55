"""Long answers about finished jobs, kept as they go over the wire."""

from __future__ import annotations

import gzip
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

KEPT = 64
"""The rows of a job of three hours take some 300 kB packed."""

LEVEL = 4
"""More takes twice the time for a tenth less."""


class PackedAnswers:
    """Values of JSON by a key that changes with what they say; the least used are let go.

    Thousands of rows take half a second to read and write; most of the time they are those of last time.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._contents: OrderedDict[Hashable, bytes] = OrderedDict()

    def answer(self, request: Request, key: Hashable, make: Callable[[], dict[str, Any]]) -> Response:
        """Return what `make` gives, which is called only when the key is new."""
        content = self._content(key)
        if content is None:
            content = packed(make())
            self._keep(key, content)
        return packed_response(request, content)

    def _content(self, key: Hashable) -> bytes | None:
        with self._lock:
            if key in self._contents:
                self._contents.move_to_end(key)
            return self._contents.get(key)

    def _keep(self, key: Hashable, content: bytes) -> None:
        with self._lock:
            self._contents[key] = content
            while len(self._contents) > self._kept:
                self._contents.popitem(last=False)


def packed(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), LEVEL)


def packed_response(request: Request, content: bytes) -> Response:
    """Return packed JSON, unpacked for the rare client that does not read it."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        content = gzip.decompress(content)
    return Response(content, media_type="application/json", headers=headers)
