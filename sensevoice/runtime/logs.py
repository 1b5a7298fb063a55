"""The log on the terminal: a line a record, without control characters, and repeated lines counted."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

BURST, WITHIN_S = 5, 10.0
"""So many equal lines are written in so many seconds; the others are counted."""

MAX_KINDS = 1000

SERVER = ("uvicorn", "uvicorn.error", "uvicorn.access")

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves the cursor, colours, ends the line or turns its direction."""

CONTROL_BUT_LINES = re.compile(CONTROL.pattern.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f"))


def shown(text: str, pattern: re.Pattern[str] = CONTROL) -> str:
    """Return a text with its control characters written out, so that none reaches the terminal."""
    return pattern.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


class PlainFormatter(logging.Formatter):
    """Writes control characters out: paths and names in the log are what visitors sent."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return shown(super().formatMessage(record))

    def formatException(self, ei: logging._SysExcInfoType) -> str:
        return shown(super().formatException(ei), CONTROL_BUT_LINES)


class Repeated(logging.Filter):
    """Filter that passes a few equal records and adds to the next one how many were suppressed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key = (record.name, record.levelno, record.getMessage())
        now_s = self._clock()
        since_s, count = self._seen.pop(key, (now_s, 0))
        if now_s - since_s > WITHIN_S:
            if count > BURST:
                record.msg, record.args = f"{key[2]} (and {count - BURST} more like it / 另有同样的记录)", ()
            since_s, count = now_s, 0
        self._seen[key] = (since_s, count + 1)
        if len(self._seen) > MAX_KINDS:
            del self._seen[next(iter(self._seen))]
        return count < BURST


def set_up() -> None:
    """Send the records of all libraries to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter(FORMAT))
    handler.addFilter(Repeated())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("sensevoice").setLevel(logging.INFO)


def take_over_server() -> None:
    """Route the web server's log through the root logger; uvicorn installs handlers of its own."""
    for name in SERVER:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
