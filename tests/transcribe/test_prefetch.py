"""Drawing items ahead: the same items, the same errors, a bounded distance, an end."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sensevoice.transcribe.prefetch import prefetch


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_the_same_items_in_the_same_order() -> None:
    assert list(prefetch(iter(range(100)), 3)) == list(range(100))
    assert list(prefetch(iter([]), 3)) == []
    assert threads() == []


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("no more")

    ahead = prefetch(items(), 3)
    assert next(ahead) == 1
    with pytest.raises(ZeroDivisionError, match="no more"):
        next(ahead)
    assert threads() == []


def test_it_goes_no_further_ahead_than_told() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    ahead = prefetch(items(), 3)
    assert next(ahead) == 0
    time.sleep(0.1)
    assert len(drawn) <= 1 + 3 + 1  # the one taken, those laid down, the one in hand
    ahead.close()  # type: ignore[attr-defined]
    assert len(drawn) < 10
    assert threads() == []


def test_the_next_item_is_made_while_this_one_is_in_use() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    ahead = prefetch(items(), 1)
    assert next(ahead) == 1
    assert made.wait(5)
    assert list(ahead) == [2]


class Sound:
    """Stands for an item of a minute of sound."""


def test_an_error_keeps_no_item() -> None:
    """It kept the last one, as both threads' frames were in its traceback, until garbage was collected."""
    seen: list[weakref.ref[Sound]] = []

    def items() -> Iterator[Sound]:
        for _ in range(2):
            sound = Sound()
            seen.append(weakref.ref(sound))
            yield sound
        raise ZeroDivisionError("no more")

    gc.disable()
    try:
        with suppress(ZeroDivisionError):  # pytest.raises would keep the traceback
            for _ in prefetch(items(), 3):
                pass
        del _
        assert [each() for each in seen] == [None, None]
    finally:
        gc.enable()
