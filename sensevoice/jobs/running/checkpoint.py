"""Where a job can stop in the middle of its recognition: after each answer of the model.

A minute of sound is sixty clips, which among other recordings take seconds: who cancels, and who waits for
the place, would wait for the next row otherwise. The thread of a job says what is done there (`checking`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextmanager
def checking(check: Callable[[], None]) -> Iterator[None]:
    """Call `check` at each checkpoint of this thread's work; what it raises ends that work."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def checkpoint() -> None:
    """Raise whatever ends the job of this thread, if anything does."""
    _check.get()()
