"""How many people speak in a recording, and which window is whose.

Average-linkage clustering of cosine distances, as the field does it. How many there are is found without a
threshold in the encoder's own units, which would hold for that encoder alone:

- One person or several? The distances between all windows of one person form one hump, those of several
  people two (the same person, different people). Otsu's share of the variance that lies between the two
  halves of a best cut is 2/pi = 0.64 for one normal hump, whatever its width; see MANY.
- How many? The division with the greatest mean silhouette (Rousseeuw 1987).

Windows across a change of speaker belong to nobody and would form clusters of their own; they are found
first, left out of the count, and given to the nearest person at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import cut_tree, fcluster, linkage
from scipy.spatial.distance import squareform

from sensevoice.speakers.voices import VoicePrints, unit_rows

MANY, MANY_OF_FEW = 0.66, 1.0
"""Otsu's share from which on there are several people, and what is added to it, divided by the number of
windows: few distances look like two humps by chance. Of 182 dialogues of real voices, of 35 to 350 windows,
those with one person had at most 0.661, those with two to four at least 0.688; of cuts of 12 windows 97 of
100 with one person had at most 0.77, and 90 of 100 with several at least 0.70."""

CLEARLY_MANY = 0.55
"""A silhouette of two this high says so too: where one of two people hardly speaks, there is no second hump.
One person's recordings had at most 0.53."""

MOST_PEOPLE = 12
"""Most people that are found without being asked for; beyond that silhouettes differ by chance."""

FEWEST_WINDOWS = 6
"""Fewer say nothing of how many people there are: one, unless told otherwise."""

CHANGE_RATIO = 1.5
"""Windows on both sides of a change are this many times as far apart as windows of one piece usually are."""

MIN_CLUSTER = 2
"""Windows that a person has at least, when nobody said how many people there are: two are 2.25 s."""

AT_ONCE = 4_000
"""Windows that are clustered; of more, so many in even steps, and the others go to the nearest person.
4,000 take three seconds and 0.4 GB."""


