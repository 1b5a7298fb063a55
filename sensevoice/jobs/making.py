"""Work that several people ask for at the same time, and that is done once, by few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

_Value = TypeVar("_Value")


class OnceEach:
    """Pieces of work by what they make; who asks for one that is under way gets the same answer."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, "maker")
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}

    def ask(self, key: Hashable, work: Callable[[], _Value]) -> Future[_Value]:
        """Return what the work will give, or raise; it is begun when a thread is free."""
        with self._lock:
            future = self._under_way.get(key)
            if future is None:
                future = self._under_way[key] = self._pool.submit(work)
                new = True
            else:
                new = False
        if new:
            future.add_done_callback(lambda _: self._forget(key))
        answer: Future[_Value] = Future()  # of one's own: who leaves does not cancel it for the others
        future.add_done_callback(lambda done: _hand_on(done, answer))
        return answer

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._under_way.pop(key, None)


def _hand_on(done: Future[_Value], answer: Future[_Value]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    error = done.exception()
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(done.result())
