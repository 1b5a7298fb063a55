"""How texts sound: Chinese by pinyin, words in Latin letters by metaphone, each folded to what is confused.

Pinyin is that of pypinyin, metaphone (L. Philips, "Hanging on the Metaphone", 1990) that of jellyfish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sensevoice.vocabulary.terms import HAN

_UNITS = re.compile(rf"({HAN.pattern})|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f'’]+")
_VOWEL_Y = re.compile("(?<=[a-z])y")
"""Metaphone hears a consonant before an i and none before a y: Lynn and Linn would differ."""

_APART = re.compile(r"[\s\-]*")
"""What may stand between two units of one term."""

_FOLDED = (
    (re.compile(r"^([zcs])h"), r"\1"),
    (re.compile(r"^n(?=[aeiouv])"), "l"),
    (re.compile(r"(?<=[aei])ng$"), "n"),
)
"""What many speakers of Chinese do not tell apart: zh/z, ch/c, sh/s; n/l; ang/an, eng/en, ing/in."""

_FOLDED_CODES = str.maketrans("BVJ", "PFX")
"""Voiced and unvoiced consonants of metaphone codes; d and t, g and k, z and s are one there already."""


@dataclass(frozen=True)
class Unit:
    """A part of a text that sounds by itself: a Chinese character, a word in letters, or a number.

    `syllable` is pinyin without its tone, "" for what is not Chinese. Two units `joined` belong together.
    """

    text: str
    start: int
    end: int
    syllable: str = ""
    tone: str = ""
    joined: bool = False


def units_of(text: str) -> list[Unit]:
    """Return the units of a text; `joined` are those that only spaces or hyphens part from the one before."""
    found = list(_UNITS.finditer(text))
    read = iter(_syllables([match[0] if match[1] else "" for match in found]))
    units: list[Unit] = []
    for match in found:
        joined = bool(units) and _APART.fullmatch(text[units[-1].end : match.start()]) is not None
        syllable, tone = next(read)
        units.append(Unit(match[0], match.start(), match.end(), syllable, tone, joined))
    return units


def fold(syllable: str) -> str:
    """Return a syllable without what many speakers do not tell apart."""
    for pattern, by in _FOLDED:
        syllable = pattern.sub(by, syllable)
    return syllable


@lru_cache(4096)
def code_of(words: str) -> str:
    """Return the folded metaphone code of words in Latin letters; digits and other letters as they are.

    Spaces count for nothing: what is one word to some is two to others.
    """
    import jellyfish

    parts = re.findall(r"\d+|[^\W\d_]+", _VOWEL_Y.sub("i", plain(words)))
    codes = [jellyfish.metaphone(part) if _LATIN.fullmatch(part) else part for part in parts]
    return "".join(codes).replace(" ", "").translate(_FOLDED_CODES)


def likeness(one: str, other: str) -> float:
    """Return the share of letters that two words have in common, 0 to 1, whatever their case and spaces."""
    import jellyfish

    left, right = plain(one), plain(other)
    return 1 - jellyfish.levenshtein_distance(left, right) / max(len(left), len(right), 1)


def plain(text: str) -> str:
    """Return the letters and digits of a text in lower case."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _syllables(characters: Sequence[str]) -> list[tuple[str, str]]:
    """Return syllable and tone of each Chinese character, in the context of its neighbours; "" for others."""
    from pypinyin import Style, lazy_pinyin

    result: list[tuple[str, str]] = []
    run = ""
    for character in (*characters, ""):
        if character:
            run += character
            continue
        for read in lazy_pinyin(run, Style.TONE3, _unread, neutral_tone_with_five=True) if run else []:
            result.append((read[:-1], read[-1]) if read[-1:].isdigit() else (read, ""))
        run = ""
        result.append(("", ""))
    return result[:-1]


def _unread(characters: str) -> Any:
    """Return characters that have no pinyin one by one, as pypinyin keeps places by them."""
    return list(characters)
