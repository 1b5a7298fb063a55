"""`GET /v1/realtime?intent=transcription`: a WebSocket in OpenAI's convention, for speech as it is spoken.

https://platform.openai.com/docs/guides/realtime-transcription, in the form of 2025 and later
(`session.update` with `audio.input`) and in that before it (`transcription_session.update`). Taken are 24 kHz
PCM of 16 bits, language, languages, and `turn_detection`: `server_vad` with `silence_duration_ms`, or null,
with which a turn is what lies between two commits. Model, prompt, noise reduction and `include` are accepted
and change nothing.

Each turn is an item: speech_started, speech_stopped, committed, deltas of words that will stay, one `segment`
for each row, with our fields beside theirs, and `completed`. Nothing is kept of it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sensevoice.access import USER, is_still_in
from sensevoice.access.routes import REALTIME
from sensevoice.api.realtime_events import Event, error_event, event_of, new_id
from sensevoice.api.realtime_session import Session
from sensevoice.errors import LoginNeeded, OptionError, SenseVoiceError, Unexpected
from sensevoice.live import LiveHub
from sensevoice.options import Options
from sensevoice.protocols import PromptRecognizer

log = logging.getLogger(__name__)

REFUSED = 4000


def realtime_routes(hub: LiveHub, recognizer: PromptRecognizer, defaults: Options) -> Sequence[BaseRoute]:
    """Return the route of the WebSocket; those who speak here count among those of `hub`."""

    async def realtime(websocket: WebSocket) -> None:
        await Connection(hub, recognizer, defaults, websocket).run()

    return (WebSocketRoute(REALTIME, realtime),)


class Connection:
    """One program that speaks."""

    def __init__(
        self, hub: LiveHub, recognizer: PromptRecognizer, defaults: Options, websocket: WebSocket
    ) -> None:
        self._hub = hub
        self._socket = websocket
        options = replace(defaults, speakers="off", word_times=False, language="auto")
        self._session = Session(recognizer, options)

    async def run(self) -> None:
        await self._socket.accept()
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                intent = self._socket.query_params.get("intent", "transcription")
                if intent != "transcription":
                    raise OptionError(option="intent", value=intent, allowed="transcription")
                with self._hub.guest(self._socket.scope.get(USER) or ""):
                    await self._serve()
            except SenseVoiceError as error:
                await self._send(error_event(error))
                await self._socket.close(REFUSED)

    async def _serve(self) -> None:
        await self._send({"type": "session.created", "session": self._session.shape()})
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if not is_still_in(self._socket):
                raise LoginNeeded()
            await self._answer(message.get("text") or "")

    async def _answer(self, text: str) -> None:
        """Do what an event asks for; what is wrong with it costs this event only."""
        asked: Any = None
        try:
            asked = event_of(text)
            for event in await run_in_threadpool(lambda: list(self._session.handled(asked))):
                await self._send(event)
        except SenseVoiceError as error:
            await self._send(error_event(error, asked))
        except WebSocketDisconnect:
            raise
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            await self._send(error_event(Unexpected(reference=reference), asked))

    async def _send(self, event: Event) -> None:
        await self._socket.send_json({"event_id": new_id("event"), **event})
