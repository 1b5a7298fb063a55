"""What a language model says, as minutes: anything may come, and only what cites shown rows stays."""

from __future__ import annotations

import json
import re
from typing import Any

from sensevoice.errors import MinutesFailed
from sensevoice.formats.shared import one_line
from sensevoice.minutes.model import SECTIONS, Cite, Known, Minutes, Statement

MAX_CHARS = 200_000

MAX_STATEMENTS = 50
"""Of a section; more is no summary."""

MAX_TEXT_CHARS = 600

MAX_WHO_CHARS = 60

MAX_CITES = 20

THOUGHT = "</think>"
"""What models that think aloud end their thoughts with; the answer comes behind the last one."""

ROW = re.compile(r"[#\[]?(\d{1,9})\]?")


def read_answer(content: str, known: Known) -> Minutes:
    """Return the minutes in an answer; a statement that cites none of the known rows is dropped.

    Raises MinutesFailed for an answer that is no object of JSON with one of the sections.
    """
    data = _object(content[:MAX_CHARS])
    if not any(isinstance(data.get(name), list) for name in SECTIONS):
        raise MinutesFailed(reason=f"no {', '.join(SECTIONS)} / 缺少 {', '.join(SECTIONS)}")
    read = {name: _statements(data.get(name), known) for name in SECTIONS}
    kept = {name: tuple(each for each in found if each.cites) for name, found in read.items()}
    dropped = sum(len(read[name]) - len(kept[name]) for name in SECTIONS)
    return Minutes(**kept, dropped=dropped)


def _object(content: str) -> dict[str, Any]:
    """Return the object of JSON in a text that may have thoughts, words or a fence around it."""
    text = content.rpartition(THOUGHT)[2]
    start, end = text.find("{"), text.rfind("}")
    try:
        data = json.loads(text[start : end + 1]) if start >= 0 else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise MinutesFailed(reason=f"no JSON / 不是 JSON: {one_line(text[:80])}")
    return data


def _statements(items: Any, known: Known) -> list[Statement]:
    """Return the statements of a section; those that cite nothing known have no cites."""
    found = [_statement(item, known) for item in items[:MAX_STATEMENTS]] if isinstance(items, list) else []
    return [each for each in found if each.text]


def _statement(item: Any, known: Known) -> Statement:
    data = item if isinstance(item, dict) else {"text": item}
    who = _text(data.get("who"), MAX_WHO_CHARS)
    return Statement(_text(data.get("text"), MAX_TEXT_CHARS), _cites(data.get("rows"), known), who)


def _text(value: Any, most_chars: int) -> str:
    return one_line(value[: 2 * most_chars])[:most_chars] if isinstance(value, str) else ""


def _cites(values: Any, known: Known) -> tuple[Cite, ...]:
    listed = values if isinstance(values, list) else [values]
    numbers = dict.fromkeys(number for value in listed[:200] if (number := _row(value)) in known)
    cited = sorted(number for number in numbers if number is not None)[:MAX_CITES]
    return tuple(Cite(number, known[number].start_ms, known[number].end_ms) for number in cited)


def _row(value: Any) -> int | None:
    """Return the number of a row, which models also write as "12", "[12]" or 12.0."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = ROW.fullmatch(value.strip()[:20])
        return int(match[1]) if match else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None
