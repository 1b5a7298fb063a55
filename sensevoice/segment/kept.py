"""The samples of one stream that are still wanted, found by their time."""

from __future__ import annotations

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.transcript import Span


class KeptSamples:
    """Samples (float32 mono 16 kHz) from the time `from_ms` on.

    An object of its own, as two need it: a segmenter that lent its own method to what it owns would stay,
    with two minutes of sound, until garbage is collected.
    """

    def __init__(self) -> None:
        self._parts = [np.zeros(0, dtype=np.float32)]
        self._from_ms = 0

    def append(self, samples: np.ndarray) -> None:
        self._parts.append(samples)

    def of(self, span: Span) -> np.ndarray:
        """Return the samples of a span, as far as they are kept: a view, which keeps all of them."""
        start = (span.start_ms - self._from_ms) * SAMPLES_PER_MS
        return self._joined()[start : start + span.duration_ms * SAMPLES_PER_MS]

    def drop_before(self, start_ms: int) -> None:
        """Let go of the samples before a time."""
        self._parts = [own(self._joined()[(start_ms - self._from_ms) * SAMPLES_PER_MS :])]
        self._from_ms = start_ms

    def _joined(self) -> np.ndarray:
        """Return all samples; joined when they are wanted, not at every block."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0]


def own(samples: np.ndarray) -> np.ndarray:
    """Return samples, copied if they are less than half of what they keep in memory.

    So that nothing is copied more than twice, however short the chunks are.
    """
    base = samples.base
    return samples.copy() if isinstance(base, np.ndarray) and 2 * samples.size < base.size else samples
