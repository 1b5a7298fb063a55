"""Stretches of a text that sound like a term of the vocabulary, for which the term is proposed.

Where decoding sees what the network found probable, this sees only what it wrote: names that it wrote as a
homophone. What sounds the same is applied; what is only near is proposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sensevoice.vocabulary.sounds import Unit, code_of, fold, likeness, units_of
from sensevoice.vocabulary.terms import Term, parse

OTHER_TONE, OTHER_SYLLABLE = 0.95, 0.85
"""What a syllable counts that has another tone, or one that is often confused; the same one counts 1."""

SAME_CODE = 0.75
"""What words count that sound alike and share no letter; with the same letters they count 1."""

PROPOSED_BELOW = 0.1
"""So far below what is applied a term is still proposed."""

NEEDED_OF_CODES = {3: 0.94, 4: 0.88, 5: 0.85}
"""By the length of a metaphone code: how near words have to be. Fewer consonants are those of many words."""

SPLIT_WORDS = 3
"""Into so many words more than it has a term in letters may have fallen ("cooper netties")."""


@dataclass(frozen=True)
class Found:
    """A stretch of a text that sounds like a term; `applied` where it is near enough to be replaced."""

    heard: str
    written: str
    offset: int
    score: float
    applied: bool

    @property
    def end(self) -> int:
        return self.offset + len(self.heard)


Sound = tuple[Term, tuple[Unit, ...]]


class SoundTable:
    """The terms of a vocabulary by their sound."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms: dict[tuple[str, ...], list[Sound]] = {}
        self._written = {term.written for term in terms}
        self._longest = 0
        for term in terms:
            for units in _sounds_of(term):
                self._terms.setdefault(_key(units), []).append((term, units))
                self._longest = max(self._longest, len(units) + SPLIT_WORDS)

    def find(self, text: str, chinese: bool = True) -> list[Found]:
        """Return what sounds like a term, in order; where terms overlap, the longest, then the nearest.

        Without `chinese` characters are of another language, and only words in letters are compared.
        """
        units = units_of(text)
        found = [each for window in self._windows(units, chinese) for each in self._matches(text, window)]
        found.sort(key=lambda each: (-each.applied, -len(each.heard), -each.score, each.offset))
        taken: list[Found] = []
        for each in found:
            if all(other.end <= each.offset or each.end <= other.offset for other in taken):
                taken.append(each)
        return sorted((each for each in taken if each.heard != each.written), key=lambda each: each.offset)

    def _windows(self, units: Sequence[Unit], chinese: bool) -> Iterator[Sequence[Unit]]:
        for first in range(len(units)):
            for end in range(first + 1, min(len(units), first + self._longest) + 1):
                if (end > first + 1 and not units[end - 1].joined) or not (
                    chinese or not units[end - 1].syllable
                ):
                    break
                yield units[first:end]

    def _matches(self, text: str, window: Sequence[Unit]) -> Iterator[Found]:
        heard = text[window[0].start : window[-1].end]
        if heard in self._written:  # it stands there already, and is no other term
            yield Found(heard, heard, window[0].start, 2.0, True)
            return
        for term, units in self._terms.get(_key(window), ()):
            score, needed = _score(units, window)
            weighted = min(1.0, score * term.weight)
            if weighted >= needed - PROPOSED_BELOW:
                yield Found(heard, term.written, window[0].start, round(score, 4), weighted >= needed)


@lru_cache(8)
def table_of(lines: tuple[str, ...]) -> SoundTable:
    """Return the table of the options' lines."""
    return SoundTable(parse(lines))


def _sounds_of(term: Term) -> Iterator[tuple[Unit, ...]]:
    """Yield the units of a term as it is written, and as it is said where that is something else."""
    units = units_of(term.written)
    syllables = iter(term.syllables)
    if term.syllables:
        units = [
            replace(unit, syllable=next(syllables), tone="") if unit.syllable else unit for unit in units
        ]
    elif term.reading:
        yield tuple(units_of(term.reading))
    yield tuple(units)


def _parts(units: Sequence[Unit]) -> Iterator[tuple[str, str]]:
    """Yield the parts of units: (syllable, tone) of each Chinese character, ("", words) of the rest."""
    words = ""
    for unit in units:
        if not unit.syllable:
            words += f" {unit.text}"
            continue
        if words:
            yield "", words
            words = ""
        yield unit.syllable, unit.tone
    if words:
        yield "", words


def _key(units: Sequence[Unit]) -> tuple[str, ...]:
    return tuple(fold(sound) if sound else f"~{code_of(words)}" for sound, words in _parts(units))


def _score(term: Sequence[Unit], heard: Sequence[Unit]) -> tuple[float, float]:
    """Return how near a stretch is to a term with the same key, and how near it has to be to be applied."""
    scores: list[float] = []
    words = ""
    for (sound, tone), (other, other_tone) in zip(_parts(term), _parts(heard), strict=True):
        if not sound:
            words = code_of(tone)
            scores.append(SAME_CODE + (1 - SAME_CODE) * likeness(tone, other_tone))
        elif sound != other:
            scores.append(OTHER_SYLLABLE)
        else:
            scores.append(1.0 if not tone or tone == other_tone else OTHER_TONE)
    score = sum(scores) / len(scores)
    if len(scores) == 1:
        return score, _needed_of_words(words) if words else 2.0
    return score, 1.0 if len(scores) == 2 and not words else 0.9


def _needed_of_words(code: str) -> float:
    """Return how near words in letters have to be; of too short ones only the same letters are applied."""
    return NEEDED_OF_CODES.get(min(len(code), max(NEEDED_OF_CODES)), 1.0)
