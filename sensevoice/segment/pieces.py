"""Cuts the detector's segments at their short pauses, so that each piece can be asked about alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.audio.levels import to_dbfs
from sensevoice.options import MAX_SEGMENT_S
from sensevoice.protocols import Speech
from sensevoice.transcript import Span

QUIET_MS, HOP_MS = 100, 10
"""A cut is placed where this much sound is quiet, in steps this fine."""

ABOUT_AS_QUIET_DB = 3.0
"""Places this close to the quietest are as good; of them the one in the middle is taken."""

MARGIN_MS = 150
"""How much of a long pause stays with the speech on either side: faint beginnings and ends lie there."""

MAX_PIECE_MS = int(MAX_SEGMENT_S * 1000)
LAST_RESORT_MS = 5_000
"""Where a longest piece has no pause, it is cut at the quietest place of its end."""

Samples = Callable[[Span], np.ndarray]


class PieceCutter:
    """Cut segments, as they arrive in order of time, into pieces.

    `samples` returns the sound of a span (float32 mono 16 kHz). Segments that touch were divided by the
    detector's longest segment, which may lie inside a word: they are one.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._open: Span | None = None

    @property
    def open_from_ms(self) -> int | None:
        """Start of the piece that may still grow, None when there is none."""
        return self._open.start_ms if self._open else None

    def push(self, speech: Speech) -> Iterator[Span]:
        """Take the next segment; yield the pieces whose end is now known."""
        start_ms = speech.span.start_ms
        if self._open is not None and start_ms > self._open.end_ms:
            yield from self.flush()
        if self._open is not None:
            start_ms = self._open.start_ms
        for pause in speech.pauses:
            cut_ms = self._quietest(pause)
            if start_ms < cut_ms < speech.span.end_ms:
                end_ms = max(min(cut_ms, pause.start_ms + MARGIN_MS), start_ms + 1)
                yield from self._divided(Span(start_ms, end_ms))
                start_ms = max(cut_ms, pause.end_ms - MARGIN_MS)
        self._open = Span(start_ms, max(speech.span.end_ms, start_ms + 1))

    def settle(self, settled_ms: int) -> Iterator[Span]:
        """Yield the open piece if no segment that starts at or after `settled_ms` could go on with it."""
        if self._open is not None and settled_ms > self._open.end_ms:
            yield from self.flush()

    def flush(self) -> Iterator[Span]:
        """Yield what is still open; nothing more will come."""
        if self._open is not None:
            yield from self._divided(self._open)
            self._open = None

    def _divided(self, piece: Span) -> Iterator[Span]:
        """Yield a piece, cut where it is longer than the recogniser was made for."""
        while piece.duration_ms > MAX_PIECE_MS:
            latest_ms = piece.start_ms + MAX_PIECE_MS
            cut_ms = self._quietest(Span(latest_ms - LAST_RESORT_MS, latest_ms), middle=False)
            yield Span(piece.start_ms, cut_ms)
            piece = Span(cut_ms, piece.end_ms)
        yield piece

    def _quietest(self, within: Span, middle: bool = True) -> int:
        """Return the middle of the quietest QUIET_MS in a span; of places about as quiet, the central one."""
        half_ms = QUIET_MS // 2
        earliest_ms = self._open.start_ms if self._open else within.start_ms
        around = Span(max(earliest_ms, within.start_ms - half_ms), within.end_ms + half_ms)
        levels_dbfs = _levels_dbfs(self._samples(around))
        if not len(levels_dbfs):
            return (within.start_ms + within.end_ms) // 2
        places_ms = around.start_ms + half_ms + HOP_MS * np.arange(len(levels_dbfs))
        if not middle:
            return int(places_ms[np.argmin(levels_dbfs)])
        good = places_ms[levels_dbfs <= levels_dbfs.min() + ABOUT_AS_QUIET_DB]
        return int(good[np.argmin(np.abs(good - (within.start_ms + within.end_ms) / 2))])


def _levels_dbfs(samples: np.ndarray) -> np.ndarray:
    """Return the level of every QUIET_MS, one every HOP_MS."""
    hop, count = HOP_MS * SAMPLES_PER_MS, QUIET_MS // HOP_MS
    whole = samples[: len(samples) // hop * hop].reshape(-1, hop).astype(np.float64)
    sums = np.concatenate(([0.0], np.cumsum(np.mean(np.square(whole), axis=1))))
    if len(sums) <= count:
        return np.zeros(0)
    return to_dbfs(np.maximum(sums[count:] - sums[:-count], 0.0) / count)
