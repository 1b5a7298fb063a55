"""Work that several people ask for at the same time, and that is done once, by few threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from sensevoice.runtime.background import settle

_Value = TypeVar("_Value")
_Result = TypeVar("_Result")

_Waiting = list[tuple[Future[Any], Callable[[Any], Any]]]


class SingleFlight:
    """Pieces of work by key; whoever asks for one that is under way gets what it gives.

    The threads are daemons: no work holds up the end of the program. Methods may be called from several
    threads.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._started = 0
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, _Waiting] = {}
        self._line: queue.SimpleQueue[tuple[Hashable, Callable[[], Any]]] = queue.SimpleQueue()

    def ask(
        self, key: Hashable, work: Callable[[], _Value], then: Callable[[_Value], _Result]
    ) -> Future[_Result]:
        """Return `then` of what the work gives, or what it raises; it begins when a thread is free.

        The future is the caller's own: cancelling it changes nothing for others.
        """
        future: Future[_Result] = Future()
        with self._lock:
            if key in self._under_way:
                self._under_way[key].append((future, then))
                return future
            self._under_way[key] = [(future, then)]
            self._line.put((key, work))
            if self._started < self._workers:
                self._started += 1
                threading.Thread(target=self._work, name=f"maker-{self._started}", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            key, work = self._line.get()
            done: Future[Any] = Future()
            settle(done, work)
            with self._lock:
                waiting = self._under_way.pop(key)
            for future, then in waiting:
                if future.set_running_or_notify_cancel():
                    settle(future, partial(_passed_on, done, then))


def _passed_on(done: Future[Any], then: Callable[[Any], Any]) -> Any:
    return then(done.result())
