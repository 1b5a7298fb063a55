"""The garbage collector pauses while large libraries are imported."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from sensevoice.runtime.imports import without_collector


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_goes_on_when_the_last_import_has_ended() -> None:
    with without_collector():
        with without_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_import_that_failed() -> None:
    with pytest.raises(ImportError), without_collector():
        raise ImportError("gone")
    assert gc.isenabled()


def test_whoever_has_none_gets_none() -> None:
    gc.disable()
    with without_collector():
        pass
    assert not gc.isenabled()
