"""Link headers by which the browser fetches the workbench and its job while the page itself is loading."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = "<sv/static/bundle.js>; rel=modulepreload; fetchpriority=low"

JOB_ID = re.compile(r"[\w-]{1,64}")
"""Anything else from an address must not get into a header."""


class Preload:
    """Middleware that adds a Link header (RFC 8288) to the page. Its addresses are relative to the page's.

    gradio's page takes a second to start and only then inserts the page's own head; the rows of a long job
    arrive meanwhile.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                query = scope.get("query_string", b"").decode("latin-1")
                link = link_header(query)
                message = {**message, "headers": [*message["headers"], (b"link", link.encode())]}
            await send(message)

        await self._app(scope, receive, sending if is_page(scope) else send)


def link_header(query: str) -> str:
    """Return the header for a page with this query: the script, and the job that the query names."""
    links = [SCRIPT, _answer("sv/labels")]
    for job_id in parse_qs(query).get("job", ())[:1]:
        if JOB_ID.fullmatch(job_id):
            job = f"sv/jobs/{job_id}"
            links += [_answer(job), _answer(f"{job}/segments?from=0")]
    return ", ".join(links)


def _answer(path: str) -> str:
    # The same mode as that of fetch(), otherwise the browser requests it twice.
    return f"<{path}>; rel=preload; as=fetch; crossorigin=anonymous"


def is_page(scope: Scope) -> bool:
    """Return whether a request is for the page itself."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return path in ("", "/")
