"""Finding what sounds between the speech: audible chunks, the windows that cover them, their trend.

A voice activity detector keeps speech and drops applause, laughter and music that stand alone.
Here every chunk outside speech that is not silent is cut into windows for the recogniser, and
neighbouring windows in which the same was heard become one sound again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.audio.levels import SILENCE_DBFS, to_dbfs
from sensevoice.transcript import Span, Trend

LEVEL_FRAME_MS = 50
"""Resolution of the level track: fine enough for the start of a cough, coarse enough to be steady."""

MIN_SOUND_MS = 300
"""Shorter chunks are clicks and the tails of words; five frames of the model cannot name them."""

MAX_HOLE_MS = 400
"""A dip shorter than this does not end a sound: laughter and coughs come in bursts."""

WINDOW_MS = 2_000
"""What the recogniser hears at a time: enough to tell laughter from applause."""

HOP_MS = 1_000
"""One decision a second, each from the window centred on that second."""

ABOVE_FLOOR_DB = 10.0
"""A sound is this much louder than the quietest tenth of the file …"""

ALWAYS_AUDIBLE_DBFS = -45.0
"""… or simply loud: in a file of music alone the floor is the music itself."""

NEVER_AUDIBLE_DBFS = -60.0
"""Below this lies the hiss of recorders and the residue of lossy codecs."""

TREND_DB = 6.0
"""Twice the amplitude: the smallest change of loudness that listeners call growing or fading."""


class NoiseFloor:
    """The level of the quietest tenth of everything heard so far, in constant memory."""

    QUANTILE = 0.1

    def __init__(self) -> None:
        self._counts = np.zeros(int(-SILENCE_DBFS) + 1, dtype=np.int64)

    def feed(self, levels_dbfs: np.ndarray) -> None:
        bins = np.clip(levels_dbfs - SILENCE_DBFS, 0, len(self._counts) - 1).astype(np.int64)
        self._counts += np.bincount(bins, minlength=len(self._counts))

    @property
    def threshold_dbfs(self) -> float:
        """Level above which a frame is audible; see the constants for the reasons."""
        reached = np.cumsum(self._counts) >= self.QUANTILE * max(1, self._counts.sum())
        floor_dbfs = float(np.argmax(reached)) + SILENCE_DBFS
        return float(np.clip(floor_dbfs + ABOVE_FLOOR_DB, NEVER_AUDIBLE_DBFS, ALWAYS_AUDIBLE_DBFS))


def frame_levels_dbfs(samples: np.ndarray) -> np.ndarray:
    """Return the RMS level of every whole LEVEL_FRAME_MS of mono 16 kHz samples, in dBFS."""
    frame = LEVEL_FRAME_MS * SAMPLES_PER_MS
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    return to_dbfs(np.mean(np.square(whole), axis=1))


def audible_spans(levels_dbfs: np.ndarray, threshold_dbfs: float) -> list[Span]:
    """Return the chunks above the threshold, in ms from the first frame, holes closed."""
    padded = np.concatenate(([False], levels_dbfs > threshold_dbfs, [False]))
    edges_ms = np.flatnonzero(padded[1:] != padded[:-1]) * LEVEL_FRAME_MS
    spans: list[Span] = []
    for start_ms, end_ms in edges_ms.reshape(-1, 2).tolist():
        if spans and start_ms - spans[-1].end_ms <= MAX_HOLE_MS:
            spans[-1] = Span(spans[-1].start_ms, end_ms)
        else:
            spans.append(Span(start_ms, end_ms))
    return [span for span in spans if span.duration_ms >= MIN_SOUND_MS]


@dataclass(frozen=True)
class Window:
    """`heard` is what the recogniser is given, `cell` the part of it that its answer stands for."""

    cell: Span
    heard: Span


def windows(chunk: Span) -> list[Window]:
    """Cover a chunk with cells of HOP_MS, each heard in a window of WINDOW_MS inside the chunk."""
    cells = max(1, round(chunk.duration_ms / HOP_MS))
    starts_ms = [chunk.start_ms + index * HOP_MS for index in range(cells)]
    ends_ms = [*starts_ms[1:], chunk.end_ms]
    return [
        Window(Span(start_ms, end_ms), _window_around(start_ms, chunk))
        for start_ms, end_ms in zip(starts_ms, ends_ms, strict=True)
    ]


def _window_around(cell_start_ms: int, chunk: Span) -> Span:
    """Centre the window on its cell, then move it so that it stays inside the chunk."""
    start_ms = cell_start_ms - (WINDOW_MS - HOP_MS) // 2
    start_ms = max(chunk.start_ms, min(start_ms, chunk.end_ms - WINDOW_MS))
    return Span(start_ms, min(start_ms + WINDOW_MS, chunk.end_ms))


def trend(powers: Sequence[float]) -> Trend | None:
    """Say whether a sound grew louder or softer, from its mean power over equal steps of time.

    Compares the first third with the last; None for fewer than three steps or less than TREND_DB.
    """
    third = len(powers) // 3
    if not third:
        return None
    first_dbfs, last_dbfs = (float(to_dbfs(np.mean(part))) for part in (powers[:third], powers[-third:]))
    change_db = last_dbfs - first_dbfs
    if abs(change_db) < TREND_DB:
        return None
    return "rising" if change_db > 0 else "falling"
