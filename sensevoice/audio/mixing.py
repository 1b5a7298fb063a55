"""Many channels as one, so that nothing that is loud in any of them gets lost."""

from __future__ import annotations

import numpy as np

from sensevoice.audio.info import Samples

CANCELLING = -0.9
"""Correlation of two channels from which on one is taken for the other turned over, as by a wrong cable:
their mean would be silence."""


def mixed(block: Samples) -> Samples:
    """Return the mean of the channels of a (channels, n) block, as (1, n).

    Of two that cancel each other, the second is turned over. Of more than two, those without any sound
    in the block do not count: a track for six microphones of which one is in use is not to be quiet.
    """
    if len(block) == 1:
        return block
    if len(block) == 2:
        return ((block[:1] - block[1:]) if cancels(block) else (block[:1] + block[1:])) / np.float32(2)
    heard = block[block.any(axis=1)]
    mean: Samples = (heard if len(heard) else block).mean(axis=0, keepdims=True, dtype=np.float32)
    return mean


def cancels(block: Samples) -> bool:
    """Return whether the two channels of a block are each other turned over."""
    left, right = block
    both, powers = float(np.dot(left, right)), float(np.dot(left, left)) * float(np.dot(right, right))
    return bool(both < CANCELLING * powers**0.5)
