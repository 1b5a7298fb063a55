"""In which ways a model may spell a term: texts in upper and lower case, each in several rows of pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sensevoice.vocabulary.terms import HAN, Term

WORD_START = "▁"
"""SentencePiece's sign for the space before a word (U+2581)."""

MAX_WAYS = 12
"""Rows of pieces that are tried for a term; the ones that the tokenizer itself prefers come first."""

_RUNS = re.compile(f"{HAN.pattern}|(?:(?!{HAN.pattern}).)+")


def ways_of(term: Term, tokenizer: Any) -> tuple[tuple[int, ...], ...]:
    """Return the rows of pieces, by number, in which a model may write a term, the likeliest first.

    `tokenizer` is a SentencePieceProcessor. A way with a piece that it does not know is left out, so that the
    result is empty for a term in letters that the model does not have.
    """
    ways: dict[tuple[int, ...], None] = {}
    unknown = tokenizer.unk_id()
    for text in _spellings(term):
        for way in _ways(text, tokenizer):
            if way and unknown not in way:
                ways[tuple(way)] = None
    return tuple(ways)[:MAX_WAYS]


def _spellings(term: Term) -> list[str]:
    """Return the texts that may stand for a term: as it is written and as it is said, in either case."""
    texts = [term.written]
    if term.reading and not term.syllables:
        texts.append(term.reading)
    cased = [form for text in texts for form in (text, text.lower(), text.title(), text.upper())]
    return list(dict.fromkeys(cased))


def _ways(text: str, tokenizer: Any) -> Iterator[list[int]]:
    """Yield rows of pieces for a text: inside a sentence and at its start, and Chinese by the character."""
    inside = tokenizer.encode(" " + text)
    at_start = tokenizer.encode(text)
    by_character: list[int] = []
    for run in _RUNS.findall(text):
        by_character += _joined_on(tokenizer.encode(run), tokenizer) if run.strip() else []
    for way in (at_start, inside, by_character):
        yield list(way)
        yield _joined_on(way, tokenizer)


def _joined_on(way: list[int], tokenizer: Any) -> list[int]:
    """Return a row of pieces without the space before it, as it follows on a character without one."""
    if not way:
        return []
    first = tokenizer.id_to_piece(way[0])
    if not first.startswith(WORD_START):
        return list(way)
    rest = first[len(WORD_START) :]
    return [*([tokenizer.piece_to_id(rest)] if rest else []), *way[1:]]
