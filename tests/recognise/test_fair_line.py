"""Whose turn it is: recordings by what they had, newcomers first, nobody never."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sensevoice.options import Options
from sensevoice.recognise.fair_line import CREDIT_S, Call, FairLine, Share, call_of

RATE = 16_000


def sound(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def call(count: int, seconds: float = 1.0, share: Share | None = None, language: str = "auto") -> Call:
    return call_of(share or Share(), [sound(seconds)] * count, Options(language=language))


def served(line: FairLine, calls: list[Call], batches: int) -> list[list[int]]:
    """Return whose clips are in the next batches, each call by its number."""
    taken = [line.take() for _ in range(batches)]
    return [[calls.index(each.call) for each in batch] for batch in taken]


def long_ones(line: FairLine, count: int, had_s: float = 10 * CREDIT_S) -> list[Call]:
    """Return calls of recordings that have had their credit, and each the same."""
    calls = [call(10_000, 2.0) for _ in range(count)]
    for each in calls:
        line.add(each)
        each.share.had = round(had_s * RATE)
    return calls


def test_a_short_recording_beside_eight_long_ones_is_in_the_next_batches_whole() -> None:
    line = FairLine(2, 60)
    calls = long_ones(line, 8)
    served(line, calls, 100)
    calls.append(call(5, 3.0))
    line.add(calls[-1])
    batches = served(line, calls, 3)
    assert batches[:2] == [[8, 8], [8, 8]]
    assert batches[2][0] == 8 and not calls[-1].clips


def test_its_next_calls_too_until_its_credit_is_used_up() -> None:
    line = FairLine(2, 60)
    calls = long_ones(line, 3)
    served(line, calls, 50)
    share = Share()
    for number in range(5):
        line.add(mine := call(3, 4.0, share))
        calls.append(mine)
        assert served(line, calls, 1) == [[3 + number] * 2]
        line.take()
    assert share.had == 60 * RATE and not share.is_new
    line.add(mine := call(3, 4.0, share))
    calls.append(mine)
    assert 8 not in served(line, calls, 10)[0], "what it had counts: the others catch up first"
    assert len(mine.clips) == 3


def test_in_the_end_all_have_had_the_same() -> None:
    line = FairLine(2, 60)
    calls = long_ones(line, 3)
    calls.append(late := call(10_000, 2.0))
    served(line, calls, 30)
    line.add(late)
    had = [each.share.had for each in calls]
    served(line, calls, 2000)
    gains = [each.share.had - before for each, before in zip(calls, had, strict=True)]
    assert max(gains) - min(gains) <= 2 * CREDIT_S * RATE
    assert sum(gains) == 2000 * 2 * 2 * RATE


def test_no_stream_of_newcomers_keeps_a_long_recording_waiting_for_ever() -> None:
    line = FairLine(1, 60)
    (long,) = long_ones(line, 1)
    waited = longest = 0
    for _ in itertools.repeat(None, 2000):
        while len(line.calls) < 4:
            line.add(call(5, 2.0))
        (taken,) = line.take()
        waited = 0 if taken.call is long else waited + 1
        longest = max(longest, waited)
    assert longest * 2 <= 8 * CREDIT_S, "seconds of others' sound"


def test_a_batch_for_a_newcomer_is_not_made_longer_by_others() -> None:
    line = FairLine(256, 300)
    calls = [call(100, 30.0) for _ in range(2)]
    for each in calls:
        line.add(each)
        each.share.had = round(10 * CREDIT_S * RATE)
    calls.append(short := call(2, 3.0))
    line.add(short)
    assert served(line, calls, 1) == [[2, 2]], "clips of 30 s would have been waited for"
    (batch,) = served(line, calls, 1)
    assert len(batch) == 10, "then a full one"


def test_small_clips_of_others_fill_a_newcomers_batch() -> None:
    line = FairLine(256, 300)
    calls = long_ones(line, 2)
    calls.append(short := call(2, 3.0))
    line.add(short)
    (batch,) = served(line, calls, 1)
    assert batch[:2] == [2, 2]
    assert 10 < len(batch) <= 2 + CREDIT_S / 2


def test_many_newcomers_share_full_batches() -> None:
    line = FairLine(256, 300)
    calls = [call(100, 5.0) for _ in range(4)]
    for each in calls:
        line.add(each)
    (batch,) = served(line, calls, 1)
    assert len(batch) == 60
    assert sorted(batch.count(number) for number in range(4)) == [15] * 4


@pytest.mark.parametrize("small_first", [True, False])
def test_whoever_lowers_the_size_of_a_batch_bounds_what_it_holds_in_all(small_first: bool) -> None:
    """Memory on the card is short, whoever the other clips in a batch belong to."""
    line = FairLine(256, 300)
    small = call_of(Share(), [sound(5.0)] * 4, Options(batch_size_s=20))
    calls = [small, call(100, 5.0)]
    for each in calls if small_first else reversed(calls):
        line.add(each)
    batches = served(line, calls, 6)
    for batch in batches:
        assert len(batch) <= (4 if 0 in batch else 60)
    assert sum(batch.count(0) for batch in batches) == 4
    assert max(map(len, batches)) == 60, "then as large as ever"


def test_who_asked_for_nothing_for_a_while_has_saved_nothing() -> None:
    line = FairLine(1, 60)
    calls = long_ones(line, 2)
    idle = Share(had=round(10 * CREDIT_S * RATE))
    served(line, calls, 1000)
    calls.append(back := call(100, 2.0, idle))
    line.add(back)
    order = [whose for (whose,) in served(line, calls, 30)]
    assert 8 <= order.count(2) <= 12, "a third of the turns, not all of them"


def test_only_equal_settings_share_a_batch_and_cancelled_calls_are_gone() -> None:
    line = FairLine(8, 60)
    calls = [call(1, language="zh"), call(1, language="en"), call(1, language="zh"), call(3)]
    for each in calls:
        line.add(each)
    calls[3].clips.clear()
    assert served(line, calls, 2) == [[0, 2], [1]]
    assert line.take() == [] and line.calls == []


def test_what_is_put_back_comes_first_and_in_its_order() -> None:
    line = FairLine(3, 60)
    mine = call_of(Share(), [np.full(RATE, number, np.float32) for number in range(5)], Options())
    line.add(mine)
    batch = line.take()
    line.put_back(batch[1:])
    names = [int(each.clip[0]) for _ in range(2) for each in line.take()]
    assert names == [1, 2, 3, 4]
