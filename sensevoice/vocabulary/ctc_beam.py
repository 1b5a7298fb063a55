"""Terms in the output of a CTC network: whether they are near at all, and the best path with them.

Both work on the frames' log probabilities relative to the frame's best piece: 0 for that, below 0 for every
other one. Differences are the same as with the log-softmax, which so needs not be computed, and the greedy
path has 0.

`nearness` is the word spotter that decides whether there is anything to do: A. Andrusenko et al., "Fast
Context-Biasing for CTC and Transducer ASR models with CTC-based Word Spotter", 2024. `best_path` is a prefix
beam search (A. Hannun et al., "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
Recurrent DNNs", 2014) over the states of a ContextGraph. Of paths that come to one state the better is kept,
where the original adds them up, as flashlight's decoder does without `logAdd`: so without a graph the best
path is the greedy one, and each piece has its frames. Compiled by numba for one thread, outside of Python's
lock: clips are decoded side by side.
"""

from __future__ import annotations

import numba
import numpy as np

BEAM = 32
"""States of a graph that are kept from frame to frame; those of one term are few."""

FLOOR = -20.0
"""A piece this many nats below the best of its frame is never taken: no bonus is worth as much."""

NEVER = np.float32(-1e30)
"""The score of a path that does not exist."""


@numba.njit(cache=True, nogil=True)
def nearness(values, rows, lengths, blank):  # type: ignore[no-untyped-def]
    """Return for each row of pieces the score of the best place to put it, at most 0 (float32).

    values: (frames, columns) float32. rows: (rows, longest) int32 columns; lengths: pieces of each. blank:
    its column. A place is paid for by what its frames lose against the best pieces.
    """
    frames = len(values)
    found = np.full(len(rows), NEVER, np.float32)
    for row in range(len(rows)):
        length = lengths[row]
        spoken = np.full(length, NEVER, np.float32)  # the path ends with this piece
        silent = np.full(length, NEVER, np.float32)  # with a blank behind it
        for frame in range(frames):
            quiet = values[frame, blank]
            for place in range(length - 1, -1, -1):
                piece = rows[row, place]
                before = np.float32(0.0)
                if place > 0:
                    before = silent[place - 1]
                    if rows[row, place - 1] != piece:
                        before = max(before, spoken[place - 1])
                last = spoken[place]
                spoken[place] = max(before, last) + values[frame, piece]
                silent[place] = max(last, silent[place]) + quiet
            found[row] = max(found[row], spoken[length - 1])
    return found


@numba.njit(cache=True, nogil=True)
def best_path(values, follow, credit, won, blank, greedy, beam):  # type: ignore[no-untyped-def]
    """Return the column of each frame on the best path through the frames and a ContextGraph (int32).

    values, blank: as above. follow, credit, won: see ContextGraph. greedy: (frames,) int32, the best columns.
    """
    frames, columns = values.shape
    reached = np.full(len(credit) * columns, NEVER, np.float32)  # by state: node, and the last frame's column
    origin = np.zeros(len(reached), np.int32)
    touched = np.zeros(len(reached), np.int64)
    states = np.zeros((frames + 1, beam), np.int64)
    parents = np.zeros((frames + 1, beam), np.int32)
    scores = np.zeros(beam, np.float32)
    states[0, 0] = blank
    count = 1
    for frame in range(frames):
        new = 0
        for kept in range(count):
            node, last = states[frame, kept] // columns, states[frame, kept] % columns
            for turn in range(columns + 1):  # the greedy piece first: of equal paths it wins
                column = greedy[frame] if turn == 0 else turn - 1
                value = values[frame, column]
                if value < FLOOR or (turn > 0 and column == greedy[frame]):
                    continue
                after = node
                if column != blank and column != last:
                    after = follow[node, column]
                    value += credit[after] - credit[node] + won[after]
                state = after * columns + column
                if reached[state] == NEVER:
                    touched[new] = state
                    new += 1
                if scores[kept] + value > reached[state]:
                    reached[state] = scores[kept] + value
                    origin[state] = kept
        count = _keep(touched[:new], reached, origin, states[frame + 1], parents[frame + 1], scores)
    return _traced(states, parents, scores, count, credit, columns)


@numba.njit(cache=True, nogil=True)
def _keep(touched, reached, origin, states, parents, scores):  # type: ignore[no-untyped-def]
    """Keep the best of the states that were reached, and forget all of them; return how many are kept."""
    order = np.argsort(-reached[touched], kind="mergesort")
    count = min(len(states), len(touched))
    for kept in range(count):
        state = touched[order[kept]]
        states[kept] = state
        parents[kept] = origin[state]
        scores[kept] = reached[state]
    for state in touched:
        reached[state] = NEVER
    return count


@numba.njit(cache=True, nogil=True)
def _traced(states, parents, scores, count, credit, columns):  # type: ignore[no-untyped-def]
    """Return the columns of the best path; what was earned for a term that did not end is taken back."""
    best, score = 0, np.float32(NEVER)
    for kept in range(count):
        final = scores[kept] - credit[states[-1, kept] // columns]
        if final > score:
            best, score = kept, final
    path = np.zeros(len(states) - 1, np.int32)
    for frame in range(len(states) - 1, 0, -1):
        path[frame - 1] = states[frame, best] % columns
        best = parents[frame, best]
    return path
