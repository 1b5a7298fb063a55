"""Terms of a vocabulary in the output of the network: which are near in a clip, and what they would replace.

Greedy decoding stands; a term is a proposal for a stretch of its text. So tags, scores and rows are those of
the model, whatever the vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from sensevoice.recognise.ctc import PROMPT_FRAMES, runs_of, timed
from sensevoice.tags.parse import is_unspaced
from sensevoice.tags.word_times import WORD_START, spelled, word_starts
from sensevoice.vocabulary.context_graph import ContextGraph
from sensevoice.vocabulary.ctc_beam import BEAM, best_path, nearness
from sensevoice.vocabulary.pieces import ways_of
from sensevoice.vocabulary.terms import Term, parse

BONUS = 1.5
"""Nats that each piece of a term of weight 1 earns, as sherpa-onnx's `hotwords_score` has it: a term is taken
where the model finds its pieces, on average, at least a fifth as probable as what it writes. With 3, in noise
one character in a hundred belonged to a term that nobody had said (docs/vocabulary.md)."""

MAX_ROWS = 32
"""Ways of terms that are decoded with in one clip, the nearest first."""

Hit = tuple[str, str, int, int, float]
"""The fields of a `protocols.TermHit`."""

Ways = dict[tuple[int, ...], Term]
"""The rows of pieces that were decoded with, and the terms that they spell."""

Gather = Callable[[np.ndarray], np.ndarray]
"""Returns log probabilities of some pieces, relative to the best: (frames of the sound, pieces) float32."""


@dataclass(frozen=True)
class Vocabulary:
    """The terms as rows of pieces of one tokenizer.

    ids: all pieces in use, in order, the blank among them. rows: (ways, longest) columns of `ids`, filled up
    with a column that there is not. bonus: of each row, per piece.
    """

    ids: np.ndarray
    rows: np.ndarray
    lengths: np.ndarray
    bonus: np.ndarray
    terms: tuple[Term, ...]
    blank: int

    @classmethod
    def of(cls, lines: Sequence[str], tokenizer: Any, blank_id: int) -> Vocabulary:
        ways = [(way, term) for term in parse(lines) for way in ways_of(term, tokenizer)]
        ids = np.array(sorted({blank_id, *(piece for way, _ in ways for piece in way)}), np.int64)
        rows = np.full((len(ways), max((len(way) for way, _ in ways), default=1)), len(ids), np.int32)
        for row, (way, _) in zip(rows, ways, strict=True):
            row[: len(way)] = np.searchsorted(ids, way)
        return cls(
            ids,
            rows,
            np.array([len(way) for way, _ in ways], np.int64),
            np.array([BONUS * term.weight for _, term in ways], np.float32),
            tuple(term for _, term in ways),
            int(np.searchsorted(ids, blank_id)),
        )

    def possible(self, peaks: np.ndarray) -> np.ndarray:
        """Return which rows can be near in a clip, by the greatest value of each piece over its frames."""
        sums = np.append(peaks, np.float32(0.0))[self.rows].sum(axis=1)
        return np.flatnonzero(sums + self.bonus * self.lengths > 0)

    def near(self, values: np.ndarray) -> np.ndarray:
        """Return the rows that are worth decoding with, the nearest first: none where nothing would change.

        values: (frames, len(ids)) float32, see `Gather`.
        """
        rows = self.possible(values.max(axis=0)) if len(values) else np.empty(0, np.int64)
        if not len(rows):
            return rows
        scores = nearness(values, self.rows[rows], self.lengths[rows], self.blank)
        gains = scores + self.bonus[rows] * self.lengths[rows]
        if not np.any((gains > 0) & (scores < 0)):  # none, or none that is not there already
            return rows[:0]
        order = np.argsort(-gains, kind="stable")
        return np.asarray(rows[order[gains[order] > 0]][:MAX_ROWS])


class TermFinder:
    """Finds terms in the clips of one model; the vocabulary that was asked for last is kept ready."""

    def __init__(self, tokenizer: Any, blank_id: int) -> None:
        self._tokenizer = tokenizer
        self._blank_id = blank_id
        self._last: tuple[Sequence[str], Vocabulary] = (), Vocabulary.of((), tokenizer.sp, blank_id)

    def vocabulary(self, lines: Sequence[str]) -> Vocabulary:
        """Return the vocabulary of the options' lines."""
        known, vocabulary = self._last
        if known != lines:
            vocabulary = Vocabulary.of(lines, self._tokenizer.sp, self._blank_id)
            self._last = lines, vocabulary
        return vocabulary

    def hits(self, best: Sequence[int], vocabulary: Vocabulary, gather: Gather) -> list[Hit]:
        """Return what the terms would change in the best path of a clip, query frames first."""
        if len(best) <= PROMPT_FRAMES or not len(vocabulary.rows):
            return []
        near = vocabulary.near(gather(vocabulary.ids))
        if not len(near):
            return []
        ways = [vocabulary.ids[vocabulary.rows[row, : vocabulary.lengths[row]]].tolist() for row in near]
        greedy = np.array(best[PROMPT_FRAMES:], np.int64)
        ids = np.unique(np.concatenate([greedy, [self._blank_id], *ways]))
        values = gather(ids)
        graph = ContextGraph.of(
            [np.searchsorted(ids, way).tolist() for way in ways], vocabulary.bonus[near].tolist(), len(ids)
        )
        blank = int(np.searchsorted(ids, self._blank_id))
        columns = np.searchsorted(ids, greedy).astype(np.int32)
        path = best_path(values, graph.follow, graph.credit, graph.won, blank, columns, BEAM)
        if np.array_equal(path, columns):
            return []
        losses = np.take_along_axis(values, path[:, None].astype(np.int64), axis=1)[:, 0]
        named = {tuple(way): vocabulary.terms[row] for way, row in zip(ways, near, strict=True)}
        both = [*best[:PROMPT_FRAMES], *ids[path].tolist()]
        return _Difference(best, both, self._tokenizer, self._blank_id).hits(named, losses)


