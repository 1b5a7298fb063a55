"""How sure the model is of its tags: the softmax of the frames in which it names them.

A model score, not a probability of being right. It costs nothing: the output of these frames is there
anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sensevoice.options import LANGUAGES
from sensevoice.tags.labels import TagKind, kind_of

SCORED = (TagKind.LANGUAGE, TagKind.EMOTION, TagKind.EVENT)
"""What the first query frames name, in their order; the fourth tells the normalisation."""

SPOKEN = frozenset(LANGUAGES) - {"auto"}
"""The languages that SenseVoiceSmall is trained for, out of the hundred names in its vocabulary."""

Scores = list[tuple[str, str, float]]
"""(kind, tag name, score between 0 and 1), the best of each kind first."""


class TagScorer:
    """Maps the tag pieces of a vocabulary to the query frames in which they can stand."""

    def __init__(self, tokenizer: Any) -> None:
        self.ids: list[int] = []
        self._columns: list[tuple[TagKind, str]] = []
        pieces = tokenizer.sp
        for number in range(pieces.get_piece_size()):
            written = pieces.id_to_piece(number)
            if not (written.startswith("<|") and written.endswith("|>")):
                continue
            name = written[2:-2]
            kind = kind_of(name)
            if kind in SCORED and (kind is not TagKind.LANGUAGE or name in SPOKEN):
                self.ids.append(number)
                self._columns.append((kind, name))

    def of_logits(self, logits: np.ndarray) -> Scores:
        """Take the output of the query frames, (4, pieces) or more."""
        rows = logits[: len(SCORED)].astype(np.float32)
        rows = np.exp(rows - rows.max(axis=1, keepdims=True))
        rows /= rows.sum(axis=1, keepdims=True)
        return self.named(rows[:, self.ids].tolist())

    def named(self, probabilities: Sequence[Sequence[float]]) -> Scores:
        """Take the softmax of the first query frames at `ids`: (3, len(ids))."""
        scores: Scores = []
        for row, kind in zip(probabilities, SCORED, strict=True):
            of_kind = [
                (kind.value, name, score)
                for (its_kind, name), score in zip(self._columns, row, strict=True)
                if its_kind is kind
            ]
            scores += sorted(of_kind, key=lambda item: -item[2])
        return scores
