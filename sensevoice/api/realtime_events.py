"""What a program sends in OpenAI's realtime convention, and what is wrong with it."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

import numpy as np

from sensevoice.api.errors import error_shape
from sensevoice.errors import BadRequest, OptionError, SenseVoiceError

RATE_HZ = 24_000

Event = dict[str, Any]


def event_of(text: str) -> Mapping[str, Any]:
    """Return an event that a program sent. Raises BadRequest."""
    try:
        return object_of(json.loads(text), "event")
    except (ValueError, RecursionError) as exc:
        raise BadRequest(reason="no JSON / 不是 JSON") from exc


def error_event(error: SenseVoiceError, asked: Any = None) -> Event:
    shape = error_shape(error)["error"]
    event_id = asked.get("event_id") if isinstance(asked, Mapping) else None
    return {"type": "error", "error": {**shape, "event_id": event_id}}


def input_of(session: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of the input, whichever of the two forms they came in."""
    if "audio" in session:
        audio = object_of(session["audio"], "audio")
        return object_of(audio.get("input") or {}, "audio.input")
    names = {"input_audio_format": "format", "input_audio_transcription": "transcription"}
    return {names.get(name, name): value for name, value in session.items()}


def check_format(given: object) -> None:
    """Raise OptionError for anything but 24 kHz PCM, in either form."""
    is_pcm = given == "pcm16" or (
        isinstance(given, Mapping)
        and given.get("type", "audio/pcm") == "audio/pcm"
        and given.get("rate", RATE_HZ) == RATE_HZ
    )
    if not is_pcm:
        raise OptionError(option="format", value=given, allowed="audio/pcm, 24000")


def sound_of(event: Mapping[str, Any]) -> np.ndarray:
    """Return the samples of an event as float32. Raises BadRequest."""
    audio = event.get("audio")
    try:
        data = base64.b64decode(audio if isinstance(audio, str) else "§", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadRequest(reason="audio: no base64 / 不是 base64") from exc
    if len(data) % 2:
        raise BadRequest(reason=f"audio: {len(data)} bytes")
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def object_of(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(reason=f"{name}: no JSON object / 不是 JSON 对象")
    return value


def new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(10)}"
