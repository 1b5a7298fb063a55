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

import base64
import binascii
import json
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sensevoice.access import USER, is_still_in
from sensevoice.access.routes import REALTIME
from sensevoice.api import shapes
from sensevoice.api.errors import error_shape
from sensevoice.api.parameters import language_of
from sensevoice.audio.downsample import Downsampler
from sensevoice.errors import BadRequest, LoginNeeded, OptionError, SenseVoiceError, Unexpected
from sensevoice.live import LiveHub
from sensevoice.live.turns import Ended, Growing, Started, Turn, Turns
from sensevoice.options import MAX_PAUSE_MS, MIN_PAUSE_MS, Options
from sensevoice.protocols import PromptRecognizer

log = logging.getLogger(__name__)

RATE_HZ = 24_000

SILENCE_MS = 500
"""OpenAI's own default of `silence_duration_ms`."""

MAX_BUFFER_S = 600
"""Without turn detection a program may hold back so much before it commits."""

REFUSED = 4000

Event = dict[str, Any]

UPDATES = ("session.update", "transcription_session.update")
PREFIX = "conversation.item.input_audio_transcription"


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
        await self._socket.send_json({"event_id": _id("event"), **event})


class Session:
    """The settings of a connection, the turn that goes on, and what is answered to each event."""

    def __init__(self, recognizer: PromptRecognizer, options: Options) -> None:
        self._recognizer = recognizer
        self._options = options
        self._id = _id("sess")
        self._detects = True
        self._silence_ms = SILENCE_MS
        self._transcription: Event = {"model": "sensevoice-small"}
        self._turns: Turns | None = None
        self._downsampler = Downsampler()
        self._buffer: list[np.ndarray] = []
        self._item = _id("item")
        self._before: str | None = None
        self._rows = 0
        self._told = ""

    def shape(self) -> Event:
        """Return the settings as OpenAI shows them."""
        detection = {"type": "server_vad", "silence_duration_ms": self._silence_ms, "threshold": 0.5}
        audio = {
            "format": {"type": "audio/pcm", "rate": RATE_HZ},
            "transcription": self._transcription,
            "turn_detection": {**detection, "prefix_padding_ms": 0} if self._detects else None,
            "noise_reduction": None,
        }
        return {
            "id": self._id,
            "object": "realtime.transcription_session",
            "type": "transcription",
            "audio": {"input": audio},
        }

    def handled(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Yield what is answered to an event. Raises BadRequest and OptionError."""
        kind = event.get("type")
        if kind in UPDATES:
            self._update(event.get("session"))
            yield {"type": "session.updated", "session": self.shape()}
        elif kind == "input_audio_buffer.append":
            yield from self._append(_sound(event))
        elif kind == "input_audio_buffer.commit":
            yield from self._commit()
        elif kind == "input_audio_buffer.clear":
            self._clear()
            yield {"type": "input_audio_buffer.cleared"}
        else:
            raise BadRequest(reason=f"type={kind!a:.60}")

    def _update(self, session: object) -> None:
        wanted = _object(session, "session")
        given = _input(wanted)
        if given.get("format") is not None:
            _check_format(given["format"])
        if given.get("transcription") is not None:
            self._hear_in(_object(given["transcription"], "transcription"))
        if "turn_detection" in given:
            self._detect(given["turn_detection"])
        self._clear()

    def _hear_in(self, transcription: Mapping[str, Any]) -> None:
        language, among = transcription.get("language"), transcription.get("languages") or []
        if not isinstance(among, list):
            raise OptionError(option="languages", value=among, allowed="[…]")
        code = language_of("language", str(language)) if language else "auto"
        codes = tuple(language_of("languages", str(name)) for name in among)
        self._options = replace(self._options, language=code, among=codes)
        self._transcription = {"model": "sensevoice-small", **transcription}

    def _detect(self, detection: object) -> None:
        self._detects = detection is not None
        if detection is not None:
            wanted = _object(detection, "turn_detection").get("silence_duration_ms") or SILENCE_MS
            if not isinstance(wanted, int) or isinstance(wanted, bool):
                raise OptionError(option="silence_duration_ms", value=wanted, allowed="200 … 2000")
            self._silence_ms = max(MIN_PAUSE_MS, min(MAX_PAUSE_MS, wanted))

    def _append(self, samples: np.ndarray) -> Iterator[Event]:
        sound = self._downsampler.push(samples)
        if self._detects:
            for turn in self._open_turns().feed(sound):
                yield from self._told_of(turn)
            return
        if sum(map(len, self._buffer)) + len(sound) > MAX_BUFFER_S * 16_000:
            raise BadRequest(reason=f"more than {MAX_BUFFER_S} s before a commit")
        self._buffer.append(sound)

    def _commit(self) -> Iterator[Event]:
        if self._detects:
            for turn in self._open_turns().finish():
                yield from self._told_of(turn)
            return
        sound, self._buffer = np.concatenate([np.zeros(0, np.float32), *self._buffer]), []
        if not len(sound):
            raise BadRequest(reason="the buffer is empty / 缓冲区为空")
        yield from self._committed()
        yield from self._completed(self._open_turns().whole(sound))

    def _clear(self) -> None:
        self._buffer = []
        self._turns = None
        self._downsampler = Downsampler()

    def _open_turns(self) -> Turns:
        if self._turns is None:
            self._turns = Turns(self._recognizer, self._options, self._silence_ms)
        return self._turns

    def _told_of(self, turn: Turn) -> Iterator[Event]:
        if isinstance(turn, Started):
            yield {
                "type": "input_audio_buffer.speech_started",
                "audio_start_ms": turn.start_ms,
                "item_id": self._item,
            }
        elif isinstance(turn, Growing):
            yield self._delta(turn.added)
        else:
            yield {
                "type": "input_audio_buffer.speech_stopped",
                "audio_end_ms": turn.span.end_ms,
                "item_id": self._item,
            }
            yield from self._committed()
            yield from self._completed(turn)

    def _committed(self) -> Iterator[Event]:
        before = {"previous_item_id": self._before}
        yield {"type": "input_audio_buffer.committed", "item_id": self._item, **before}
        content = [{"type": "input_audio", "transcript": None}]
        item = {
            "id": self._item,
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": content,
        }
        yield {"type": "conversation.item.added", "item": item, **before}

    def _completed(self, turn: Ended) -> Iterator[Event]:
        text = shapes.joined(row.text for row in turn.rows)
        if text.startswith(self._told) and text != self._told:  # so that all deltas make the text
            yield self._delta(text[len(self._told) :])
        place = {"item_id": self._item, "content_index": 0}
        for row in turn.rows:
            self._rows += 1
            segment = shapes.diarized_segment(self._rows, row)
            yield {**segment, **place, "type": f"{PREFIX}.segment"}
        failed = next((row.error for row in turn.rows if row.error), None)
        if failed:
            error = {"type": "server_error", "code": "recognition_failed", "message": failed, "param": None}
            yield {"type": f"{PREFIX}.failed", **place, "error": error}
        else:
            seconds = turn.span.duration_ms / 1000
            usage = {"type": "duration", "seconds": seconds}
            yield {"type": f"{PREFIX}.completed", **place, "transcript": text, "usage": usage}
        self._before, self._item, self._told = self._item, _id("item"), ""

    def _delta(self, added: str) -> Event:
        self._told += added
        return {"type": f"{PREFIX}.delta", "item_id": self._item, "content_index": 0, "delta": added}


def event_of(text: str) -> Mapping[str, Any]:
    """Return an event that a program sent. Raises BadRequest."""
    try:
        return _object(json.loads(text), "event")
    except (ValueError, RecursionError) as exc:
        raise BadRequest(reason="no JSON / 不是 JSON") from exc


def error_event(error: SenseVoiceError, asked: Any = None) -> Event:
    shape = error_shape(error)["error"]
    event_id = asked.get("event_id") if isinstance(asked, Mapping) else None
    return {"type": "error", "error": {**shape, "event_id": event_id}}


def _input(session: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of the input, whichever of the two forms they came in."""
    if "audio" in session:
        audio = _object(session["audio"], "audio")
        return _object(audio.get("input") or {}, "audio.input")
    names = {"input_audio_format": "format", "input_audio_transcription": "transcription"}
    return {names.get(name, name): value for name, value in session.items()}


def _check_format(given: object) -> None:
    """Raise OptionError for anything but 24 kHz PCM, in either form."""
    is_pcm = given == "pcm16" or (
        isinstance(given, Mapping)
        and given.get("type", "audio/pcm") == "audio/pcm"
        and given.get("rate", RATE_HZ) == RATE_HZ
    )
    if not is_pcm:
        raise OptionError(option="format", value=given, allowed="audio/pcm, 24000")


def _sound(event: Mapping[str, Any]) -> np.ndarray:
    """Return the samples of an event as float32. Raises BadRequest."""
    audio = event.get("audio")
    try:
        data = base64.b64decode(audio if isinstance(audio, str) else "§", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadRequest(reason="audio: no base64 / 不是 base64") from exc
    if len(data) % 2:
        raise BadRequest(reason=f"audio: {len(data)} bytes")
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(reason=f"{name}: no JSON object / 不是 JSON 对象")
    return value


def _id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(10)}"
