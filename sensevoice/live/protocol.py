"""What is sent over `/live`, as values and as JSON.

From the client, in JSON unless it is sound:

    {"type": "start", "name": "…", "options": {"language": "auto", …}}      begins a recording
    {"type": "resume", "session": "…"}                                     goes on with it after a broken line
    4 bytes, the number of the frame from 0 (little-endian), and 100 ms of sound: 1600 × int16 at 16 kHz, mono
    {"type": "lost", "first": 30, "end": 35}         the client has these frames no more: they become silence
    {"type": "stop", "frames": 600, "tail": "…"}     all; the tail, in base64, is what is less than a frame
    {"type": "name", "speaker": "S1", "name": "…"}   calls a speaker so; an empty name takes it back
    {"type": "correct", "row": 3, "start_ms": 8200, "text": "…"}     gives a settled row another text
    {"type": "captions", "on": true}                 asks for the link that a room can follow, or takes it
                                                     back

From the server:

    {"type": "ready", "session": "…", "next": 0}     send from this frame on: all before are on the disk
    {"type": "state", "next": 40, "heard_ms": 3900, "from": 2, "rows": […], "settled": 3, "growing": {…}}
                                                     frames before `next` may be forgotten. `rows` replace all
                                                     from number `from` on; the first `settled` of all stay as
                                                     they are, unless people correct them. `names`, by the ids
                                                     of speakers, come when they change. `growing` is the
                                                     speech that goes on: words in `committed` stay until it
                                                     pauses, those of `tail` may change
    {"type": "resend", "next": 40}                   a frame is missing: send all from this one on
    {"type": "captions", "token": "…"}               null when it was taken back
    {"type": "ended", "job": "…"}                    recognised as a file now; null for one without sound
    {"type": "error", "code": "…", "zh": "…", "en": "…", "fatal": true}

`state` comes at most every 50 ms, and tells the latest. Frames that come twice, or after the end, are passed
over. The first message has to come within ten seconds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from sensevoice.errors import BadRequest, SenseVoiceError
from sensevoice.live.session import View
from sensevoice.live.stream import Growing
from sensevoice.options import Options
from sensevoice.transcript import Segment

Json: TypeAlias = dict[str, object]

NUMBER_BYTES = 4

MAX_NAME_CHARS = 100

CLIENT_OPTIONS = ("language", "use_itn", "ban_emo_unk", "speakers", "sounds", "among", "pause_ms")
"""The settings that a client may choose; the others are the page's."""


def message_of(text: str) -> Mapping[str, Any]:
    """Return a message that came as JSON. Raises BadRequest."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadRequest(reason="no JSON / 不是 JSON") from exc
    if not isinstance(message, dict):
        raise BadRequest(reason="no JSON object / 不是 JSON 对象")
    return message


def frame_of(data: bytes) -> tuple[int, bytes]:
    """Return the number of a frame, and its sound. Raises BadRequest."""
    if len(data) <= NUMBER_BYTES:
        raise BadRequest(reason=f"frame: {len(data)} bytes")
    return int.from_bytes(data[:NUMBER_BYTES], "little"), data[NUMBER_BYTES:]


def text_of(message: Mapping[str, Any], name: str) -> str:
    """Return a string, "" when it is missing. Raises BadRequest."""
    value = message.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(reason=name)
    return value


def number_of(message: Mapping[str, Any], name: str) -> int:
    """Return a whole number from 0. Raises BadRequest."""
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise BadRequest(reason=f"{name}={value!a:.50}")
    return value


def tail_of(message: Mapping[str, Any]) -> bytes:
    """Return the sound at the end of a recording. Raises BadRequest."""
    try:
        return base64.b64decode(text_of(message, "tail"), validate=True)
    except ValueError as exc:
        raise BadRequest(reason="tail") from exc


def name_of(message: Mapping[str, Any]) -> str:
    """Return the name of a new recording as one line."""
    name = "".join(char if char.isprintable() else " " for char in text_of(message, "name"))
    return " ".join(name.split())[:MAX_NAME_CHARS]


def options_of(message: Mapping[str, Any], defaults: Options) -> Options:
    """Return the settings of a new recording. Raises BadRequest, OptionError."""
    chosen = message.get("options", {})
    if not isinstance(chosen, dict):
        raise BadRequest(reason="options")
    known = {name: value for name, value in chosen.items() if name in CLIENT_OPTIONS}
    if not isinstance(known.get("among", []), list):
        raise BadRequest(reason="among")
    one_channel = replace(defaults, channel="mix", track=0, raw_format="")
    return Options(**{**one_channel.as_dict(), **known})


def error_message(error: SenseVoiceError, fatal: bool = True) -> Json:
    return {
        "type": "error",
        "code": error.code,
        "zh": error.message("zh"),
        "en": error.message("en"),
        "fatal": fatal,
    }


class StateSender:
    """Makes the messages by which one who looks on learns what is new, each from the latest state."""

    def __init__(self, known_rows: int = 0) -> None:
        self._first = self._settled = known_rows
        self._corrected = 0
        self._names: Mapping[str, str] = {}
        self._open: tuple[Segment, ...] | None = None
        self._rest: tuple[object, ...] | None = None

    def message(self, view: View) -> Json | None:
        """Return what has changed since the last message, None when nothing has."""
        rest = (view.frames, view.heard_ms, view.growing, view.stopped, view.names)
        settled, first = len(view.settled), self._first_to_send(view)
        has_rows = settled != first or view.open != self._open
        if not has_rows and rest == self._rest:
            return None
        message: Json = {
            "type": "state",
            "next": view.frames,
            "heard_ms": view.heard_ms,
            "growing": growing_shape(view.growing),
            "stopped": view.stopped,
        }
        if has_rows:
            rows = [*view.settled[first:settled], *view.open]
            message |= {"from": first, "rows": [row_shape(row) for row in rows], "settled": settled}
        if view.names != self._names:
            message["names"] = view.names
        self._names, self._corrected = view.names, len(view.corrected)
        self._settled, self._open, self._rest = settled, view.open, rest
        return message

    def _first_to_send(self, view: View) -> int:
        """Return from which row on all are new, or were corrected since the last message."""
        return max(self._first, min([self._settled, *view.corrected[self._corrected :]]))


def row_shape(row: Segment) -> Json:
    """Return a row as JSON."""
    return {
        "edited": row.original is not None,
        "kind": row.kind,
        "start_ms": row.span.start_ms,
        "end_ms": row.span.end_ms,
        "text": row.text,
        "language": row.language,
        "emotion": row.emotion,
        "events": [event.name for event in row.events],
        "speaker": row.speaker,
        "error": row.error,
    }


def growing_shape(growing: Growing | None) -> Json | None:
    if growing is None:
        return None
    return {
        "start_ms": growing.span.start_ms,
        "end_ms": growing.span.end_ms,
        "committed": growing.committed,
        "tail": growing.tail,
        "language": growing.language,
        "emotion": growing.emotion,
        "events": list(growing.events),
    }
