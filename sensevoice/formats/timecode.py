"""Times as editors write them: frames at a rate, counted from a start timecode (SMPTE ST 12-1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from sensevoice.errors import OptionError

FALLBACK_RATE = Fraction(25)
"""PAL and most Chinese video, for files without a picture."""

_NTSC = {"23.976": Fraction(24000, 1001), "23.98": Fraction(24000, 1001), "29.97": Fraction(30000, 1001)}
_NTSC |= {"47.95": Fraction(48000, 1001), "59.94": Fraction(60000, 1001), "119.88": Fraction(120000, 1001)}

COMMON_RATES = "23.976, 24, 25, 29.97, 30, 50, 59.94, 60"

MAX_RATE = 1000

_CODE = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)([:;.])(\d\d)")

_DAY_H = 24
"""Timecode starts again after a day."""


def frame_rate(text: str) -> Fraction:
    """Return a rate such as "25", "29.97" or "30000/1001". Raises OptionError."""
    try:
        rate = _NTSC.get(text) or Fraction(text)
    except (ValueError, ZeroDivisionError) as exc:
        raise OptionError(option="fps", value=text, allowed=COMMON_RATES) from exc
    if not 1 <= rate <= MAX_RATE:
        raise OptionError(option="fps", value=text, allowed=f"1 … {MAX_RATE}")
    return rate


@dataclass(frozen=True)
class FrameClock:
    """Frames at `rate` a second; frame 0 of the file has the number `first` since 00:00:00:00.

    With `drop`, two or four numbers are left out at each minute but every tenth, so that the timecode
    stays with the time of the clock on the wall.
    """

    rate: Fraction
    drop: bool = False
    first: int = 0

    @classmethod
    def of(cls, rate: Fraction, timecode: str) -> FrameClock:
        """Return the clock of a file that begins at `timecode`, empty for 0. Raises OptionError."""
        droppable = rate.denominator == 1001 and cls(rate).nominal % 30 == 0
        if not timecode:
            return cls(rate, droppable)
        result = _CODE.fullmatch(timecode)
        if not result or int(result[5]) >= cls(rate).nominal:
            raise OptionError(option="start_timecode", value=timecode, allowed=f"HH:MM:SS:FF, {rate} fps")
        clock = cls(rate, droppable and result[4] != ":")
        return cls(rate, clock.drop, clock.number(timecode))

    @property
    def nominal(self) -> int:
        """The whole number of frames that the timecode counts in a second."""
        return -(-self.rate.numerator // self.rate.denominator)

    @property
    def _dropped(self) -> int:
        """The numbers left out at a minute: 2 for each 30 frames a second."""
        return self.nominal // 15 if self.drop else 0

    def frame(self, time_ms: int) -> int:
        """Return the frame of the file that is shown at a time."""
        return int(time_ms * self.rate / 1000)

    def end_frame(self, time_ms: int) -> int:
        """Return the first frame of the file that begins at a time or after it."""
        return -int(-time_ms * self.rate // 1000)

    def timecode(self, frame: int) -> str:
        """Return the timecode of a frame of the file."""
        return self.code(self.first + frame)

    def code(self, number: int) -> str:
        """Return a number of frames since 00:00:00:00 as HH:MM:SS:FF, with ; before dropped frames."""
        if self.drop:
            ten_minutes = 600 * self.nominal - 9 * self._dropped
            minute = 60 * self.nominal - self._dropped
            tens, rest = divmod(number, ten_minutes)
            minutes = max(0, rest - self._dropped) // minute
            number += self._dropped * (9 * tens + minutes)
        seconds, frames = divmod(number, self.nominal)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        mark = ";" if self.drop else ":"
        return f"{hours % _DAY_H:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}"

    def number(self, timecode: str) -> int:
        """Return how many frames lie between 00:00:00:00 and a timecode. Raises OptionError."""
        result = _CODE.fullmatch(timecode)
        if not result:
            raise OptionError(option="start_timecode", value=timecode, allowed="HH:MM:SS:FF")
        hours, minutes, seconds, frames = (int(result[place]) for place in (1, 2, 3, 5))
        minutes += 60 * hours
        return (60 * minutes + seconds) * self.nominal + frames - self._dropped * (minutes - minutes // 10)
