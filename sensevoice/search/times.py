"""Days and lengths of time as they are typed in a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sensevoice.errors import BadQuery

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})[日号]?)?月?)?年?")
_TIME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[t ](\d{1,2}):(\d{2})(?::(\d{2}))?")
_AGO = re.compile(r"(\d{1,4})\s*(d|天|h|小时|w|周)")
_UNITS = {"d": 24, "天": 24, "h": 1, "小时": 1, "w": 168, "周": 168}
_WORDS = {"today": 0, "今天": 0, "yesterday": 1, "昨天": 1}

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)")
_LENGTH = re.compile(
    r"(?:(\d+(?:\.\d+)?)(?:h|小时))?(?:(\d+(?:\.\d+)?)(?:m|min|分钟?))?(?:(\d+(?:\.\d+)?)(?:s|秒)?)?"
)
MAX_LENGTH_S = 7 * 24 * 3600


@dataclass(frozen=True)
class Days:
    """From `start` on and before `end`, in local time; None is without a border."""

    start: datetime | None
    end: datetime | None


def days(value: str, now: datetime) -> Days:
    """Return the day, month, year or moment that a folded text names. Raises BadQuery."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if value in _WORDS:
        start = midnight - timedelta(days=_WORDS[value])
        return Days(start, start + timedelta(days=1))
    if match := _AGO.fullmatch(value):
        return Days(now - timedelta(hours=int(match[1]) * _UNITS[match[2]]), now)
    try:
        return _moment(value) or _calendar(value)
    except (ValueError, OverflowError):
        raise BadQuery(
            reason=(
                f"“{value}”不是日期。请写成 2026-11-26、2026-11、2026、今天、昨天，或 7天、24h。",
                f"“{value}” is no date. Write 2026-11-26, 2026-11, 2026, today, yesterday, 7d or 24h.",
            ),
        ) from None


def _moment(value: str) -> Days | None:
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    date = _calendar(match[1]).start
    assert date is not None
    start = date.replace(hour=int(match[2]), minute=int(match[3]), second=int(match[4] or 0))
    return Days(start, start + timedelta(minutes=1))


def _calendar(value: str) -> Days:
    """Return the day, month or year. Raises ValueError."""
    match = _DATE.fullmatch(value)
    if match is None:
        raise ValueError(value)
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    start = datetime(year, month, day)
    if match[3]:
        return Days(start, start + timedelta(days=1))
    if match[2]:
        return Days(start, datetime(year + month // 12, month % 12 + 1, 1))
    return Days(start, datetime(year + 1, 1, 1))


def seconds_ms(value: str) -> int:
    """Return a length such as "10", "1.5s", "2m", "1m30s", "1:30" in milliseconds. Raises BadQuery."""
    if match := _CLOCK.fullmatch(value):
        seconds = int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    else:
        match = _LENGTH.fullmatch(value)
        hours, minutes, rest = (
            (float(part or 0) for part in match.groups()) if match and value else (0.0,) * 3
        )
        seconds = hours * 3600 + minutes * 60 + rest if match else -1.0
    if not 0 <= seconds <= MAX_LENGTH_S:
        raise BadQuery(
            reason=(
                f"“{value}”不是时长。请写成 10、10秒、1分30秒 或 1:30。",
                f"“{value}” is no length of time. Write 10, 10s, 1m30s or 1:30.",
            ),
        )
    return round(seconds * 1000)
