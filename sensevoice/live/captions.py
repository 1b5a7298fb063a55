"""Captions for a room: a page in large type that follows a recording, for whoever has its link, read only.

The link's token opens nothing else, and ends with the recording, or when it is taken back.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sensevoice.access.pages import refusal_page
from sensevoice.access.routes import CAPTIONS, CAPTIONS_LIVE
from sensevoice.errors import CaptionsEnded, JobNotFound, LiveBusy, SenseVoiceError
from sensevoice.live import protocol
from sensevoice.live.hub import LiveHub
from sensevoice.live.session import LiveSession
from sensevoice.tags.labels import EMOTION_NAMES, EVENT_NAMES, label
from sensevoice.web.bundle import bundle

log = logging.getLogger(__name__)

FILES = Path(__file__).with_name("page")

NAMES = ("captions.js", "captions.css")

ROWS_BEFORE = 6
"""Whoever comes later sees so many of the rows that were settled before."""

EVERY_S = 0.1
LOOK_S = 1.0
"""A link that was taken back shows nothing new from the next change on, and is closed within this time."""

MAX_READERS = 200

REFUSED = 4000

PAGE = """<!doctype html>
<html lang="zh">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>实时字幕 · Live captions</title>
<link rel="stylesheet" href="captions/captions.css?captions=TOKEN">
<main id="lines" aria-live="polite"></main>
<p id="note" role="status"></p>
<div id="tools"></div>
<script type="module" src="captions/captions.js?captions=TOKEN"></script>
</html>
"""


def captions_routes(hub: LiveHub) -> Sequence[BaseRoute]:
    """Return the routes of the page and of what it follows."""
    at = Captions(hub)
    return (
        Route(CAPTIONS, at.page),
        WebSocketRoute(CAPTIONS_LIVE, at.follow),
        Route(f"{CAPTIONS}/{{name}}", at.file),
    )


class Captions:
    """The handlers of the routes."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub
        self._readers = 0

    async def page(self, request: Request) -> Response:
        if not self._hub.is_reader(token_of(request)):
            return refusal_page(CaptionsEnded())
        page = PAGE.replace("TOKEN", html.escape(token_of(request)))
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in NAMES:
            return refusal_page(CaptionsEnded())
        if name == "captions.js":
            return Response(bundle(FILES, ("captions",)), media_type="text/javascript; charset=utf-8")
        return FileResponse(FILES / name)

    async def follow(self, websocket: WebSocket) -> None:
        """Send a recording's last rows and what goes on, until it ends or the link is taken back."""
        await websocket.accept()
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                if self._readers >= MAX_READERS:
                    raise LiveBusy(count=self._readers)
                self._readers += 1
                try:
                    await self._tell(websocket, self._hub.followed_by(token_of(websocket)))
                finally:
                    self._readers -= 1
            except JobNotFound:
                await self._refuse(websocket, CaptionsEnded())
            except SenseVoiceError as error:
                await self._refuse(websocket, error)

    async def _tell(self, websocket: WebSocket, session: LiveSession) -> None:
        loop, news, key = asyncio.get_running_loop(), asyncio.Event(), object()
        session.listen(key, lambda: loop.call_soon_threadsafe(news.set))
        gone = asyncio.create_task(_is_gone(websocket))
        try:
            await websocket.send_json({"type": "labels", "labels": labels()})
            sender = protocol.StateSender(max(0, len(session.view().settled) - ROWS_BEFORE))
            while not gone.done():
                if not self._hub.is_reader(token_of(websocket)):
                    raise CaptionsEnded()
                if message := sender.message(session.view()):
                    await websocket.send_json(message)
                await asyncio.sleep(EVERY_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK_S)
                news.clear()
        finally:
            session.unlisten(key)
            gone.cancel()

    async def _refuse(self, websocket: WebSocket, error: SenseVoiceError) -> None:
        await websocket.send_json(protocol.error_message(error))
        await websocket.close(REFUSED)


async def _is_gone(websocket: WebSocket) -> None:
    """Wait for the end of a connection; what comes over it is not looked at."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def token_of(connection: HTTPConnection) -> str:
    return connection.query_params.get("captions", "")


def labels() -> protocol.Json:
    """Return what moods and sounds are called."""
    names = [*EMOTION_NAMES, *EVENT_NAMES]
    return {locale: {name: label(name, locale) for name in names} for locale in ("zh", "en")}
