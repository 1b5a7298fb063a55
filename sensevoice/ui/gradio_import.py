"""gradio without what it does for editors: imported in half the time.

Whenever a class of a component is made, gradio reads its source, parses it and compares it with a type stub
beside it (`gradio.component_meta.create_or_modify_pyi`). At run time nothing reads those stubs, and an
installation that belongs to somebody else should not be written to.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sensevoice.runtime.imports import without_collector


def import_gradio() -> None:
    """Import gradio, if it is not there already."""
    with without_stubs(), without_collector():
        import gradio  # noqa: F401


@contextmanager
def without_stubs() -> Iterator[None]:
    """Let gradio make no stubs: it makes none for a class that has no file."""
    find = inspect.getfile

    def getfile(of: Any) -> str:
        if isinstance(of, type) and of.__module__.startswith("gradio."):
            raise OSError("no stub is wanted")
        return find(of)  # other threads may ask for other files meanwhile

    with mock.patch.object(inspect, "getfile", getfile):
        yield
