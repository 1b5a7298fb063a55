"""Finds sounds between the speech: audible chunks, the windows that cover them, and their trend.

A voice activity detector keeps speech and drops applause, laughter and music that stand alone.
Here every audible chunk outside speech is split into windows for the recogniser, and neighbouring windows
with the same result are merged into one sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.audio.levels import SILENCE_DBFS, to_dbfs
from sensevoice.transcript import Span, Trend

LEVEL_FRAME_MS = 50
"""Resolution of the level track: fine enough for the start of a cough, coarse enough to be stable."""

FRAMES_AT_A_TIME = 100
"""Five seconds: a minute in float64 at once would take 15 MB, for every recording under way."""

MIN_SOUND_MS = 300
"""Shorter chunks are clicks and ends of words; five frames of the model are too few to name them."""

MAX_HOLE_MS = 400
"""A shorter pause does not end a sound: laughter and coughs come in bursts."""

WINDOW_MS = 2_000
"""Length of what the recogniser is given: enough to distinguish laughter from applause."""

HOP_MS = 1_000
"""One decision a second, each from the window centred on that second."""

ABOVE_FLOOR_DB = 10.0
"""A sound is this much louder than the quietest tenth of the file …"""

ALWAYS_AUDIBLE_DBFS = -45.0
"""… or simply loud: in a file with only music the floor is the music itself."""

NEVER_AUDIBLE_DBFS = -60.0
"""Below this is the hiss of recorders and the residue of lossy codecs."""

TREND_DB = 6.0
"""Twice the amplitude: the smallest change that listeners describe as growing or fading."""


class NoiseFloor:
    """The level of the quietest tenth of all frames so far, in constant memory."""

    QUANTILE = 0.1

    def __init__(self) -> None:
        self._counts = np.zeros(int(-SILENCE_DBFS) + 1, dtype=np.int64)

    def feed(self, levels_dbfs: np.ndarray) -> None:
        """Take the levels of the next frames."""
        bins = np.clip(levels_dbfs - SILENCE_DBFS, 0, len(self._counts) - 1).astype(np.int64)
        self._counts += np.bincount(bins, minlength=len(self._counts))

    @property
    def threshold_dbfs(self) -> float:
        """The level in dBFS above which a frame is audible; the constants give the reasons."""
        reached = np.cumsum(self._counts) >= self.QUANTILE * max(1, self._counts.sum())
        floor_dbfs = float(np.argmax(reached)) + SILENCE_DBFS
        return float(np.clip(floor_dbfs + ABOVE_FLOOR_DB, NEVER_AUDIBLE_DBFS, ALWAYS_AUDIBLE_DBFS))


def frame_levels_dbfs(samples: np.ndarray) -> np.ndarray:
    """Return the RMS level of every whole LEVEL_FRAME_MS of mono 16 kHz samples, in dBFS."""
    frame = LEVEL_FRAME_MS * SAMPLES_PER_MS
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    powers = np.empty(len(frames))
    for first in range(0, len(frames), FRAMES_AT_A_TIME):
        part = frames[first : first + FRAMES_AT_A_TIME].astype(np.float64)
        powers[first : first + FRAMES_AT_A_TIME] = np.mean(np.square(part), axis=1)
    return to_dbfs(powers)


def audible_spans(levels_dbfs: np.ndarray, threshold_dbfs: float) -> list[Span]:
    """Return the spans above the threshold, in ms from the first frame, without short pauses."""
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
    """`input` is the span that the recogniser is given, `core` the part of it that the result applies to."""

    core: Span
    input: Span


def windows(chunk: Span) -> list[Window]:
    """Cover a chunk with cores of HOP_MS, each in a window of WINDOW_MS inside the chunk."""
    count = max(1, round(chunk.duration_ms / HOP_MS))
    starts_ms = [chunk.start_ms + index * HOP_MS for index in range(count)]
    ends_ms = [*starts_ms[1:], chunk.end_ms]
    return [
        Window(Span(start_ms, end_ms), _window_around(start_ms, chunk))
        for start_ms, end_ms in zip(starts_ms, ends_ms, strict=True)
    ]


def _window_around(core_start_ms: int, chunk: Span) -> Span:
    """Return the window centred on its core, moved so that it is inside the chunk."""
    start_ms = core_start_ms - (WINDOW_MS - HOP_MS) // 2
    start_ms = max(chunk.start_ms, min(start_ms, chunk.end_ms - WINDOW_MS))
    return Span(start_ms, min(start_ms + WINDOW_MS, chunk.end_ms))


def trend(powers: Sequence[float]) -> Trend | None:
    """Return whether a sound became louder or softer, from its mean power in equal steps of time.

    Compares the first third with the last; None for fewer than three steps or a change below TREND_DB.
    """
    third = len(powers) // 3
    if not third:
        return None
    first_dbfs, last_dbfs = (float(to_dbfs(np.mean(part))) for part in (powers[:third], powers[-third:]))
    change_db = last_dbfs - first_dbfs
    if abs(change_db) < TREND_DB:
        return None
    return "rising" if change_db > 0 else "falling"
