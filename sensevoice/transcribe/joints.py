"""Where the sentences of a row end: what the punctuation says at the pauses between its pieces.

The model puts a full stop behind every piece that it hears alone. What stands at a pause is therefore read
from the text of both sides heard at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sensevoice.tags.word_times import spelled, word_starts

Token = tuple[str, int, int]
"""A piece of the tokenizer and its time; from the start of the file in this module."""

SURE_GAP_MS = 250
"""Between pieces that lie this far apart, with the margins about half a second of silence, a full stop is
believed."""

_CLOSING = "”’」』）)]}\"'"
_FULL_STOPS = ("。", ".", "…")
_SURE_ENDS = ("？", "！", "?", "!")
_TAG = re.compile(r"<\|[^|]*\|>")


def text_of(tokens: Sequence[Token]) -> str:
    """Return what tokens spell, tags apart."""
    return spelled([token for token in tokens if not _TAG.fullmatch(token[0])])


def moved(tokens: Sequence[Token], by_ms: int) -> list[Token]:
    """Return tokens with their times moved."""
    return [(piece, start_ms + by_ms, end_ms + by_ms) for piece, start_ms, end_ms in tokens]


def ends_sentence(text: str) -> bool:
    """Return whether a text ends with the mark of a sentence's end."""
    return text.rstrip(_CLOSING + " ").endswith(_FULL_STOPS + _SURE_ENDS)


def is_sure(text: str, gap_ms: int) -> bool:
    """Return whether what a text ends with can be believed, though it was heard alone.

    A question or an exclamation is told by its melody, and a comma only stands where the model heard that
    something follows; a full stop is believed when the pause after it is long.
    """
    end = text.rstrip(_CLOSING + " ")
    return gap_ms >= SURE_GAP_MS or not end.endswith(_FULL_STOPS)


def divide(tokens: Sequence[Token], at_ms: Sequence[int]) -> list[list[Token]]:
    """Divide tokens at the given times, in order, at word borders; punctuation stays with what it follows."""
    starts = word_starts(tokens)
    middles_ms = [(tokens[start][1] + tokens[start][2]) / 2 for start in starts]
    borders = [0]
    for time_ms in at_ms:
        after = [start for start, middle_ms in zip(starts, middles_ms, strict=True) if middle_ms >= time_ms]
        borders.append(max(borders[-1], after[0] if after else len(tokens)))
    return [list(tokens[first:end]) for first, end in zip(borders, [*borders[1:], len(tokens)], strict=True)]
