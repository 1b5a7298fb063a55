"""24 kHz, at which programs send speech, to 16 kHz, as it comes."""

from __future__ import annotations

import numpy as np

HALF_TAPS = 36
"""On either side: 24 zero crossings, after which what would be heard as another tone is 70 dB softer."""

CUTOFF = 0.95 * 16 / 24
"""Of half the rate that comes: a low-pass needs room to fall off."""


class Downsampler:
    """A stream of float32 mono samples; a result is at the same time as what it was made of.

    There are two results to three samples: one at a sample, one in the middle between the next two.
    """

    def __init__(self) -> None:
        self._kept = np.zeros(HALF_TAPS, dtype=np.float32)  # silence before the first sample

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Return what can be told now; the last millisecond and a half waits for what follows."""
        sound = np.concatenate((self._kept, samples.astype(np.float32, copy=False)))
        threes = (len(sound) - 2 * HALF_TAPS - 2) // 3
        if threes <= 0:
            self._kept = sound
            return np.zeros(0, dtype=np.float32)
        views = np.lib.stride_tricks.sliding_window_view(sound, 2 * HALF_TAPS + 2)
        both = views[: 3 * threes : 3] @ AT_A_SAMPLE, views[1 : 3 * threes + 1 : 3] @ BETWEEN_TWO
        self._kept = sound[3 * threes :].copy()
        return np.stack(both, axis=1).reshape(-1).astype(np.float32, copy=False)


def _filter(offset: float) -> np.ndarray:
    """Return a windowed sinc (Blackman) around the sample HALF_TAPS, moved by a part of a sample."""
    place = np.arange(2 * HALF_TAPS + 2) - HALF_TAPS - offset
    turn = np.clip(np.pi * place / (HALF_TAPS + 1), -np.pi, np.pi)
    taps = np.sinc(CUTOFF * place) * (0.42 + 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn))
    return np.asarray(taps / taps.sum(), dtype=np.float32)


AT_A_SAMPLE, BETWEEN_TWO = _filter(0.0), _filter(0.5)
