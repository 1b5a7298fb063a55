"""The graph of terms: what the pieces of a text earn on their way through it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sensevoice.vocabulary.context_graph import ROOT, ContextGraph


def earned(graph: ContextGraph, pieces: Sequence[int]) -> float:
    """Return what pieces earn in the end: what was earned on the way to a term that did not come is lost."""
    node, score = ROOT, 0.0
    for piece in pieces:
        after = int(graph.follow[node, piece])
        score += graph.credit[after] - graph.credit[node] + graph.won[after]
        node = after
    return float(score - graph.credit[node])


@pytest.mark.parametrize(
    ("pieces", "score"),
    [
        ([], 0),
        ([0, 1, 2], 6),
        ([0, 1], 0),
        ([0, 1, 3], 4),
        ([4, 0, 1, 2, 4], 6),
        ([0, 0, 1, 2], 6),
        ([0, 1, 2, 0, 1, 2], 12),
        ([0, 1, 1, 3], 4),
        ([5, 6], 4),
        ([5, 6, 7], 6),
        ([5, 6, 4], 4),
        ([8], 5),
        ([0, 1, 3, 8], 9),
    ],
)
def test_terms_earn_their_pieces_and_nothing_else_does(pieces: list[int], score: float) -> None:
    rows = [[0, 1, 2], [1, 3], [5, 6], [5, 6, 7], [8]]
    graph = ContextGraph.of(rows, [2.0, 2.0, 2.0, 2.0, 5.0], 9)
    assert earned(graph, pieces) == pytest.approx(score)


def test_a_graph_without_terms_is_its_root() -> None:
    graph = ContextGraph.of([], [], 3)
    assert graph.follow.shape == (1, 3)
    assert earned(graph, [0, 1, 2]) == 0
