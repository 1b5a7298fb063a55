"""Runs a generator in a background thread, ahead of its consumer, so that both stages work at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Marks the end of the items, and carries the error that ended them."""

    error: BaseException | None = None

    def reraise(self) -> None:
        """Raise the error, if there was one."""
        error, self.error = self.error, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # see `prefetch`


def prefetch(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """Yield the items, which a thread of its own draws up to `depth` ahead.

    An error of the items is raised where it would have been without the thread. Closing the iterator
    ends the thread after the item it is drawing.
    """
    # An error keeps the frames that it went through. One that is kept by such a frame would stay, and an item
    # of a minute of sound with it, until garbage is collected, which may be much later.
    drawn: Queue[Item | _End] = Queue(depth)
    stopped = threading.Event()

    def draw() -> None:
        end = _End()
        try:
            for item in items:
                drawn.put(item)
                if stopped.is_set():
                    return
        except BaseException as exc:  # it is raised again below, in the thread that wants the items
            end.error = exc
        drawn.put(end)
        del end

    thread = threading.Thread(target=draw, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = drawn.get()
            if isinstance(item, _End):
                item.reraise()
                return
            yield item
    finally:
        stopped.set()
        while thread.is_alive():  # it may be waiting to put one down
            while not drawn.empty():
                drawn.get()
            thread.join(0.01)
