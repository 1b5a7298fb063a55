"""The line in front of the model: order, batches, cancelling, faults, several cards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from sensevoice.errors import CardLost
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.recognise.scheduler import Scheduler
from sensevoice.transcript import ModelInfo
from tests.fakes import FakeSpeechFinder, silence


class Gated:
    """Answers a clip by its first value, a batch at a time, each when it is let through."""

    info = ModelInfo("gated", "none", "cpu")

    def __init__(self, fault: Callable[[list[int]], None] = lambda names: None) -> None:
        self.batches: list[list[int]] = []
        self.questions: list[str] = []
        self.gate = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)
        self._fault = fault

    def open_speech_finder(self, pause_ms: int = 0) -> FakeSpeechFinder:
        return FakeSpeechFinder([])

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        names = [int(clip[0]) for clip in clips]
        self.batches.append(names)
        self.questions.append(options.language)
        self.entered.release()
        self.gate.acquire()
        self._fault(names)
        for name in names:
            yield Recognition(f"{options.language} {name}")


def clips(first: int, count: int, seconds: float = 1.0) -> list[np.ndarray]:
    return [np.full(round(seconds * 16_000), first + number, np.float32) for number in range(count)]


def raws(answers: Iterator[Recognition]) -> list[str]:
    return [answer.raw for answer in answers]


@pytest.fixture
def gated() -> Gated:
    return Gated()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def wait_for_line(scheduler: Scheduler, jobs: int) -> None:
    """Wait until this many jobs stand in line behind the one whose batch is under way."""
    for _ in range(500):
        if len(scheduler._line.calls) >= jobs:
            return
        time.sleep(0.01)
    raise AssertionError("the jobs did not line up")


def test_no_clips_no_answers(gated: Gated) -> None:
    scheduler = Scheduler(gated, 2, 60)
    assert raws(scheduler.recognise([], Options())) == []
    scheduler.close()


def test_answers_come_in_order_and_as_they_are_known(gated: Gated) -> None:
    scheduler = Scheduler(gated, 2, 60)
    answers = scheduler.recognise(clips(0, 5), Options())
    gated.gate.release()
    assert next(answers).raw == "auto 0"
    gated.gate.release(2)
    assert raws(answers) == [f"auto {number}" for number in range(1, 5)]
    assert gated.batches == [[0, 1], [2, 3], [4]]
    scheduler.close()


def test_who_comes_later_goes_before_who_was_served(gated: Gated, pool: ThreadPoolExecutor) -> None:
    scheduler = Scheduler(gated, 2, 60)
    long = pool.submit(raws, scheduler.recognise(clips(0, 6), Options()))
    gated.entered.acquire()
    short = pool.submit(raws, scheduler.recognise(clips(100, 2), Options()))
    wait_for_line(scheduler, 2)
    gated.gate.release(10)
    assert len(short.result(10)) == 2
    assert long.result(10) == [f"auto {number}" for number in range(6)]
    assert gated.batches == [[0, 1], [100, 2], [101, 3], [4, 5]]
    scheduler.close()


def test_the_calls_of_one_recording_count_as_one(gated: Gated, pool: ThreadPoolExecutor) -> None:
    """Otherwise a long recording, which asks again and again, would be new each time."""
    scheduler = Scheduler(gated, 1, 60)
    one, other = scheduler.share(), scheduler.share()
    gated.gate.release()
    raws(one.recognise(clips(0, 1), Options()))
    first = pool.submit(raws, one.recognise(clips(1, 1), Options()))
    for _ in range(2):
        gated.entered.acquire()
    again = pool.submit(raws, one.recognise(clips(2, 1), Options()))
    wait_for_line(scheduler, 1)
    new = pool.submit(raws, other.recognise(clips(100, 1), Options()))
    wait_for_line(scheduler, 2)
    gated.gate.release(10)
    for future in (first, again, new):
        future.result(10)
    assert gated.batches == [[0], [1], [100], [2]]
    scheduler.close()


def test_jobs_share_a_batch_clip_by_clip(gated: Gated, pool: ThreadPoolExecutor) -> None:
    scheduler = Scheduler(gated, 4, 60)
    pool.submit(raws, scheduler.recognise(clips(0, 1), Options()))
    gated.entered.acquire()
    asked = [pool.submit(raws, scheduler.recognise(clips(100 * n, 3), Options())) for n in (1, 2)]
    wait_for_line(scheduler, 2)
    gated.gate.release(10)
    assert all(len(future.result(10)) == 3 for future in asked)
    assert sorted(name // 100 for name in gated.batches[1]) == [1, 1, 2, 2]
    scheduler.close()


def test_a_short_job_waits_for_one_batch_only(gated: Gated, pool: ThreadPoolExecutor) -> None:
    scheduler = Scheduler(gated, 2, 60)
    pool.submit(raws, scheduler.recognise(clips(0, 50), Options()))
    gated.entered.acquire()
    short = pool.submit(raws, scheduler.recognise(clips(100, 1), Options(language="en")))
    wait_for_line(scheduler, 2)
    gated.gate.release(2)
    assert short.result(10) == ["en 100"]
    assert gated.questions[:2] == ["auto", "en"]
    gated.gate.release(50)
    pool.shutdown()
    assert sum(map(len, gated.batches)) == 51
    scheduler.close()


def test_only_equal_questions_share_a_batch(gated: Gated, pool: ThreadPoolExecutor) -> None:
    scheduler = Scheduler(gated, 8, 60)
    pool.submit(raws, scheduler.recognise(clips(0, 1), Options()))
    gated.entered.acquire()
    asked = [
        pool.submit(raws, scheduler.recognise(clips(10 * number, 1), options))
        for number, options in enumerate(
            (Options(language="zh"), Options(language="en"), Options(language="zh"), Options(use_itn=False)),
            1,
        )
    ]
    wait_for_line(scheduler, 4)
    gated.gate.release(10)
    assert [future.result(10) for future in asked] == [["zh 10"], ["en 20"], ["zh 30"], ["auto 40"]]
    assert sorted(map(sorted, gated.batches[1:])) == [[10, 30], [20], [40]]
    scheduler.close()


def test_a_batch_has_no_more_than_its_seconds_but_one_clip_at_least(gated: Gated) -> None:
    scheduler = Scheduler(gated, 100, 2.5)
    gated.gate.release(10)
    assert (
        len(raws(scheduler.recognise([*clips(0, 3), *clips(3, 1, seconds=9), *clips(4, 1)], Options()))) == 5
    )
    assert gated.batches == [[0, 1], [2], [3], [4]]
    scheduler.close()


def test_a_cancelled_job_leaves_the_line(gated: Gated) -> None:
    scheduler = Scheduler(gated, 1, 60)
    answers = scheduler.recognise(clips(0, 5), Options())
    gated.gate.release()
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    gated.gate.release(10)
    assert raws(scheduler.recognise(clips(100, 1), Options())) == ["auto 100"]
    assert gated.batches[-1] == [100]
    assert sum(map(len, gated.batches)) <= 3
    scheduler.close()


def test_a_fault_reaches_those_who_asked_and_nobody_else(pool: ThreadPoolExecutor) -> None:
    def fault(names: list[int]) -> None:
        if 0 in names:
            raise MemoryError("no memory")

    gated = Gated(fault)
    gated.gate.release(10)
    scheduler = Scheduler(gated, 2, 60)
    with pytest.raises(MemoryError, match="no memory"):
        raws(scheduler.recognise(clips(0, 2), Options()))
    assert raws(scheduler.recognise(clips(5, 2), Options())) == ["auto 5", "auto 6"]
    scheduler.close()


def test_when_closed_nobody_waits_for_ever(gated: Gated, pool: ThreadPoolExecutor) -> None:
    scheduler = Scheduler(gated, 1, 60)
    waiting = pool.submit(raws, scheduler.recognise(clips(0, 3), Options()))
    gated.entered.acquire()
    gated.gate.release()
    scheduler.close()
    with pytest.raises(RuntimeError, match="closed"):
        waiting.result(10)
    with pytest.raises(RuntimeError, match="closed"):
        raws(scheduler.recognise(clips(0, 1), Options()))


def test_many_threads_get_their_own_answers(pool: ThreadPoolExecutor) -> None:
    gated = Gated()
    gated.gate.release(100_000)
    scheduler = Scheduler(gated, 3, 60)

    def ask(number: int) -> bool:
        options = Options(language=("auto", "zh", "en")[number % 3])
        expected = [f"{options.language} {100 * number + index}" for index in range(7)]
        return raws(scheduler.recognise(clips(100 * number, 7, 0.01), options)) == expected

    assert all(pool.map(ask, range(200)))
    scheduler.close()


def test_who_speaks_goes_first_but_files_go_on(gated: Gated, pool: ThreadPoolExecutor) -> None:
    scheduler = Scheduler(gated, 1, 60)
    blocker = pool.submit(lambda: raws(scheduler.recognise(clips(0, 1), Options())))
    gated.entered.acquire()
    file = pool.submit(lambda: raws(scheduler.recognise(clips(10, 2), Options())))
    wait_for_line(scheduler, 1)
    speech = pool.submit(lambda: raws(scheduler.recognise_first(clips(20, 5), Options())))
    wait_for_line(scheduler, 2)
    gated.gate.release(8)
    assert [len(each.result()) for each in (blocker, file, speech)] == [1, 2, 5]
    assert gated.batches == [[0], [20], [21], [22], [10], [23], [24], [11]]
    scheduler.close()


def test_a_batch_for_who_speaks_holds_no_longer_clip_of_a_file(
    gated: Gated, pool: ThreadPoolExecutor
) -> None:
    scheduler = Scheduler(gated, 4, 60)
    blocker = pool.submit(lambda: raws(scheduler.recognise(clips(0, 1), Options())))
    gated.entered.acquire()
    long = pool.submit(lambda: raws(scheduler.recognise(clips(10, 1, 5.0), Options())))
    wait_for_line(scheduler, 1)
    short = pool.submit(
        lambda: raws(scheduler.recognise([*clips(30, 2, 0.5), *clips(32, 1, 3.0)], Options()))
    )
    wait_for_line(scheduler, 2)
    speech = pool.submit(lambda: raws(scheduler.recognise_first(clips(20, 1), Options())))
    wait_for_line(scheduler, 3)
    gated.gate.release(3)
    for each in (blocker, long, short, speech):
        each.result()
    assert gated.batches == [[0], [20, 30, 31], [10, 32]]
    scheduler.close()


class Broken(Gated):
    """A card that faults at its second batch: from then on every clip is an error."""

    def __init__(self, on_fault: Callable[[], object], number: int = 2, raises: bool = False) -> None:
        super().__init__()
        self._on_fault = on_fault
        self._number = number
        self._raises = raises

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        answers = super().recognise(clips, options)
        if len(self.batches) + 1 < self._number:
            yield from answers
            return
        yield next(answers)
        self._on_fault()
        if self._raises:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        yield from [Recognition("", error="CUDA error")] * (len(clips) - 1)


def opened(*cards: Gated) -> Scheduler:
    for card in cards:
        card.gate.release(10_000)
    return Scheduler(cards, 3, 60)


class TestSeveralCards:
    """One line, a thread for each card."""

    def test_all_of_them_work_and_everybody_gets_their_own_answers(self, pool: ThreadPoolExecutor) -> None:
        one, other = Gated(), Gated()
        scheduler = Scheduler([one, other], 2, 60)
        asked = [pool.submit(raws, scheduler.recognise(clips(100 * n, 9), Options())) for n in range(4)]
        for card in (one, other):
            card.entered.acquire()  # both at once, before either has answered
            card.gate.release(1000)
        for number, future in enumerate(asked):
            assert future.result(10) == [f"auto {100 * number + each}" for each in range(9)]
        assert sum(len(batch) for card in (one, other) for batch in card.batches) == 36
        scheduler.close()

    @pytest.mark.parametrize("raises", [False, True])
    def test_what_a_lost_card_did_not_answer_goes_to_another(
        self, pool: ThreadPoolExecutor, raises: bool
    ) -> None:
        taken_out: list[bool] = []
        other = Gated()  # gives nothing before, or it might have done all of the work

        def lose() -> None:
            taken_out.append(scheduler.take_out(0, "fell off the bus"))
            other.gate.release(10_000)

        broken = Broken(lose, raises=raises)
        broken.gate.release(10_000)
        scheduler = Scheduler([broken, other], 3, 60)
        asked = [pool.submit(raws, scheduler.recognise(clips(100 * n, 30), Options())) for n in range(4)]
        for number, future in enumerate(asked):
            assert future.result(10) == [f"auto {100 * number + each}" for each in range(30)]
        assert taken_out == [True] and len(broken.batches) == 2, "it is asked no more"
        assert scheduler.has_others(0) and not scheduler.has_others(1)
        scheduler.close()

    def test_the_last_one_stays(self, pool: ThreadPoolExecutor) -> None:
        scheduler = opened(Gated(), Gated())
        assert scheduler.take_out(1, "one") and not scheduler.take_out(1, "again")
        assert not scheduler.take_out(0, "the other")
        assert raws(scheduler.recognise(clips(0, 2), Options())) == ["auto 0", "auto 1"]
        scheduler.close()

    def test_streams_spread_over_the_cards_and_tell_when_theirs_is_lost(self) -> None:
        class Finder(FakeSpeechFinder):
            def feed(self, samples: np.ndarray) -> list[Any]:
                raise RuntimeError("CUDA error")

            def finish(self) -> list[Any]:
                return self.feed(silence(0))

        one, other = Gated(), Gated()
        one.open_speech_finder = lambda pause_ms=0: Finder([])  # type: ignore[method-assign]
        scheduler = opened(one, other)
        first, second, third = (scheduler.open_speech_finder() for _ in range(3))
        assert [card.streams for card in scheduler.cards] == [2, 1]
        assert second.feed(silence(100)) == [] and second.settled_ms == -400 and second.finish() == []
        with pytest.raises(RuntimeError, match="CUDA error"):
            first.feed(silence(100))
        scheduler.take_out(0, "fell off the bus")
        with pytest.raises(CardLost, match="fell off the bus"):
            first.feed(silence(100))
        with pytest.raises(CardLost, match="fell off the bus"):
            third.finish()
        for _ in range(3):
            scheduler.open_speech_finder()
        assert [card.streams for card in scheduler.cards] == [2, 4]
        scheduler.close()
