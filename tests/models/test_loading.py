"""Models that are still being loaded: whoever asks waits, and the status tells the truth meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.errors import MissingDependency, ModelFileMissing, SenseVoiceError, Unexpected
from sensevoice.models.loading import WATCHED_S, Loaded, LoadingRecognizer, Report
from sensevoice.options import Options
from sensevoice.progress import LoadStep
from sensevoice.protocols import Speech
from sensevoice.recognise.scheduler import Scheduler
from sensevoice.transcript import ModelInfo, Span
from tests.fakes import FakeRecognizer

BEFORE = ModelInfo("iic/SenseVoiceSmall", "fsmn-vad", "", precision="")
CLIP = np.zeros(1600, np.float32)


class Loading:
    """Models that are loaded when the test lets them, or fail with what the test gives."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.recognizer = LoadingRecognizer(BEFORE, clock=lambda: self.now_s)
        self.go = threading.Event()
        self.reported = threading.Event()
        self.error: Exception | None = None
        self.ended: list[SenseVoiceError | None] = []

    def start(self) -> threading.Thread:
        return self.recognizer.load_in_background(
            self._load, lambda: self.ended.append(None), self.ended.append
        )

    def _load(self, report: Report) -> Loaded:
        report(LoadStep("download", 1, 2))
        self.reported.set()
        assert self.go.wait(10.0)
        if self.error:
            raise self.error
        return Loaded(Scheduler(FakeRecognizer([(0, 100)], lambda *_: "heard"), 1, 60.0), Path("/model"))


@pytest.fixture
def loading() -> Iterator[Loading]:
    made = Loading()
    yield made
    made.go.set()
    made.recognizer.close()


def test_what_is_known_and_done_before_they_are_there(loading: Loading) -> None:
    assert loading.recognizer.info == BEFORE
    assert loading.recognizer.status().step == LoadStep("libraries")
    loading.start()
    assert loading.reported.wait(10.0)
    status = loading.recognizer.status()
    assert (status.state, status.step, status.directory) == ("loading", LoadStep("download", 1, 2), None)
    assert not loading.recognizer.settled


def test_questions_wait_and_are_answered(loading: Loading) -> None:
    answers: list[Any] = []

    def ask() -> None:
        answers.extend(answer.raw for answer in loading.recognizer.recognise([CLIP], Options()))
        answers.append(loading.recognizer.open_speech_finder().finish())

    thread = loading.start()
    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(0.2)
    assert answers == []
    loading.go.set()
    asking.join(10.0)
    thread.join(10.0)
    assert answers == ["heard", [Speech(Span(0, 100))]] and loading.ended == [None]
    status = loading.recognizer.status()
    assert (status.state, status.info, status.directory) == ("ready", FakeRecognizer.info, Path("/model"))
    assert loading.recognizer.info == FakeRecognizer.info and loading.recognizer.settled


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (ModelFileMissing(path="/model", file="model.pt"), ModelFileMissing),
        (ImportError("No module named torch"), MissingDependency),
        (ZeroDivisionError("a fault of the program"), Unexpected),
    ],
)
def test_what_kept_them_away_is_told_to_all(
    loading: Loading, raised: Exception, kind: type, caplog: pytest.LogCaptureFixture
) -> None:
    loading.error = raised
    loading.go.set()
    loading.start().join(10.0)
    status = loading.recognizer.status()
    assert status.state == "failed" and isinstance(status.error, kind) and loading.ended == [status.error]
    for ask in (
        loading.recognizer.open_speech_finder,
        lambda: loading.recognizer.recognise([CLIP], Options()),
    ):
        with pytest.raises(kind):
            ask()
    assert loading.recognizer.info == BEFORE
    if kind is Unexpected:
        assert status.error.data["reference"] in caplog.text and "ZeroDivisionError" in caplog.text


def test_somebody_watches_as_long_as_a_page_asks(loading: Loading) -> None:
    assert not loading.recognizer.watched
    loading.recognizer.status()
    assert loading.recognizer.watched
    loading.now_s += WATCHED_S + 0.1
    assert not loading.recognizer.watched
