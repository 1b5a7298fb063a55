"""Where the words of writing without spaces are: a line may end between them, not inside."""

from __future__ import annotations

import itertools
import logging
import re
import tempfile
import threading
import unicodedata
import warnings
from functools import cache
from typing import Any

_HAN = re.compile("[㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]")
_KANA = re.compile("[぀-ヿ]")
_HIRAGANA = re.compile("[぀-ゟー]")

_loading = threading.Lock()


def inside_words(text: str) -> frozenset[int]:
    """Return the places, counted in characters, before which no line may begin because of a word."""
    if _KANA.search(text):
        return frozenset(_inside_phrases(text))
    if not _HAN.search(text):
        return frozenset()
    places: set[int] = set()
    at = 0
    for word in _dictionary().cut(text):
        places.update(range(at + 1, at + len(word)))
        if at and _counts(text[at - 1]) and _HAN.match(word):
            places.add(at)  # "2024 | 年"
        at += len(word)
    return frozenset(places)


def _counts(char: str) -> bool:
    return unicodedata.category(char) == "Nd" or char in "%％"


def _inside_phrases(text: str) -> list[int]:
    """Return where no phrase of Japanese begins: it begins with what is no hiragana, behind hiragana."""
    pairs = itertools.pairwise(text)
    return [
        place
        for place, (before, char) in enumerate(pairs, start=1)
        if _HIRAGANA.match(char) or (not _HIRAGANA.match(before) and _same_script(before, char))
    ]


def _same_script(before: str, char: str) -> bool:
    return bool(_HAN.match(before) and _HAN.match(char)) or bool(_KANA.match(before) and _KANA.match(char))


@cache
def _dictionary() -> Any:
    """Return jieba's dictionary; loading takes a second, and happens once.

    jieba keeps what it has loaded in a file of the common temporary folder and trusts it, whoever wrote
    it; so it is given a folder of its own.
    """
    with _loading, warnings.catch_warnings(), tempfile.TemporaryDirectory() as own_folder:
        warnings.simplefilter("ignore")  # jieba asks for a package that setuptools gives up
        import jieba

        jieba.setLogLevel(logging.WARNING)
        dictionary = jieba.Tokenizer()
        dictionary.tmp_dir = own_folder
        dictionary.initialize()
    return dictionary
