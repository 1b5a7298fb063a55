"""From the timed pieces of the tokenizer to words as people count them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sensevoice.transcript import Span, Word

WORD_START = "▁"
"""What SentencePiece writes for the space before a word (U+2581)."""

_TAG = re.compile(r"<\|[^|]*\|>")
_OPENING = re.compile(r"[(\[{（［【《〈「『“‘¿¡]+")
_PUNCTUATION = re.compile(r"[^\w\s]+")
_BY_CHARACTER = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Kana and Chinese characters: scripts without spaces, where each piece is a word of its own."""


def words_from_tokens(tokens: Iterable[tuple[str, int, int]], clip: Span) -> tuple[Word, ...]:
    """Group (piece, start_ms, end_ms), timed from the start of the clip, into words.

    A word begins at a space and at every Chinese or Japanese piece; punctuation belongs to the word
    before it, an opening quote or bracket to the one after it; tags are left out. Times are moved to
    the clip and kept inside it and in order.
    """
    groups: list[tuple[str, int, int]] = []
    begins = True
    for piece, start_ms, end_ms in tokens:
        if _TAG.fullmatch(piece):
            begins = True
            continue
        begins = begins or piece.startswith(WORD_START)
        text = piece.replace(WORD_START, " ").strip()
        if not text:
            continue
        if groups and _belongs(groups[-1][0], text, begins):
            before, before_start_ms, _ = groups[-1]
            groups[-1] = (before + text, before_start_ms, end_ms)
        else:
            groups.append((text, start_ms, end_ms))
        begins = False
    return tuple(_inside(groups, clip))


def _belongs(before: str, text: str, begins: bool) -> bool:
    """Say whether a piece goes on with the word before it."""
    if _OPENING.fullmatch(before):
        return True
    if _OPENING.match(text):
        return False
    if _PUNCTUATION.fullmatch(text):
        return True
    return not begins and not _BY_CHARACTER.search(before) and not _BY_CHARACTER.search(text)


def _inside(groups: list[tuple[str, int, int]], clip: Span) -> Iterator[Word]:
    """Yield words whose spans do not overlap and stay inside the clip; one without room joins the last."""
    word: Word | None = None
    for text, start_ms, end_ms in groups:
        start = max(word.span.end_ms if word else clip.start_ms, clip.start_ms + start_ms)
        if word and start >= clip.end_ms:
            word = Word(f"{word.text} {text}", word.span)
            continue
        if word:
            yield word
        start = min(start, clip.end_ms - 1)
        word = Word(text, Span(start, min(max(start + 1, clip.start_ms + end_ms), clip.end_ms)))
    if word:
        yield word
