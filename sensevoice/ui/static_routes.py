"""The scripts and style sheets of the page: modules as few scripts, everything else as it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sensevoice.web.bundle import bundle

STATIC = Path(__file__).with_name("workbench")

ENTRIES = ("main", "a11y", "uploads", "account", "traditional")
"""The modules of which boot.js uses what they export."""

PANEL = ("panel",)
"""Of a part that is fetched when it is first wanted."""

SMALLEST = [Middleware(GZipMiddleware, compresslevel=9)]
COMPRESSED = [Middleware(GZipMiddleware, compresslevel=4)]


def static_routes() -> list[Route]:
    """Return the routes below /sv/static."""
    return [
        Route("/sv/static/bundle.js", script(STATIC, ENTRIES), middleware=SMALLEST),
        *(
            Route(f"/sv/static/{part}/panel.js", script(STATIC / part, PANEL), middleware=SMALLEST)
            for part in ("live", "overview")
        ),
        Route(
            "/sv/static/{path:path}", StaticRoute(directory=STATIC, check_dir=False), middleware=COMPRESSED
        ),
    ]


def script(folder: Path, entries: tuple[str, ...]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with modules as one script, and without it when the browser has it already."""

    async def answer(request: Request) -> Response:
        content = bundle(folder, entries)
        etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match", "").removeprefix("W/") == etag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/javascript; charset=utf-8", headers=headers)

    return answer


class StaticRoute(StaticFiles):
    """Static files at a route: a Mount finds nothing behind a proxy that strips the prefix."""

    def get_path(self, scope: Scope) -> str:
        path: str = scope["path_params"]["path"]
        return os.path.normpath(path)
