"""Work that is begun in a thread of its own, and asked for later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

_Value = TypeVar("_Value")


def begin(work: Callable[[], _Value], name: str) -> Future[_Value]:
    """Begin the work in a thread of that name, which holds up no end of the program; return its future."""
    future: Future[_Value] = Future()
    threading.Thread(target=settle, args=(future, work), name=name, daemon=True).start()
    return future


def settle(future: Future[Any], work: Callable[[], Any]) -> None:
    """Set the result or the exception of the work on its future; neither ends the thread."""
    try:
        future.set_result(work())
    except BaseException as exc:
        future.set_exception(exc)
