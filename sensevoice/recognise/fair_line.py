"""Whose clips are recognised next: the recordings share the model, and a new one begins at once.

A fair queue with a virtual clock: it runs with the sound that each waiting recording would have had of the
model if all had the same (Parekh and Gallager 1993, "generalized processor sharing"). Each recording has a
time of its own, the sound that it had; the one that is furthest behind is next. The first CREDIT_S seconds of
a recording go before the others, and count afterwards. So a short recording is recognised at once, beside
however many long ones, while a long one waits for newcomers for a bounded time only. What people wait for as
they speak is urgent and goes before everything, but for one batch in URGENT_IN_A_ROW + 1.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.options import Options
from sensevoice.protocols import Recognition

CREDIT_S = 60.0
"""What a new recording may have before the others: one of 20 seconds, whose sounds and doubtful pieces are
recognised twice."""

URGENT_IN_A_ROW = 3
"""Batches for those who speak before one for a file, if one waits."""

BatchKey = tuple[str, bool, bool, tuple[str, ...]]
"""The settings that reach the model: only clips that agree in them can share a batch."""


@dataclass(eq=False)
class Share:
    """What one recording has had of the model: `time` on the virtual clock, `had` in all, in samples."""

    time: float = 0.0
    had: int = 0

    @property
    def is_new(self) -> bool:
        return self.had < CREDIT_S * SAMPLE_RATE_HZ

    @property
    def turn(self) -> float:
        """The lowest is next."""
        return self.time - CREDIT_S * SAMPLE_RATE_HZ if self.is_new else self.time

    def charge(self, samples: int) -> None:
        self.time += samples
        self.had += samples


@dataclass(eq=False)
class Call:
    """The clips of one call that are not recognised yet, with their numbers, and where its answers go.

    Of several cards one may answer before another that was asked first.
    """

    share: Share
    question: BatchKey
    options: Options
    clips: deque[tuple[int, np.ndarray]]
    is_urgent: bool = False
    answers: SimpleQueue[tuple[int, Recognition | BaseException]] = field(default_factory=SimpleQueue)

    @property
    def most_samples(self) -> float:
        """Return how much a batch with its clips may hold in all; whoever lowers it has little memory."""
        size_s = self.options.batch_size_s
        return size_s * SAMPLE_RATE_HZ if size_s < Options.batch_size_s else math.inf

    def in_order(self, count: int) -> Iterator[Recognition]:
        """Yield so many answers in the order of the clips, each as soon as it can be; raise what one is."""
        early: dict[int, Recognition] = {}
        for wanted in range(count):
            while wanted not in early:
                number, answer = self.answers.get()
                if isinstance(answer, BaseException):
                    raise answer
                early[number] = answer
            yield early.pop(wanted)


@dataclass(frozen=True, eq=False)
class Taken:
    """A clip in a batch: the call that it belongs to, and its number there."""

    call: Call
    number: int
    clip: np.ndarray

    def answer(self, answer: Recognition | BaseException) -> None:
        self.call.answers.put((self.number, answer))


Batch = list[Taken]


class FairLine:
    """The calls that wait, and the order in which their clips are recognised. Not safe across threads.

    A batch holds at most `max_clips` clips and `max_batch_s` seconds of sound (one clip at least), and no
    more than the `batch_size_s` of any recording in it that is below the default.
    """

    def __init__(self, max_clips: int, max_batch_s: float) -> None:
        self._max_clips = max_clips
        self._max_samples = max_batch_s * SAMPLE_RATE_HZ
        self._clock = 0.0
        self._urgent_in_a_row = 0
        self.calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Take a call in, behind those that wait; it gets nothing for the time when it asked for nothing."""
        call.share.time = max(call.share.time, self._clock)
        self.calls.append(call)

    def put_back(self, batch: Batch) -> None:
        """Take clips in again that could not be recognised where they were, as the first of their calls."""
        for taken in reversed(batch):
            taken.call.clips.appendleft((taken.number, taken.clip))
            if taken.call not in self.calls:
                self.calls.append(taken.call)

    def take(self) -> Batch:
        """Take the next batch out of the line: of those whose settings agree, always who is furthest behind.

        A batch takes as long as its longest clip: one for somebody who speaks, or is new, is not made longer
        by the clips of others.
        """
        self.calls = [call for call in self.calls if call.clips]  # the others were cancelled
        if not self.calls:
            return []
        sharing = len({id(call.share) for call in self.calls})
        leading, others = self._leading()
        question = min(leading, key=_turn).question
        leading = [call for call in leading if call.question == question]
        longest = max(len(call.clips[0][1]) for call in leading)
        batch = self._filled([], leading)
        small = [call for call in others if call.question == question and call.clips]
        batch = self._filled(batch, small, longest, CREDIT_S * SAMPLE_RATE_HZ)
        self._clock += sum(len(each.clip) for each in batch) / sharing
        self.calls = [call for call in self.calls if call.clips]
        return batch

    def _leading(self) -> tuple[list[Call], list[Call]]:
        """Return the calls for which the next batch is, and those whose small clips may join it."""
        urgent = [call for call in self.calls if call.is_urgent]
        files = [call for call in self.calls if not call.is_urgent]
        if urgent and (not files or self._urgent_in_a_row < URGENT_IN_A_ROW):
            self._urgent_in_a_row += 1
            return urgent, files
        self._urgent_in_a_row = 0
        if not min(files, key=_turn).share.is_new:
            return files, []
        new = [call for call in files if call.share.is_new]
        return new, [call for call in files if not call.share.is_new]

    def _filled(
        self, batch: Batch, calls: list[Call], longest: float = math.inf, most: float = math.inf
    ) -> Batch:
        """Add clips of calls to a batch in turn, none longer than `longest`, up to `most` samples in all."""
        samples = sum(len(each.clip) for each in batch)
        most = min(most, self._max_samples, *(each.call.most_samples for each in batch))
        calls = list(calls)
        while calls and len(batch) < self._max_clips:
            call = min(calls, key=_turn)
            length = len(call.clips[0][1])
            if batch and samples + length > min(most, call.most_samples):
                break
            if length > longest:
                calls.remove(call)
                continue
            batch.append(Taken(call, *call.clips.popleft()))
            call.share.charge(length)
            samples += length
            most = min(most, call.most_samples)
            if not call.clips:
                calls.remove(call)
        return batch


def _turn(call: Call) -> tuple[float, int]:
    return call.share.turn, call.share.had


def question_of(options: Options) -> BatchKey:
    return options.language, options.use_itn, options.ban_emo_unk, options.hotwords


def call_of(share: Share, clips: Sequence[np.ndarray], options: Options, is_urgent: bool = False) -> Call:
    """Return a call for clips with the settings that reach the model."""
    return Call(share, question_of(options), options, deque(enumerate(clips)), is_urgent)
