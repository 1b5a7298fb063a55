"""Values from the JSON bodies of the workbench's requests. Whatever is not as expected is a BadRequest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from starlette.requests import Request

from sensevoice.access.http.json_bodies import read_object
from sensevoice.errors import BadRequest
from sensevoice.jobs.editing.corrections import MAX_TEXT_CHARS, Correction
from sensevoice.options import Options
from sensevoice.transcript import Span
from sensevoice.ui.settings import options_with

Body: TypeAlias = Mapping[str, object]

MAX_NUMBER = 1 << 53
"""Whole numbers in JSON are exact up to here in every reader (RFC 8259, section 6)."""

MAX_ID_CHARS = 100

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
"""Control characters, separators of lines and paragraphs, and halves of surrogate pairs: files and the
programs that read them take none of them inside a line."""

RETRANSCRIBE_SETTINGS = ("language", "use_itn", "keep_numbers", "merge_length_s", "merge_gap_s")
"""The options that rows can be recognised again with."""

AGAIN_SETTINGS = ("language", "channel", "track")
"""The options that a whole recording can be recognised again with, at a click."""


async def read_body(request: Request) -> Body:
    """Return the JSON object of a request's body, empty for GET and HEAD."""
    if request.method in ("GET", "HEAD"):
        return {}
    return await read_object(request)


def text(body: Body, name: str, most_chars: int = MAX_ID_CHARS) -> str:
    """Return a string as one line that every file can hold, empty when it is missing; the rest is cut off."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(reason=name)
    return _UNPRINTABLE.sub(" ", value[: 2 * most_chars]).strip()[:most_chars]


def number(body: Body, name: str) -> int:
    """Return a whole number."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_NUMBER:
        raise BadRequest(reason=f"{name}={value!a:.50}")
    return value


def flag(body: Body, name: str) -> bool:
    """Return true or false."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise BadRequest(reason=f"{name}={value!a:.50}")
    return value


def numbers(body: Body, name: str) -> list[int]:
    """Return a list of whole numbers, empty when it is missing."""
    return [number({name: item}, name) for item in _list(body.get(name, []), name)]


def items(body: Body, name: str) -> list[object]:
    """Return a list of anything, empty when it is missing."""
    return _list(body.get(name, []), name)


def objects(body: Body, name: str) -> list[Body]:
    """Return a list of JSON objects, empty when it is missing."""
    found = items(body, name)
    if not all(isinstance(item, dict) for item in found):
        raise BadRequest(reason=name)
    return [item for item in found if isinstance(item, dict)]


def query_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number among the parameters of an address, None when it is missing."""
    if name not in query:
        return None
    try:
        return number({name: int(query[name][:20])}, name)
    except ValueError as exc:
        raise BadRequest(reason=f"{name}={query[name]!a:.50}") from exc


def span(body: Body) -> Span:
    """Return the time from `start_ms` to `end_ms`."""
    start_ms, end_ms = number(body, "start_ms"), number(body, "end_ms")
    if not 0 <= start_ms < end_ms:
        raise BadRequest(reason=f"start_ms={start_ms}, end_ms={end_ms}")
    return Span(start_ms, end_ms)


def count(body: Body) -> str:
    """Return how many people speak as Options.speakers has it: `count` is a number or a string."""
    value = body.get("count")
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise BadRequest(reason="count")
    return str(value)


def retranscribe_options(body: Body, options: Options) -> Options:
    """Return a job's options with those of RETRANSCRIBE_SETTINGS in the body. Raises OptionError."""
    return options_with(options, {name: body[name] for name in RETRANSCRIBE_SETTINGS if name in body})


def again_options(body: Body, options: Options) -> Options:
    """Return a job's options with those of AGAIN_SETTINGS in the body. Raises OptionError."""
    return options_with(options, {name: body[name] for name in AGAIN_SETTINGS if name in body})


def correction(body: Body) -> Correction:
    """Return what a person corrected.

    They are `text`, `language`, `emotion`, `speaker` (an id), `events` (names, or {"name": …}) and `terms`
    (numbers, to be taken back or applied).
    """
    return Correction(
        text=_optional(body, "text", MAX_TEXT_CHARS),
        language=_optional(body, "language"),
        emotion=_optional(body, "emotion"),
        events=_events(body["events"]) if "events" in body else None,
        speaker=_optional(body, "speaker"),
        terms=tuple(numbers(body, "terms")),
    )


def _optional(body: Body, name: str, most_chars: int = MAX_ID_CHARS) -> str | None:
    """Return a string, "" for null; None when it is missing."""
    if name not in body:
        return None
    return "" if body[name] is None else text(body, name, most_chars)


def _events(items: object) -> tuple[str, ...]:
    names = [item.get("name") if isinstance(item, dict) else item for item in _list(items, "events")]
    return tuple(text({"events": name}, "events") for name in names)


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise BadRequest(reason=name)
    return value
