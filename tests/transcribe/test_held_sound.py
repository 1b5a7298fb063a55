"""What all recordings hold together is bounded, and none of them stands still for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.transcribe import held_sound
from sensevoice.transcribe.held_sound import BYTES_PER_MS, HeldSound, held_bytes
from sensevoice.transcribe.pipeline import iter_updates, transcribe
from tests.fakes import FakeRecognizer, tone, write_wav

SECOND = np.zeros((2, 16_000), np.float32)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    assert held_bytes() == 0


def test_what_is_decoded_counts_until_it_is_recognised() -> None:
    with HeldSound() as one, HeldSound() as other:
        one.add(SECOND, 1)
        other.add(SECOND, 2)
        assert held_bytes() == 3 * 1000 * BYTES_PER_MS
        one.let_go(400)
        assert held_bytes() == 2600 * BYTES_PER_MS
        other.let_go(1000)
        assert held_bytes() == 600 * BYTES_PER_MS


LONG = np.zeros((1, 40 * 16_000), np.float32)


def waits(pool: ThreadPoolExecutor, held: HeldSound) -> Future[None]:
    """Return the wait of a recording that has to."""
    waiting = pool.submit(held.wait_for_room)
    with pytest.raises(TimeoutError):
        waiting.result(0.05)
    return waiting


def test_who_has_nothing_to_be_recognised_reads_on_whatever_others_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_sound, "MAX_HELD_BYTES", 1000)
    with ThreadPoolExecutor(1) as pool, HeldSound() as greedy, HeldSound() as mine:
        for each in (greedy, mine):
            each.add(LONG, 1)
        reading = waits(pool, mine)  # of which nothing is known yet
        mine.searched()
        reading.result(10)
        with mine.recognising():
            reading = waits(pool, mine)
        reading.result(10)  # what it had is recognised
        with mine.recognising():
            reading = waits(pool, mine)
            for each in (greedy, mine):
                each.let_go(40_000)
            reading.result(10)  # there is room


def test_above_the_limit_a_few_read_on_and_then_those_that_waited_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise all of them would hold a minute before the first comes to anything."""
    monkeypatch.setattr(held_sound, "MAX_HELD_BYTES", 1000)
    with ThreadPoolExecutor(8) as pool, ExitStack() as stack:
        every = [stack.enter_context(HeldSound()) for _ in range(6)]
        for each in every:
            each.add(LONG, 1)
            each.searched()
        reading = [pool.submit(each.wait_for_room) for each in every]
        for each in reading[:3]:
            each.result(10)
        second = reading[3:]
        assert not any(each.done() for each in second)
        every[0].let_go(20_000)
        waits(pool, every[0])  # it has had its turn
        second[0].result(10)
        assert not second[1].done() and not second[2].done()
        for each in every:
            each.let_go(40_000)


def test_a_short_recording_waits_for_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_sound, "MAX_HELD_BYTES", 1000)
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(HeldSound()).add(LONG, 1)
        short = stack.enter_context(HeldSound())
        short.add(SECOND, 1)
        with short.recognising():
            short.wait_for_room()


@pytest.fixture
def long(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "long.wav", tone(200_000))


def spans() -> list[tuple[int, int]]:
    return [(start, start + 1500) for start in range(0, 198_000, 2000)]


class Watched(FakeRecognizer):
    """Holds the answers back, and notes the most that was held while it did."""

    def __init__(self) -> None:
        super().__init__(spans(), lambda clip, options: "<|zh|><|NEUTRAL|><|Speech|><|withitn|>text")
        self.go = threading.Event()
        self.asked = threading.Event()

    def recognise(self, clips: Any, options: Options) -> Iterator[Recognition]:
        self.asked.set()
        assert self.go.wait(30)
        yield from super().recognise(clips, options)


def test_a_recording_reads_ahead_only_as_far_as_all_together_may(
    long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And comes to the same end; with more room, it reads on while it waits for the model."""
    rows = []
    for seconds in (20, 300):
        monkeypatch.setattr(held_sound, "MAX_HELD_BYTES", seconds * 1000 * BYTES_PER_MS)
        recognizer = Watched()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(transcribe, long, recognizer, Options(sounds=False))
            assert recognizer.asked.wait(30)
            if seconds == 20:
                assert held_bytes() <= (20 + 2 * 10 + 10) * 1000 * BYTES_PER_MS
            else:
                while held_bytes() < 100 * 1000 * BYTES_PER_MS:
                    assert not running.done()
            recognizer.go.set()
            rows.append(running.result(30).segments)
    assert rows[0] == rows[1] and len(rows[0]) > 5


def test_a_run_that_is_cancelled_while_it_may_not_read_on_ends(
    long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_sound, "MAX_HELD_BYTES", 1)
    recognizer = Watched()
    recognizer.go.set()
    updates: Any = iter_updates(long, recognizer, Options(sounds=False))
    for _ in range(4):
        next(updates)
    updates.close()
    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}


def test_a_fault_of_the_model_ends_it_too(long: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_sound, "MAX_HELD_BYTES", 1)

    def fault(clip: np.ndarray, options: Options) -> str:
        raise ZeroDivisionError("no more")

    with pytest.raises(ZeroDivisionError, match="no more"):
        transcribe(long, FakeRecognizer(spans(), fault), Options(sounds=False))
    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}