class _Difference:
    """The pieces of the greedy path and of the one with terms, side by side."""

    def __init__(self, greedy: Sequence[int], path: Sequence[int], tokenizer: Any, blank_id: int) -> None:
        old = [run for run in runs_of(greedy, blank_id) if run[1] >= PROMPT_FRAMES]
        self._runs = [run for run in runs_of(path, blank_id) if run[1] >= PROMPT_FRAMES]
        self._old = timed(old, greedy, tokenizer)
        self._new = timed(self._runs, path, tokenizer)
        self._old_starts = {*word_starts(self._old), len(old)}
        self._new_starts = {*word_starts(self._new), len(self._runs)}
        self._pieces = [piece for piece, _, _ in self._runs]
        matcher = SequenceMatcher(None, [run[0] for run in old], self._pieces, autojunk=False)
        self._changes = [change[1:] for change in matcher.get_opcodes() if change[0] != "equal"]

    def hits(self, ways: Ways, losses: np.ndarray) -> list[Hit]:
        """Return the terms that stand in the one path and not in the other. `losses`: of each frame."""
        result: list[Hit] = []
        for first, end, term in self._found(ways):
            frames = losses[self._runs[first][1] - PROMPT_FRAMES : self._runs[end - 1][2] - PROMPT_FRAMES]
            score = round(math.exp(float(frames.sum()) / (end - first)), 4)
            hit = self._hit(first, end, term, score)
            if hit is not None and (not result or result[-1][3] <= hit[2]):
                result.append(hit)
        return result

    def _found(self, ways: Ways) -> list[tuple[int, int, Term]]:
        """Return where the terms stand in the path with terms, of those that begin together the longest."""
        lengths = sorted({len(way) for way in ways}, reverse=True)
        result = []
        for first in range(len(self._pieces)):
            for end in (first + length for length in lengths if first + length <= len(self._pieces)):
                term = ways.get(tuple(self._pieces[first:end]))
                if term is not None:
                    result.append((first, end, term))
                    break
        return result

    def _hit(self, first: int, end: int, term: Term, score: float) -> Hit | None:
        """Return the hit for a term in the pieces first … end, None where the greedy path has it, too."""
        left, right, old_left, old_right = self._whole_words(first, end)
        if old_left == old_right:
            return None  # nothing is changed, or nothing was heard there
        old = self._old[old_left:old_right]
        before, behind = self._new[left:first], self._new[end:right]
        space = " " if before and self._new[first][0].startswith(WORD_START) else ""
        after = "".join(piece for piece, _, _ in behind).replace(WORD_START, " ")
        heard, written = _without_marks(
            spelled(old), f"{spelled(before)}{space}{term.written}{after}".strip()
        )
        if not heard or term.written in heard or _is_part(spelled(before), term.written, after):
            return None
        return heard, written, old[0][1], old[-1][2], score

    def _whole_words(self, first: int, end: int) -> tuple[int, int, int, int]:
        """Return which pieces of both paths, in whole words, are other ones because of first … end."""
        changes = [
            change
            for change in self._changes
            if (change[2] < end and first < change[3])
            or (change[2] == change[3] and first <= change[2] <= end)
        ]
        if not changes:
            return first, end, 0, 0
        (old_first, _, new_first, _), (_, old_end, _, new_end) = changes[0], changes[-1]
        left, right = min(first, new_first), max(end, new_end)
        old_left, old_right = old_first - (new_first - left), old_end + (right - new_end)
        while min(left, old_left) > 0 and not self._is_border(left, old_left):
            left, old_left = left - 1, old_left - 1
        while self._goes_on(right, old_right) and not self._is_border(right, old_right):
            right, old_right = right + 1, old_right + 1
        return left, right, old_left, old_right

    def _is_border(self, new: int, old: int) -> bool:
        return new in self._new_starts and old in self._old_starts

    def _goes_on(self, new: int, old: int) -> bool:
        return new < len(self._new) and old < len(self._old)


def _is_part(before: str, term: str, after: str) -> bool:
    """Return whether a term in letters would be a part of a word: "optimization" is no "optim station"."""
    pairs = [(before[-1:], term[:1]), (term[-1:], "" if after == "s" else after[:1])]
    return any(all(char.isalnum() and not is_unspaced(char) for char in pair) for pair in pairs)


def _without_marks(one: str, other: str) -> tuple[str, str]:
    """Return two texts without the punctuation with which both end."""
    while one and other and one[-1] == other[-1] and not one[-1].isalnum():
        one, other = one[:-1], other[:-1]
    return one, other
