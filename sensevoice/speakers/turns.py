"""Who speaks when: from whose each window is to stretches of time and words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sensevoice.speakers.voices import VoicePrints, unit_rows
from sensevoice.transcript import Span, Word

AROUND = 2
"""Windows on each side of a change that say where it is: those further away hold none of the other voice."""


@dataclass(frozen=True)
class Turn:
    """A stretch of a piece in which one person speaks, by number."""

    span: Span
    person: int


def turns(prints: VoicePrints, people: np.ndarray, words: Sequence[Word] = ()) -> list[Turn]:
    """Return who speaks when, in order of time: for each piece, its turns without a gap.

    A change inside a piece lies between two of the words, where the windows around it fit best: one of which
    a third is the first voice is a third alike to it. Without words it lies half-way.
    """
    rows = unit_rows(prints.embeddings)
    places = _between(words)
    result: list[Turn] = []
    edges = [0, *(np.flatnonzero(np.diff(prints.pieces)) + 1).tolist(), len(prints)]
    for first, last in pairwise(edges):
        if first < last:
            result += _turns_of_piece(rows[first:last], prints.spans[first:last], people[first:last], places)
    return result


def _turns_of_piece(
    rows: np.ndarray, spans: np.ndarray, people: np.ndarray, places: Sequence[int]
) -> list[Turn]:
    result: list[Turn] = []
    start_ms, end_ms = int(spans[0, 0]), int(spans[-1, 1])
    for before in np.flatnonzero(np.diff(people)).tolist():
        change_ms = _change_ms(rows, spans, people, before, places)
        if start_ms < change_ms < end_ms:
            result.append(Turn(Span(start_ms, change_ms), int(people[before])))
            start_ms = change_ms
    return [*result, Turn(Span(start_ms, end_ms), int(people[-1]))]


def _change_ms(
    rows: np.ndarray, spans: np.ndarray, people: np.ndarray, before: int, places: Sequence[int]
) -> int:
    """Return where between two windows of different people the one takes over from the other."""
    near = slice(max(0, before + 1 - AROUND), before + 1 + AROUND)
    starts, ends = spans[near, 0], spans[near, 1]
    low, high = int(spans[before, 0]), int(spans[before + 1, 1])
    half_way = int(spans[before].sum() + spans[before + 1].sum()) // 4
    tried = np.array(places[bisect_left(places, low) : bisect_right(places, high)] or [half_way])
    share = _share_of_first(rows, people, before)[near]
    expected = np.clip((tried[:, None] - starts) / (ends - starts), 0.0, 1.0)
    return int(tried[np.argmin(np.square(expected - share).sum(axis=1))])


def _share_of_first(rows: np.ndarray, people: np.ndarray, before: int) -> np.ndarray:
    """Return how much of each window is the first of two voices, 0 to 1, by what it is alike to."""
    first = rows[people == people[before]].mean(axis=0)
    second = rows[people == people[before + 1]].mean(axis=0)
    leaning = rows @ (first - second)
    most, least = float(first @ (first - second)), float(second @ (first - second))
    return np.asarray(np.clip((leaning - least) / max(most - least, 1e-6), 0.0, 1.0))


def _between(words: Sequence[Word]) -> list[int]:
    """Return the times between neighbouring words."""
    return [(one.span.end_ms + other.span.start_ms) // 2 for one, other in pairwise(words)]


def person_in(found: Sequence[Turn], span: Span) -> int | None:
    """Return who speaks longest in a stretch of time, the earlier of equals; None where nobody does.

    `found` is in order of time.
    """
    times: dict[int, int] = {}
    first = max(0, bisect_right(found, span.start_ms, key=lambda turn: turn.span.start_ms) - 1)
    for turn in found[first:]:
        if turn.span.start_ms >= span.end_ms:
            break
        shared_ms = min(turn.span.end_ms, span.end_ms) - max(turn.span.start_ms, span.start_ms)
        if shared_ms > 0:
            times[turn.person] = times.get(turn.person, 0) + shared_ms
    return max(times, key=lambda person: times[person]) if times else None
