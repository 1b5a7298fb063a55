"""What browsers and programs send, checked where it comes in: numbers that are numbers, text that is text."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from sensevoice.errors import BadRequest

MOST = 1 << 53
"""JSON's whole numbers are exact up to here in every reader."""

_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's control characters, halves of pairs, and separators of lines and paragraphs."""


def whole_number(told: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Return a parameter that must be a whole number. Raises BadRequest."""
    value = told.get(name, default)
    try:
        number = int(value)
        if isinstance(value, bool) or number != float(value) or abs(number) > MOST:
            raise ValueError
    except (TypeError, ValueError, OverflowError) as exc:
        raise BadRequest(reason=f"{name}={_shown(value)}") from exc
    return number


def whole_numbers(told: Mapping[str, Any], name: str) -> list[int]:
    """Return a parameter that must be a list of whole numbers, none by default. Raises BadRequest."""
    values = told.get(name, [])
    if not isinstance(values, list):
        raise BadRequest(reason=f"{name}={_shown(values)}")
    return [whole_number({name: value}, name) for value in values]


def clean_text(value: Any, most: int) -> str:
    """Return a text in one line, as any file and program can hold it. Raises BadRequest for other values."""
    if not isinstance(value, str):
        raise BadRequest(reason=_shown(value))
    kept = (" " if unicodedata.category(char) in _NO_TEXT else char for char in value[: 2 * most])
    return " ".join("".join(kept).split())[:most]


def _shown(value: Any) -> str:
    return ascii(value)[:50]
