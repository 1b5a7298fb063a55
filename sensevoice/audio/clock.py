"""Where each frame of a track lies on the record's clock: its presentation time since the container's start.

Players and editors show that time. Samples are counted from it, so that rounding never adds up; stamps
that cannot be true leave the counting alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MAX_JITTER_MS = 100
"""A single stamp may be off by this much, as of live captures, without a hole being meant (FFmpeg's
aresample has the same bound)."""

MAX_DRIFT_MS = 12
"""What lasts for DRIFT_OVER_MS is no jitter: glued clips whose padding was cut off, or a late start."""

DRIFT_OVER_MS = 1_000

MAX_START_ERROR_MS = 1
"""The first frame is placed as its stamp says; containers round stamps to milliseconds."""

MAX_UNPROVED_MS = 600_000
"""A longer jump is an error of the stamps, unless the length that the container states agrees with it."""

MAX_OVERLAP_MS = 10_000
"""Stamps that go back farther began anew (FFmpeg's -dts_delta_threshold has the same bound)."""

SAME_START_MS = 200
"""Stamps that go back to where the first frame lies began anew, however short the first part was."""

US_PER_S = 1_000_000


class Limits(NamedTuple):
    """How far stamps are believed: the length that the container states, and the most a file can last.

    `stamped` is False for files without stamps, such as MP3 and ADTS: what FFmpeg makes up for them is
    used for going to a time alone.
    """

    stated_ms: int | None
    longest_ms: int
    stamped: bool = True


@dataclass(frozen=True)
class Placed:
    """Where a frame begins, in samples at its rate, and whether it follows the frame before."""

    start: int
    follows: bool


class StreamClock:
    """Places the frames of one track, one after the other.

    `start_us` is the container's start, None where it has none: then the first frame begins at 0.
    `at` is where the next frame is expected, None after `jump`. `breaks` counts the stamps that could
    not be true, from which on samples are counted alone.
    """

    def __init__(self, start_us: int | None, time_base: tuple[int, int], limits: Limits) -> None:
        self._start_us = start_us
        self._numerator, self._denominator = time_base
        self._limits = limits
        self._rate_hz = 0
        self._began: int | None = None  # where the stamps began, or began anew
        self._shift = 0  # added to what the stamps say, in samples
        self._drift_from: int | None = None
        self._least_drift = 0
        self._silent = 0
        self.at: int | None = 0
        self.breaks = 0

    @property
    def shift_ms(self) -> int:
        return self._shift * 1000 // self._rate_hz if self._rate_hz else 0

    def jump(self) -> None:
        """Expect the next frame anywhere."""
        self.at = self._drift_from = None

    def pts_at(self, second: float) -> int:
        """Return the stamp of a time on the record's clock."""
        us = (self._start_us or 0) + round(second * US_PER_S)
        return us * self._denominator // (self._numerator * US_PER_S)

    def place(self, pts: int | None, samples: int, rate_hz: int) -> Placed:
        """Return where a frame lies, and expect the next one behind it."""
        self._use_rate(rate_hz)
        stamped = self._stamped(pts)
        if self.at is None:
            self.at = stamped if stamped is not None else 0
            start, follows = self.at, False
        else:
            start = self.at + self._correction(stamped)
            follows = start == self.at and self._began is not None
        if self._began is None:
            self._began = start
        self.at = max(self.at, start + samples)
        return Placed(start, follows)

    def _use_rate(self, rate_hz: int) -> None:
        if self._rate_hz and rate_hz != self._rate_hz:
            self.at = None if self.at is None else round(self.at * rate_hz / self._rate_hz)
            self._shift = round(self._shift * rate_hz / self._rate_hz)
            self._silent = round(self._silent * rate_hz / self._rate_hz)
            self._began = None if self._began is None else round(self._began * rate_hz / self._rate_hz)
            self._drift_from = None
        self._rate_hz = rate_hz

    def _stamped(self, pts: int | None) -> int | None:
        """Return the place that a stamp names, to the nearest sample."""
        if pts is None:
            return None
        if self._start_us is None:
            self._start_us = pts * self._numerator * US_PER_S // self._denominator
        scale = self._denominator * US_PER_S
        ticks = (pts * self._numerator * US_PER_S - self._start_us * self._denominator) * self._rate_hz
        return (ticks + scale // 2) // scale + self._shift

    def _correction(self, stamped: int | None) -> int:
        """Return how far from where it is expected a frame begins."""
        if stamped is None or self.at is None or not self._limits.stamped:
            return 0
        off = stamped - self.at
        if abs(off) <= self._samples(MAX_START_ERROR_MS if self._began is None else MAX_DRIFT_MS):
            self._drift_from = None
            return 0
        if self._began is not None and abs(off) <= self._samples(MAX_JITTER_MS):
            off = self._lasting(off)
        if off and not self._credible(stamped, off):
            self._shift -= off
            self.breaks += 1
            self._began = self.at
            self._drift_from = None
            return 0
        self._silent += max(0, off)
        return off

    def _lasting(self, off: int) -> int:
        """Return what of a small difference has lasted for so long that it is no jitter, else 0."""
        assert self.at is not None
        if self._drift_from is None or (off < 0) != (self._least_drift < 0):
            self._drift_from, self._least_drift = self.at, off
        self._least_drift = min(self._least_drift, off, key=abs)
        if self.at - self._drift_from < self._samples(DRIFT_OVER_MS):
            return 0
        self._drift_from = None
        return self._least_drift

    def _credible(self, stamped: int, off: int) -> bool:
        if off < 0:
            back_ms, began = -off * 1000 // self._rate_hz, self._began
            anew = began is not None and stamped <= began + self._samples(SAME_START_MS)
            return back_ms <= (MAX_JITTER_MS if anew else MAX_OVERLAP_MS)
        if self._silent + off > self._samples(self._limits.longest_ms):
            return False
        stated_ms = self._limits.stated_ms
        borne_out = stated_ms is not None and stamped <= self._samples(stated_ms)
        return off <= self._samples(MAX_UNPROVED_MS) or borne_out

    def _samples(self, ms: int) -> int:
        return ms * self._rate_hz // 1000
