"""What the log shows, and what it only counts."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from sensevoice.runtime.logs import BURST, FORMAT, WITHIN_S, PlainFormatter, Repeated


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO, list[float]]]:
    """(logger, what it writes, the time)."""
    now_s, written = [0.0], io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(PlainFormatter(FORMAT))
    handler.addFilter(Repeated(lambda: now_s[0]))
    logger = logging.Logger("x")
    logger.addHandler(handler)
    return logger, written, now_s


def test_escapes_are_shown(log: tuple[logging.Logger, io.StringIO, list[float]]) -> None:
    logger, written, _ = log
    logger.error("GET %s", "/\x1b[31m\r\n2026 INFO forged\u202e录音.mp3\x9b")
    assert written.getvalue().count("\n") == 1
    assert "\\x1b[31m\\r\\n2026 INFO forged\\u202e录音.mp3\\x9b" in written.getvalue()


def test_so_are_those_of_an_exception_but_not_its_lines(
    log: tuple[logging.Logger, io.StringIO, list[float]],
) -> None:
    logger, written, _ = log
    try:
        raise ValueError("\x1b[31m")
    except ValueError:
        logger.exception("it failed")
    assert "\x1b" not in written.getvalue() and written.getvalue().count("\n") >= 4


def test_repeated_lines_are_counted(log: tuple[logging.Logger, io.StringIO, list[float]]) -> None:
    logger, written, now_s = log
    for _ in range(1000):
        logger.error("out of %s", "handles")
    logger.error("another")
    assert len(written.getvalue().splitlines()) == BURST + 1
    now_s[0] = WITHIN_S + 1
    logger.error("out of %s", "handles")
    assert f"and {1000 - BURST} more" in written.getvalue().splitlines()[-1]
