"""Where a line of text may end, and how well it ends there: Latin between words, Chinese between characters.

A small part of the rules of Unicode Standard Annex 14 and of JIS X 4051: words of spaced writing stay
whole, no line begins with closing punctuation, none ends with an opening bracket or quotation mark.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sensevoice.tags.parse import is_unspaced

MAX_LINE_WIDTH = 42
"""Half-width columns a line, 21 full-width characters: the limit of Netflix and TED for Latin writing."""

_SENTENCE_ENDS = "。！？!?…."
_CLAUSE_ENDS = "，、；：,;:"
_CLOSING_CATEGORIES = ("Pe", "Pf", "Po", "Pd")
_OPENING_CATEGORIES = ("Ps", "Pi")
_NEVER_FIRST = "ー々〜～"  # they prolong or repeat the character before them
_QUOTES = "\"'”’」』）)】》〉]}"


class Cut(IntEnum):
    """How well a text is cut after a token; smaller is better."""

    SENTENCE = 0
    CLAUSE = 1
    WORD = 2


@dataclass(frozen=True)
class Token:
    """A stretch of text that is never divided: characters `start` to `end`, columns `left` to `right`."""

    start: int
    end: int
    left: int
    right: int
    cut: Cut


def width(text: str) -> int:
    """Return the columns that a text takes: 2 for an East Asian wide character, 0 for a combining mark."""
    return sum(_char_width(char) for char in text)


def tokens(text: str) -> list[Token]:
    """Divide a text into tokens without the spaces between them; one wider than a line is cut hard."""
    columns = [0]
    for char in text:
        columns.append(columns[-1] + _char_width(char))
    return [
        Token(start, end, columns[start], columns[end], cut_after(text[start:end]))
        for start, end in _hard_cuts(text, _join_marks(text, _ranges(text)), columns)
    ]


def lay_out(text: str, group: Sequence[Token]) -> tuple[str, ...]:
    """Return a group of tokens as one line or as two, divided where it reads best and then most evenly.

    Raises ValueError if the group does not fit on two lines.
    """
    first, last = group[0], group[-1]
    if last.right - first.left <= MAX_LINE_WIDTH:
        return (text[first.start : last.end],)

    def cost(index: int) -> tuple[bool, Cut, int]:
        upper = group[index].right - first.left
        lower = last.right - group[index + 1].left
        return max(upper, lower) > MAX_LINE_WIDTH, group[index].cut, abs(upper - lower)

    best = min(range(len(group) - 1), key=cost)
    if cost(best)[0]:
        raise ValueError("more than two lines of text")
    return text[first.start : group[best].end], text[group[best + 1].start : last.end]


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each stretch between two places where a line may end."""
    start: int | None = None
    for index, char in enumerate(text):
        if start is not None and (char.isspace() or _may_break(text[index - 1], char)):
            yield start, index
            start = None
        if start is None and not char.isspace():
            start = index
    if start is not None:
        yield start, len(text)


def _join_marks(text: str, ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join what has no letter, such as a dash between spaces, to what stands before it."""
    joined: tuple[int, int] | None = None
    for start, end in ranges:
        if joined and not any(char.isalnum() for char in text[start:end]):
            joined = (joined[0], end)
            continue
        if joined:
            yield joined
        joined = (start, end)
    if joined:
        yield joined


def _may_break(before: str, after: str) -> bool:
    """Tell whether a line may end between two neighbouring characters, neither of them a space."""
    if not _may_begin_line(after) or unicodedata.category(before) in _OPENING_CATEGORIES:
        return False
    return is_unspaced(before) or is_unspaced(after)


def _may_begin_line(char: str) -> bool:
    closing = unicodedata.category(char) in _CLOSING_CATEGORIES or char in _NEVER_FIRST
    return not closing and _char_width(char) > 0


def _hard_cuts(
    text: str, ranges: Iterator[tuple[int, int]], columns: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Divide what is wider than a line, if possible not before closing punctuation."""
    for start, end in ranges:
        while columns[end] - columns[start] > MAX_LINE_WIDTH:
            widest = bisect_right(columns, columns[start] + MAX_LINE_WIDTH) - 1
            good = (place for place in range(widest, start, -1) if _may_begin_line(text[place]))
            cut = next(good, widest)
            yield start, cut
            start = cut
        yield start, end


def cut_after(token: str) -> Cut:
    """Return how well a text is cut after this token."""
    last = token.rstrip(_QUOTES)[-1:]
    if last and last in _SENTENCE_ENDS:
        return Cut.SENTENCE
    return Cut.CLAUSE if last and last in _CLAUSE_ENDS else Cut.WORD
