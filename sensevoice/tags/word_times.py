"""From timed tokens to words as people count them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sensevoice.transcript import Segment, Span, Word

WORD_START = "▁"
"""SentencePiece's sign for the space before a word (U+2581)."""

Place = tuple[int, int, int, int]
"""Start and end of a word in milliseconds, its offset in the text of its row and its length in characters."""

_TAG = re.compile(r"<\|[^|]*\|>")
_OPENING = re.compile(r"[(\[{（［【《〈「『“‘¿¡]+")
_PUNCTUATION = re.compile(r"[^\w\s]+")
_BY_CHARACTER = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Kana and Chinese characters: scripts without spaces, where each token is a word."""


def words_from_tokens(tokens: Iterable[tuple[str, int, int]], clip: Span) -> tuple[Word, ...]:
    """Return the words of tokens (piece, start_ms, end_ms), timed from the start of the clip.

    A word begins at a space and at every Chinese or Japanese token; punctuation belongs to the word before
    it, an opening quote or bracket to the one after it; tags are left out. The times of words are absolute,
    within the clip and in order.
    """
    listed = list(tokens)
    starts = word_starts(listed)
    ends = [*starts[1:], len(listed)] if starts else []
    groups = [
        (
            "".join(_shown(piece) for piece, _, _ in listed[first:end]),
            listed[first][1],
            next(token[2] for token in reversed(listed[first:end]) if _shown(token[0])),
        )
        for first, end in zip(starts, ends, strict=True)
    ]
    return tuple(_inside(groups, clip))


def spelled(tokens: Iterable[tuple[str, int, int]]) -> str:
    """Return what tokens spell, tags included."""
    return " ".join("".join(piece for piece, _, _ in tokens).replace(WORD_START, " ").split())


def word_places(segment: Segment) -> list[Place]:
    """Return where the words of a row stand in its text; one that it does not hold as spoken is left out."""
    return [place for place in word_offsets(segment.text, segment.words) if place is not None]


def word_offsets(text: str, words: Sequence[Word]) -> list[Place | None]:
    """Return for each word where it stands in a text, None for one that the text does not hold as spoken."""
    places: list[Place | None] = []
    end = 0
    for word in words:
        at = text.find(word.text, end)
        places.append(None if at < 0 else (word.span.start_ms, word.span.end_ms, at, len(word.text)))
        end = end if at < 0 else at + len(word.text)
    return places


def word_starts(tokens: Sequence[tuple[str, int, int]]) -> list[int]:
    """Return the positions of the tokens with which words begin; see `words_from_tokens`."""
    starts: list[int] = []
    begins, before = True, ""
    for position, (piece, _, _) in enumerate(tokens):
        begins = begins or piece.startswith(WORD_START) or bool(_TAG.fullmatch(piece))
        text = _shown(piece)
        if not text:
            continue
        if starts and _belongs(before, text, begins):
            before += text
        else:
            starts.append(position)
            before = text
        begins = False
    return starts


def _shown(piece: str) -> str:
    """Return what a piece spells, nothing for a tag."""
    return "" if _TAG.fullmatch(piece) else piece.replace(WORD_START, " ").strip()


def _belongs(before: str, text: str, begins: bool) -> bool:
    """Return whether a token continues the word before it."""
    if _OPENING.fullmatch(before):
        return True
    if _OPENING.match(text):
        return False
    if _PUNCTUATION.fullmatch(text):
        return True
    return not begins and not _BY_CHARACTER.search(before) and not _BY_CHARACTER.search(text)


def _inside(groups: list[tuple[str, int, int]], clip: Span) -> Iterator[Word]:
    """Yield words with disjoint spans inside the clip; one without room is joined to the last."""
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
