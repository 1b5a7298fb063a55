"""Decoding with terms against what trying all paths gives, and without terms against greedy decoding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from sensevoice.vocabulary.context_graph import ROOT, ContextGraph
from sensevoice.vocabulary.ctc_beam import BEAM, best_path, nearness

BLANK = 0
EMPTY: tuple[list[list[int]], list[float]] = ([], [])


def matrix(rng: np.random.Generator, frames: int, columns: int, sharpness: float = 3.0) -> np.ndarray:
    """Return log probabilities relative to the best piece of each frame."""
    logits = (sharpness * rng.standard_normal((frames, columns))).astype(np.float32)
    return np.asarray(logits - logits.max(axis=1, keepdims=True))


def decoded(values: np.ndarray, graph: ContextGraph, beam: int = BEAM) -> np.ndarray:
    greedy = values.argmax(axis=1).astype(np.int32)
    return np.asarray(best_path(values, graph.follow, graph.credit, graph.won, BLANK, greedy, beam))


def collapsed(path: Sequence[int]) -> list[int]:
    return [piece for piece, _ in itertools.groupby(path) if piece != BLANK]


def score_of(values: np.ndarray, path: Sequence[int], graph: ContextGraph) -> float:
    node, score = ROOT, float(sum(values[frame, column] for frame, column in enumerate(path)))
    for piece in collapsed(path):
        after = int(graph.follow[node, piece])
        score += float(graph.credit[after] - graph.credit[node] + graph.won[after])
        node = after
    return score - float(graph.credit[node])


@pytest.mark.parametrize("seed", range(20))
def test_without_terms_the_path_is_the_greedy_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = matrix(rng, int(rng.integers(0, 60)), int(rng.integers(1, 40)), float(rng.uniform(0.1, 8)))
    path = decoded(values, ContextGraph.of(*EMPTY, values.shape[1]))
    assert path.tolist() == values.argmax(axis=1).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_terms_that_are_far_away_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    values = matrix(rng, 40, 20)
    values[:, 17:] = -19.0
    graph = ContextGraph.of([[17, 18], [19]], [2.0, 2.0], 20)
    assert decoded(values, graph).tolist() == values.argmax(axis=1).tolist()


@pytest.mark.parametrize("seed", range(30))
def test_the_path_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = matrix(rng, 6, 4, 2.0)
    rows = [[1, 2], [2, 3, 2], [3, 3]][: int(rng.integers(1, 4))]
    graph = ContextGraph.of(rows, rng.uniform(0.5, 4, len(rows)).tolist(), 4)
    best = max(itertools.product(range(4), repeat=6), key=lambda path: score_of(values, path, graph))
    found = decoded(values, graph)
    assert score_of(values, found.tolist(), graph) == pytest.approx(score_of(values, best, graph), abs=1e-4)


def test_a_beam_of_one_still_ends_in_a_path() -> None:
    values = matrix(np.random.default_rng(7), 30, 5)
    assert decoded(values, ContextGraph.of([[1, 2]], [9.0], 5), beam=1).shape == (30,)


@pytest.mark.parametrize("seed", range(20))
def test_the_spotter_finds_the_best_place_of_a_term(seed: int) -> None:
    """What it says is what the best path with the term in it loses."""
    rng = np.random.default_rng(seed)
    values = matrix(rng, 6, 4, 2.0)
    row = [[1, 2], [2, 2], [3], [1, 2, 3]][seed % 4]
    near = nearness(values, np.array([row], np.int32), np.array([len(row)], np.int64), BLANK)[0]
    losses = []
    for first in range(6):
        for end in range(first + len(row), 7):
            for path in itertools.product({BLANK, *row}, repeat=end - first):
                if collapsed(path) == row and path[0] != BLANK and path[-1] != BLANK:
                    losses.append(sum(values[first + at, column] for at, column in enumerate(path)))
    assert near == pytest.approx(max(losses), abs=1e-4)


def test_a_term_that_has_no_room_is_not_found() -> None:
    values = matrix(np.random.default_rng(1), 2, 4)
    rows = np.array([[1, 2, 3]], np.int32)
    assert nearness(values, rows, np.array([3], np.int64), BLANK)[0] < -1e20
