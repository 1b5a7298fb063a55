"""The program's own sentences in traditional characters, for readers in Taiwan, Hong Kong and Macau.

They are looked up in a table that scripts/traditional_texts.py makes with OpenCC of all simplified texts in
the source; it is checked in, so that nobody needs OpenCC to read the page. In the browser,
workbench/traditional.js does the same.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("workbench") / "traditional.json"

PLACEHOLDER = re.compile(r"\{[^{}]*\}")
"""Where a text is filled in: `{name}` in our tables, `{}` for what an f-string computes."""

MIN_WORDS = 4
"""Chinese characters by which a text with placeholders is known; with fewer it would be found in others."""


def traditional(sentence: str) -> str:
    """Return a sentence of the program's own in traditional characters, whatever it was filled with."""
    table = _table()
    if sentence in table:
        return table[sentence]
    for pattern, parts in _templates():
        if match := pattern.fullmatch(sentence):
            filled = [table.get(value, value) for value in match.groups()]
            return "".join(part + value for part, value in zip(parts, [*filled, ""], strict=True))
    return sentence


@cache
def _table() -> dict[str, str]:
    table: dict[str, str] = json.loads(TABLE.read_text("utf-8"))
    return table


@cache
def _templates() -> list[tuple[re.Pattern[str], list[str]]]:
    """Return the shape of each text with placeholders, and the parts around them, the most telling first."""
    found = []
    for simplified, text in _table().items():
        parts = PLACEHOLDER.split(simplified)
        known = sum("\u4e00" <= char <= "\u9fff" for char in "".join(parts))
        if len(parts) > 1 and known >= MIN_WORDS and len(parts) == len(PLACEHOLDER.split(text)):
            pattern = re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL)
            found.append((known, pattern, PLACEHOLDER.split(text)))
    return [(pattern, parts) for _, pattern, parts in sorted(found, key=lambda item: -item[0])]
