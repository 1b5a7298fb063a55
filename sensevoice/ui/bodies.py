"""Values from the JSON bodies of the workbench's requests. Whatever is not as expected is a BadRequest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from starlette.requests import Request

from sensevoice.errors import BadRequest
from sensevoice.jobs.corrections import Correction
from sensevoice.options import Options
from sensevoice.transcript import Span
from sensevoice.ui.settings import options_with

Body: TypeAlias = Mapping[str, object]

MAX_BODY_BYTES = 1 << 20
"""Corrections are text; a megabyte of it is more than anybody types."""

RETRANSCRIBE_SETTINGS = ("language", "use_itn", "keep_numbers", "merge_length_s", "merge_gap_s")
"""The options that rows can be recognised again with."""

AGAIN_SETTINGS = ("language", "channel", "track")
"""The options that a whole recording can be recognised again with, at a click."""


async def read_body(request: Request) -> Body:
    """Return the JSON object of a request's body, empty for GET and HEAD."""
    if request.method in ("GET", "HEAD"):
        return {}
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


def text(body: Body, name: str) -> str:
    """Return a string, empty when it is missing."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(reason=name)
    return value


def numbers(body: Body, name: str) -> list[int]:
    """Return a list of whole numbers, empty when it is missing."""
    items = _list(body.get(name, []), name)
    values = [item for item in items if isinstance(item, int)]
    if len(values) < len(items):
        raise BadRequest(reason=name)
    return values


def span(body: Body) -> Span:
    """Return the time from `start_ms` to `end_ms`."""
    start_ms, end_ms = body.get("start_ms"), body.get("end_ms")
    if not isinstance(start_ms, int) or not isinstance(end_ms, int) or not 0 <= start_ms < end_ms:
        raise BadRequest(reason=f"start_ms={start_ms!r:.20}, end_ms={end_ms!r:.20}")
    return Span(start_ms, end_ms)


def retranscribe_options(body: Body, options: Options) -> Options:
    """Return a job's options with those of RETRANSCRIBE_SETTINGS in the body. Raises OptionError."""
    return options_with(options, {name: body[name] for name in RETRANSCRIBE_SETTINGS if name in body})


def again_options(body: Body, options: Options) -> Options:
    """Return a job's options with those of AGAIN_SETTINGS in the body. Raises OptionError."""
    return options_with(options, {name: body[name] for name in AGAIN_SETTINGS if name in body})


def correction(body: Body) -> Correction:
    """Return what a person corrected: `text`, `language`, `emotion`, `events` (names, or {"name": …})."""
    return Correction(
        text=_optional(body, "text"),
        language=_optional(body, "language"),
        emotion=_optional(body, "emotion"),
        events=_events(body["events"]) if "events" in body else None,
    )


def _optional(body: Body, name: str) -> str | None:
    return text({name: body[name] or ""}, name) if name in body else None


def _events(items: object) -> tuple[str, ...]:
    names = [item.get("name") if isinstance(item, dict) else item for item in _list(items, "events")]
    return tuple(text({"events": name}, "events") for name in names)


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise BadRequest(reason=name)
    return value
