"""One line for the model, many who wait in it: clips of all running jobs, batched together and fairly.

What people are waiting for as they speak goes first, but for one batch in FIRST_IN_A_ROW + 1, so that files
go on however many speak.

Every job hands in its clips as it finds them; a single thread takes some from each job in turn and has
them recognised in one batch. So a short recording does not wait for the end of a long one, a batch is
full even when every file is short, and two threads never meet in the model.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.options import Options
from sensevoice.protocols import ForwardingRecognizer, Recognition, Recognizer

BatchKey = tuple[str, bool, bool, tuple[str, ...]]
"""The settings that reach the model: only clips that agree in them can share a batch."""


FIRST_IN_A_ROW = 3
"""Batches for those who speak before one for a file, if one waits."""


@dataclass(eq=False)
class _Job:
    """The clips of one call that are not recognised yet, and where its answers go, in order."""

    question: BatchKey
    options: Options
    clips: deque[np.ndarray]
    first: bool = False
    answers: SimpleQueue[Recognition | BaseException] = field(default_factory=SimpleQueue)


class Scheduler(ForwardingRecognizer):
    """A Recognizer in front of another, for any number of threads.

    A batch holds at most `max_clips` clips and `max_batch_s` seconds of audio (one clip at least).
    """

    def __init__(self, recognizer: Recognizer, max_clips: int, max_batch_s: float) -> None:
        super().__init__(recognizer)
        self._max_clips = max_clips
        self._max_batch_samples = max_batch_s * SAMPLE_RATE_HZ
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._first_in_a_row = 0
        self._thread = threading.Thread(target=self._work, name="scheduler", daemon=True)
        self._thread.start()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """See Recognizer; closing the iterator takes the clips that still wait out of the line."""
        return self._answers(clips, options, first=False)

    def recognise_first(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Recognise clips before those of files: somebody speaks and waits for the words."""
        return self._answers(clips, options, first=True)

    def _answers(self, clips: Sequence[np.ndarray], options: Options, first: bool) -> Iterator[Recognition]:
        question = (options.language, options.use_itn, options.ban_emo_unk, options.hotwords)
        job = _Job(question, options, deque(clips), first)
        with self._changed:
            if self._closed:
                raise RuntimeError("the scheduler is closed")
            if clips:
                self._jobs.append(job)
            self._changed.notify()
        try:
            for _ in clips:
                answer = job.answers.get()
                if isinstance(answer, BaseException):
                    raise answer
                yield answer
        finally:
            with self._changed:
                job.clips.clear()

    def close(self) -> None:
        """Finish the batch under way and stop; calls that still wait get an error."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        for job in self._jobs:
            job.answers.put(RuntimeError("the scheduler is closed"))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._jobs)
                if self._closed:
                    return
                batch = self._take()
            self._recognise(batch)
            with self._changed:  # behind those who came meanwhile
                self._jobs.extend(dict.fromkeys(job for job, _ in batch if job.clips))

    def _take(self) -> list[tuple[_Job, np.ndarray]]:
        """Take the next batch out of the line, and those it belongs to: a clip of each job in turn."""
        sharing, longest = self._sharing()
        batch: list[tuple[_Job, np.ndarray]] = []
        samples = 0
        while sharing and len(batch) < self._max_clips:
            job = sharing.popleft()
            if not job.clips:  # cancelled, or all taken
                continue
            if longest and len(job.clips[0]) > longest:
                continue
            if batch and samples + len(job.clips[0]) > self._max_batch_samples:
                break
            clip = job.clips.popleft()
            batch.append((job, clip))
            samples += len(clip)
            sharing.append(job)
        served = {job for job, _ in batch}
        self._jobs = deque(job for job in self._jobs if job.clips and job not in served)
        return batch

    def _sharing(self) -> tuple[deque[_Job], int]:
        """Return the jobs whose clips make the next batch, and the longest clip that it may hold, 0 for any.

        A batch takes as long as its longest clip: one for somebody who speaks holds no longer one of a file.
        """
        first = [job for job in self._jobs if job.first and job.clips]
        files = [job for job in self._jobs if not job.first and job.clips]
        if not first or (files and self._first_in_a_row >= FIRST_IN_A_ROW):
            self._first_in_a_row = 0
            ahead, longest = files or list(self._jobs), 0
        else:
            self._first_in_a_row += 1
            ahead, longest = [*first, *files], max(len(job.clips[0]) for job in first)
        return deque(job for job in ahead if job.question == ahead[0].question), longest

    def _recognise(self, batch: list[tuple[_Job, np.ndarray]]) -> None:
        if not batch:
            return
        answered = 0
        try:
            for answer in self._recognizer.recognise([clip for _, clip in batch], batch[0][0].options):
                batch[answered][0].answers.put(answer)
                answered += 1
        except BaseException as exc:  # it belongs to those who asked, not to this thread
            for job, _ in batch[answered:]:
                job.answers.put(exc)
