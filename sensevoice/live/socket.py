"""`/live`: the WebSocket over which a page records; protocol.py says what is sent over it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from sensevoice.access import USER, is_still_in
from sensevoice.access.origins import visitor_address
from sensevoice.access.routes import LIVE
from sensevoice.errors import (
    BadRequest,
    JobNotFound,
    LiveDeleted,
    LiveDiskFull,
    LiveLoggedOut,
    RowChanged,
    SenseVoiceError,
    TooSlow,
    Unexpected,
)
from sensevoice.live import protocol
from sensevoice.live.hub import LiveHub
from sensevoice.live.session import LiveSession
from sensevoice.options import Options

log = logging.getLogger(__name__)

FIRST_MESSAGE_S = 10.0
EVERY_S = 0.05
"""Between two messages about what is new."""

LOOK_S = 1.0
"""Whoever logs out is noticed within this time."""

RESEND_EVERY_S = 0.5
"""A frame that is missing is asked for as often: what is on its way already would all be asked for again."""

REFUSED, TAKEN_OVER = 4000, 4001
"""Codes with which connections are closed, of those that are free for programs (RFC 6455, 7.4.2)."""


def live_routes(hub: LiveHub, defaults: Options) -> Sequence[BaseRoute]:
    """Return the route of the WebSocket; `defaults` are the settings of the page."""

    async def live(websocket: WebSocket) -> None:
        await Client(hub, websocket, defaults).run()

    return (WebSocketRoute(LIVE, live),)


class Client:
    """One connection of a page that records."""

    def __init__(self, hub: LiveHub, websocket: WebSocket, defaults: Options) -> None:
        self._hub = hub
        self._socket = websocket
        self._defaults = defaults
        self._owner = websocket.scope.get(USER) or ""
        self._news = asyncio.Event()
        self._asked_again_s = -RESEND_EVERY_S  # on the loop's clock

    async def run(self) -> None:
        await self._socket.accept()
        try:
            session = await self._enter()
            if session is None:
                return
            await self._serve(session)
        except WebSocketDisconnect:
            pass
        except SenseVoiceError as error:
            await self._refuse(error)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            await self._refuse(Unexpected(reference=reference))

    async def _enter(self) -> LiveSession | None:
        """Begin a recording or go on with one, as the first message says; None when that has ended."""
        try:
            message = await asyncio.wait_for(self._message(), FIRST_MESSAGE_S)
        except TimeoutError as exc:
            raise TooSlow() from exc
        if not isinstance(message, Mapping):
            raise BadRequest(reason="start / resume")
        kind = message.get("type")
        if kind == "start":
            options = protocol.options_of(message, self._defaults)
            client = self._socket.client
            address = visitor_address(client.host if client else None)
            name = protocol.name_of(message)
            return await run_in_threadpool(self._hub.begin, name, options, self._owner, address)
        if kind != "resume":
            raise BadRequest(reason=f"type={kind!a:.50}")
        return await self._resumed(protocol.text_of(message, "session"))

    async def _resumed(self, session_id: str) -> LiveSession | None:
        try:
            return self._hub.resume(session_id, self._owner)
        except JobNotFound:
            job = self._hub.job(session_id, self._owner)  # raises it again
            await self._send({"type": "ended", "job": job.id})
            await self._socket.close()
            return None

    async def _serve(self, session: LiveSession) -> None:
        loop = asyncio.get_running_loop()
        session.enter(self)
        session.listen(self, lambda: loop.call_soon_threadsafe(self._news.set))
        await self._send({"type": "ready", "session": session.id, "next": session.view().frames})
        telling = asyncio.create_task(self._tell(session))
        hearing = asyncio.create_task(self._hear(session))
        try:
            done, _ = await asyncio.wait((telling, hearing), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            session.unlisten(self)
            session.leave(self)
            for task in (telling, hearing):
                task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
                task.cancel()

    async def _tell(self, session: LiveSession) -> None:
        """Send what is new, until the recording ends or another client takes it over."""
        sender = protocol.StateSender()
        self._news.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_S)
            self._news.clear()
            if not is_still_in(self._socket):
                await run_in_threadpool(self._hub.end, session)
                raise LiveLoggedOut()
            view = session.view()
            if message := sender.message(view):
                await self._send(message)
            if view.ended and session.active.is_deleted:
                raise LiveDeleted()
            if view.ended:
                await self._send({"type": "ended", "job": session.id if session.duration_ms else None})
                await self._socket.close()
                return
            if not session.is_of(self):
                await self._socket.close(TAKEN_OVER)
                return
            await asyncio.sleep(EVERY_S)

    async def _hear(self, session: LiveSession) -> None:
        while True:
            message = await self._message()
            try:
                if isinstance(message, bytes):
                    await self._take(session, *protocol.frame_of(message))
                else:
                    await self._obey(session, message)
            except OSError as exc:
                log.warning("recording %s: the disk refuses it: %s", session.id, exc.strerror or exc)
                await self._ask_again(session, LiveDiskFull(reason=exc.strerror or str(exc)))

    async def _take(self, session: LiveSession, number: int, sound: bytes) -> None:
        if session.is_of(self) and not await run_in_threadpool(session.take, number, sound):
            await self._ask_again(session)

    async def _obey(self, session: LiveSession, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "stop":
            frames, tail = protocol.number_of(message, "frames"), protocol.tail_of(message)
            if await run_in_threadpool(session.complete, frames, tail):
                await run_in_threadpool(self._hub.end, session)
            else:
                self._asked_again_s = -RESEND_EVERY_S  # nothing follows that could be told then
                await self._ask_again(session)
        elif kind == "lost":
            first, end = protocol.number_of(message, "first"), protocol.number_of(message, "end")
            await run_in_threadpool(session.lose, first, end)
        elif kind == "captions":
            await self._give_link(session, bool(message.get("on", True)))
        elif kind in ("name", "correct"):
            await self._change(session, message)
        else:
            raise BadRequest(reason=f"type={kind!a:.50}")

    async def _change(self, session: LiveSession, message: Mapping[str, Any]) -> None:
        """Rename a speaker, or correct a row; what cannot be done is told, and ends nothing."""
        try:
            if message["type"] == "name":
                speaker, name = protocol.text_of(message, "speaker"), protocol.text_of(message, "name")
                await run_in_threadpool(session.rename, speaker, name)
            else:
                row, start_ms = protocol.number_of(message, "row"), protocol.number_of(message, "start_ms")
                await run_in_threadpool(session.correct, row, start_ms, protocol.text_of(message, "text"))
        except (BadRequest, RowChanged) as error:
            await self._send(protocol.error_message(error, fatal=False))

    async def _give_link(self, session: LiveSession, on: bool) -> None:
        if on:
            token = await run_in_threadpool(self._hub.captions, session)
            await self._send({"type": "captions", "token": token})
        else:
            self._hub.revoke_captions(session)
            await self._send({"type": "captions", "token": None})

    async def _ask_again(self, session: LiveSession, error: SenseVoiceError | None = None) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._asked_again_s < RESEND_EVERY_S:
            return
        self._asked_again_s = now_s
        if error is not None:
            await self._send(protocol.error_message(error, fatal=False))
        await self._send({"type": "resend", "next": session.view().frames})

    async def _message(self) -> bytes | Mapping[str, Any]:
        """Return the next message. Raises WebSocketDisconnect and BadRequest."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1006)
        data = message.get("bytes")
        return data if data is not None else protocol.message_of(message.get("text") or "")

    async def _send(self, message: protocol.Json) -> None:
        await self._socket.send_json(message)

    async def _refuse(self, error: SenseVoiceError) -> None:
        """Say why, and close; whoever has gone meanwhile does not hear it."""
        log.info("live: %s", error.code)
        with suppress(RuntimeError, WebSocketDisconnect):
            if self._socket.application_state is WebSocketState.CONNECTED:
                await self._send(protocol.error_message(error))
                await self._socket.close(REFUSED)
