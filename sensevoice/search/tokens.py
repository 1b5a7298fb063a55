"""Text as SQLite's full-text search can find every part of it, also in scripts without spaces.

FTS5's trigram tokenizer finds nothing shorter than three characters, which most Chinese words are; the
others see one word in a whole Chinese sentence. So each character is a word of its own here, and only
letters and digits of ASCII stay together. A phrase of such words is found exactly where Python's `in` finds
the text in the other.

A character is written as "u" and its number, an ASCII word as "w" and itself: whatever tables of Unicode the
tokenizer was built with, it sees ASCII alone, and no two texts are written alike.
"""

from __future__ import annotations

import re
import unicodedata

_PARTS = re.compile(r"[a-z0-9]+|[^a-z0-9]")
_WORD = re.compile(r"[a-z0-9]+")
LETTERS = 2
"""Length of the pieces of words that the index has of its own."""

_GAPS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
"""White space, control characters, and halves of surrogate pairs, which no database takes."""


def folded(text: str) -> str:
    """Return a text as it is compared: full-width as half-width, in lower case, one space for any gap."""
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def parts(folded_text: str) -> list[str]:
    """Return the words of ASCII and the single other characters of a folded text."""
    return _PARTS.findall(folded_text)


def is_word(part: str) -> bool:
    """Return whether a part is a word of ASCII letters and digits, which may be a piece of a longer one."""
    return _WORD.fullmatch(part) is not None


def token(part: str) -> str:
    """Return how a part is written in the index."""
    return f"w{part}" if is_word(part) else f"u{ord(part):x}"


def tokens(folded_text: str) -> str:
    """Return a folded text as it is written in the index."""
    return " ".join(token(part) for part in parts(folded_text))


def letters(folded_text: str) -> str:
    """Return the letters, and pairs of letters, in the words of ASCII: by them short pieces are found.

    What contains one letter are thousands of words, and rows with it are too many to be read.
    """
    found = {
        word[at : at + length]
        for word in _WORD.findall(folded_text)
        for at in range(len(word))
        for length in (1, LETTERS)
    }
    return " ".join(letter_token(piece) for piece in sorted(found))


def letter_token(piece: str) -> str:
    return f"g{piece}"


def named(kind: str, name: str) -> str:
    """Return a token for a name of a kind, such as a tag; `kind` is a letter other than u, w and g."""
    return kind + name.encode("utf-8", "replace").hex()