def people(prints: VoicePrints, count: int | None = None) -> np.ndarray:
    """Return whose each window is, counted from 0 in the order in which people first speak.

    `count` is how many there are (fewer only where there are fewer windows), None to find out. The same
    prints always give the same answer.
    """
    if len(prints) < 2 or count == 1:
        return np.zeros(len(prints), np.int64)
    rows = unit_rows(prints.embeddings)
    across = mixed(prints)
    clean = np.flatnonzero(~across)
    if len(clean) < max(count or 0, len(prints) // 3):
        clean = np.arange(len(prints))
    clean = clean[np.linspace(0, len(clean) - 1, min(len(clean), AT_ONCE)).astype(int)]
    result = _clusters(rows[clean], _apart(prints.spans[clean]), count)
    alike = rows @ _means(rows[clean], result).T
    labels = np.argmax(alike, axis=1)
    labels[clean[result >= 0]] = result[result >= 0]
    settled = _without_moments(_beside(labels, alike, across, prints.pieces), prints.pieces)
    everybody_is_left = len(set(settled.tolist())) == len(set(labels.tolist()))
    return in_order(settled if count is None or everybody_is_left else labels)


def in_order(labels: np.ndarray) -> np.ndarray:
    """Return labels counted from 0 in the order of their first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse])


def mixed(prints: VoicePrints) -> np.ndarray:
    """Return which windows seem to lie across a change of speaker."""
    rows, pieces = unit_rows(prints.embeddings), prints.pieces
    result = np.zeros(len(rows), bool)
    usual = _usual_distance(rows, pieces)
    if usual is None:
        return result
    scores = np.pad(_change_scores(rows, pieces), 1)  # of the places between windows
    here = scores[1:-1]
    peaks = (here > CHANGE_RATIO * usual) & (here >= scores[:-2]) & (here >= scores[2:])
    result[:-1] |= peaks
    result[1:] |= peaks
    return result


def _usual_distance(rows: np.ndarray, pieces: np.ndarray) -> float | None:
    """Return the median distance of windows of one piece that follow each other without overlap."""
    same = pieces[:-2] == pieces[2:]
    if same.sum() < 4:
        return None
    return float(np.median(1 - np.einsum("ij,ij->i", rows[:-2][same], rows[2:][same])))


def _change_scores(rows: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Return how far apart the windows around each place between two windows are, 0 between pieces."""
    places = np.arange(len(rows) - 1)
    before = np.maximum(places - 1, 0)
    after = np.minimum(places + 2, len(rows) - 1)
    before = np.where(pieces[before] == pieces[places], before, places)
    after = np.where(pieces[after] == pieces[places + 1], after, places + 1)
    apart = 1 - np.einsum("ij,ij->i", rows[before], rows[after])
    return np.where(pieces[:-1] == pieces[1:], apart, 0.0)


def _apart(spans: np.ndarray) -> np.ndarray:
    """Return which windows share no sound: only those are compared, as what is shared is alike anyway."""
    starts, ends = spans[:, 0], spans[:, 1]
    return (starts[:, None] >= ends[None, :]) | (starts[None, :] >= ends[:, None])


def _clusters(rows: np.ndarray, apart: np.ndarray, count: int | None) -> np.ndarray:
    """Return the cluster of each window; -1 for those in clusters too small to be somebody."""
    distances = np.maximum(0.0, 1.0 - rows @ rows.T)
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), "average")
    if count is not None:
        return _exactly(tree, min(count, len(rows)))
    if len(rows) < FEWEST_WINDOWS:
        return np.zeros(len(rows), np.int64)
    most = min(MOST_PEOPLE, len(rows) // 2)
    divisions = [fcluster(tree, number, "maxclust") for number in range(2, most + 1)]
    silhouettes = _silhouettes(distances, apart, divisions)
    many = otsu_share(distances[np.triu(apart, 1)]) >= MANY + MANY_OF_FEW / len(rows)
    if many or silhouettes[0] >= CLEARLY_MANY:
        return _without_small(divisions[int(np.argmax(silhouettes))])
    return np.zeros(len(rows), np.int64)


def otsu_share(values: np.ndarray) -> float:
    """Return the largest share of the variance that lies between two halves of the values (Otsu 1979)."""
    ordered = np.sort(values.astype(np.float64))
    variance = float(ordered.var()) if ordered.size > 1 else 0.0
    if variance <= 0.0:
        return 0.0
    below = np.arange(1, ordered.size)
    above = ordered.size - below
    sums = np.cumsum(ordered)
    gap = (sums[-1] - sums[:-1]) / above - sums[:-1] / below
    return float((below * above * gap**2).max() / ordered.size**2 / variance)


def _silhouettes(distances: np.ndarray, apart: np.ndarray, divisions: Sequence[np.ndarray]) -> list[float]:
    """Return the mean silhouette of each division, of windows that share no sound."""
    known = apart.astype(np.float32)
    seen = distances * known
    return [_silhouette(seen, known, division) for division in divisions]


def _silhouette(seen: np.ndarray, known: np.ndarray, labels: np.ndarray) -> float:
    names, own = np.unique(labels, return_inverse=True)
    members = (own[:, None] == np.arange(len(names))).astype(np.float32)
    counts = known @ members
    means = np.full(counts.shape, np.inf)  # nothing to compare with: as far away as can be
    np.divide(seen @ members, counts, out=means, where=counts > 0)
    each = np.arange(len(labels))
    inside = means[each, own]
    means[each, own] = np.inf
    outside = means.min(axis=1)
    judged = np.isfinite(inside) & np.isfinite(outside) & (np.maximum(inside, outside) > 0)
    values = (outside - inside)[judged] / np.maximum(inside, outside)[judged]
    return float(values.sum() / len(labels))


def _exactly(tree: Any, count: int) -> np.ndarray:
    """Return the first division with so many clusters that are somebody; else one with so many clusters."""
    for number in range(count, min(4 * count, len(tree) + 1) + 1):
        labels = fcluster(tree, number, "maxclust")
        if (np.bincount(labels) >= MIN_CLUSTER).sum() == count:
            return _without_small(labels)
    # Windows that are all alike are clusters of equal height, which fcluster does not part.
    return np.asarray(cut_tree(tree, count)[:, 0])


def _without_small(labels: np.ndarray) -> np.ndarray:
    """Return labels counted from 0, -1 for those of clusters too small to be somebody."""
    sizes = np.bincount(labels)
    numbers = np.cumsum(sizes >= MIN_CLUSTER) - 1
    return np.where(sizes[labels] >= MIN_CLUSTER, numbers[labels], -1)


def _means(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean of each cluster, of length 1."""
    return unit_rows(np.stack([rows[labels == name].mean(axis=0) for name in range(labels.max() + 1)]))


def _beside(labels: np.ndarray, alike: np.ndarray, across: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Return the labels with windows across a change given to one of the two who speak around it."""
    result = labels.copy()
    for window in np.flatnonzero(across):
        around = [_clean_neighbour(int(window), step, across, pieces) for step in (-1, 1)]
        sides = [int(labels[place]) for place in around if place is not None]
        if sides:
            result[window] = max(sides, key=lambda name: alike[window, name])
    return result


def _without_moments(labels: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Return the labels without anybody who has a single window between two others' in one piece.

    Who falls into another's words without a pause speaks for longer, or no window is theirs.
    """
    result = labels.copy()
    for place in range(1, len(labels) - 1):
        around = slice(place - 1, place + 2)
        if len(set(pieces[around])) == 1 and labels[place] not in (result[place - 1], labels[place + 1]):
            result[place] = result[place - 1]
    return result


def _clean_neighbour(window: int, step: int, across: np.ndarray, pieces: np.ndarray) -> int | None:
    """Return the next window of the piece in a direction that lies across no change."""
    place = window + step
    while 0 <= place < len(pieces) and pieces[place] == pieces[window]:
        if not across[place]:
            return place
        place += step
    return None
