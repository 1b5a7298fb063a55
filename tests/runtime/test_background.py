"""Work that is begun in a thread of its own."""

from __future__ import annotations

import threading

import pytest

from sensevoice.runtime.background import begin


def test_the_work_is_done_meanwhile_and_its_result_kept() -> None:
    go_on = threading.Event()
    future = begin(lambda: go_on.wait(60) and threading.current_thread().name, "helper")
    assert not future.done()
    go_on.set()
    assert future.result(60) == "helper"


def test_what_it_raises_is_raised_where_it_is_asked_for() -> None:
    def work() -> None:
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        begin(work, "helper").result(60)
