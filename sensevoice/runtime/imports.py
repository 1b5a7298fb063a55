"""Importing large libraries."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_was_enabled = False


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the garbage collector: it would walk through all that is imported, many times, and find nothing.

    That is a tenth of the time of importing torch, and a seventh of gradio's. Several threads may be inside.
    """
    global _inside, _was_enabled
    with _lock:
        if not _inside:
            _was_enabled = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _was_enabled:
                gc.enable()
