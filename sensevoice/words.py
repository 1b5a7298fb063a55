"""From the timed pieces of the tokenizer to words as people count them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sensevoice.transcript import Span, Word

WORD_START = "▁"
"""What SentencePiece writes for the space before a word (U+2581)."""

_TAG = re.compile(r"<\|[^|]*\|>")
_BY_CHARACTER = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Kana and Chinese characters: scripts without spaces, where each piece is a word of its own."""


def words_from_tokens(tokens: Iterable[tuple[str, int, int]], clip: Span) -> tuple[Word, ...]:
    """Group (piece, start_ms, end_ms), timed from the start of the clip, into words.

    A word begins at a space and at every Chinese or Japanese piece; punctuation belongs to the word
    before it; tags are left out. Times are moved to the clip and kept inside it and in order.
    """
    groups: list[tuple[str, int, int]] = []
    starts_word = True
    for piece, start_ms, end_ms in tokens:
        if _TAG.fullmatch(piece):
            starts_word = True
            continue
        text = piece.replace(WORD_START, " ")
        starts_word = starts_word or text.startswith(" ")
        text = text.strip()
        if not text:
            continue
        if (groups and not (starts_word or _stands_alone(groups[-1][0], text))) or (
            _is_punctuation(text) and groups
        ):
            previous, previous_start_ms, _ = groups[-1]
            groups[-1] = (previous + text, previous_start_ms, end_ms)
        else:
            groups.append((text, start_ms, end_ms))
        starts_word = False
    return tuple(_inside(groups, clip))


def _stands_alone(previous: str, text: str) -> bool:
    return bool(_BY_CHARACTER.search(previous) or _BY_CHARACTER.search(text))


def _is_punctuation(text: str) -> bool:
    return all(unicodedata.category(character)[0] in "PS" for character in text) and not all(
        unicodedata.category(character) in ("Ps", "Pi") for character in text
    )


def _inside(groups: list[tuple[str, int, int]], clip: Span) -> Iterable[Word]:
    """Yield words whose spans are not empty, do not overlap and stay inside the clip."""
    from_ms = clip.start_ms
    for text, start_ms, end_ms in groups:
        start = min(max(from_ms, clip.start_ms + start_ms), clip.end_ms - 1)
        end = min(max(start + 1, clip.start_ms + end_ms), clip.end_ms)
        yield Word(text, Span(start, end))
        from_ms = end
