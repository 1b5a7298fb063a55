"""The graph of the terms that are looked for: after each piece, which of them it is on the way to.

An Aho-Corasick automaton (A. V. Aho and M. J. Corasick, "Efficient string matching", 1975) with scores, as
icefall's and sherpa-onnx's ContextGraph has them: each piece on the way to a term earns its bonus at once,
and what was earned on a way that ends without the term is taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROOT = 0


@dataclass(frozen=True)
class ContextGraph:
    """The automaton as arrays; node 0 is the root.

    follow: (nodes, columns) int32, the node after a piece; `columns` number the pieces of one clip.
    credit: (nodes,) float32, what was earned on the way to a node and is lost where the way ends there.
    won: (nodes,) float32, what is kept for the terms that end in a node.
    """

    follow: np.ndarray
    credit: np.ndarray
    won: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], bonuses: Sequence[float], columns: int) -> ContextGraph:
        """Return the graph of rows of columns, each of which earns `bonuses` per piece."""
        children: list[dict[int, int]] = [{}]
        bonus = [0.0]
        ends = [False]
        for row, per_piece in zip(rows, bonuses, strict=True):
            node = ROOT
            for piece in row:
                if piece not in children[node]:
                    children[node][piece] = len(children)
                    children.append({})
                    bonus.append(0.0)
                    ends.append(False)
                node = children[node][piece]
                bonus[node] = max(bonus[node], per_piece)
            ends[node] = node != ROOT
        return _scored(children, np.array(bonus, np.float32), ends, columns)


def _scored(
    children: Sequence[dict[int, int]], bonus: np.ndarray, ends: Sequence[bool], columns: int
) -> ContextGraph:
    """Walk through the tree in breadth and find for each node where it falls back to, and its scores."""
    nodes = len(children)
    follow = np.zeros((nodes, columns), np.int32)
    credit, won = np.zeros(nodes, np.float32), np.zeros(nodes, np.float32)
    fallback = [ROOT] * nodes
    waiting = deque([ROOT])
    while waiting:
        node = waiting.popleft()
        if node != ROOT:
            follow[node] = follow[fallback[node]]
        for piece, child in children[node].items():
            fallback[child] = int(follow[node, piece])
            follow[node, piece] = child
            earned = credit[node] + bonus[child]
            won[child] = earned if ends[child] else won[fallback[child]]
            credit[child] = 0.0 if ends[child] else earned
            waiting.append(child)
    return ContextGraph(follow, credit, won)
