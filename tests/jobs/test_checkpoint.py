"""A job that is not wanted any more stops after the next answer, not after the next row."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.jobs import JobRunner, JobStore, ResumingRecognizer, answers_beside
from sensevoice.jobs.running.checkpoint import checking, checkpoint
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.transcribe.pipeline import iter_updates
from tests.fakes import FakeRecognizer, tone, write_wav
from tests.ui.ui_script import MODEL


def test_whoever_checks_is_asked_in_this_thread_alone_and_only_meanwhile() -> None:
    asked: list[str] = []
    with ThreadPoolExecutor(1) as pool, checking(lambda: asked.append("here")):
        checkpoint()
        pool.submit(checkpoint).result(10)
    checkpoint()
    assert asked == ["here"]


class OneByOne(FakeRecognizer):
    """Gives an answer each time it may."""

    def __init__(self) -> None:
        super().__init__([(0, 20_000)], lambda clip, options: "<|zh|><|NEUTRAL|><|Speech|><|withitn|>text")
        self.may = threading.Semaphore(0)

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        for answer in super().recognise(clips, options):
            assert self.may.acquire(timeout=30)
            yield answer


def test_a_job_that_is_cancelled_in_the_middle_of_a_minute_of_sound(tmp_path: Path) -> None:
    recording = write_wav(tmp_path / "a.wav", tone(60_000))
    recognizer = OneByOne()

    def transcribe(path: Path, options: Options) -> Any:
        resuming = ResumingRecognizer(recognizer, answers_beside(path))
        return iter_updates(path, resuming, options)

    runner = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), transcribe, at_once=1)
    job = runner.submit(recording, Options())
    recognizer.may.release(3)
    while len(recognizer.clips) < 4:
        assert runner.live(job.id) is not None
    runner.cancel(job)
    recognizer.may.release(1)
    assert runner.wait_for_end(job.id, 30.0)
    assert runner.store.job(job.id).state == "cancelled"
    assert len(recognizer.clips) == 4, "of forty"
    assert len(runner.store.folder(job.id).answers.read_text().splitlines()) == 4, "what came is kept"
    runner.close()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}
