"""What a process of the fleet does, without Ray: the pipeline's updates, errors as values, an early end."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.errors import FileMissing, NotMedia, OptionError, SenseVoiceError, WorkerLost
from sensevoice.fleet.worker import Worker
from sensevoice.models.loader import ModelSettings
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates
from sensevoice.transcript import Segment, Span, Transcript
from tests.fakes import FakeRecognizer, tone, write_wav

SPANS = [(start, start + 900) for start in range(0, 20_000, 1000)]
OPTIONS = Options(sounds=False, merge="length", merge_length_s=0.0)


def says_its_length(clip: np.ndarray, options: Options) -> str:
    return f"<|zh|><|NEUTRAL|><|Speech|><|withitn|>{len(clip)}"


def load(settings: ModelSettings) -> Any:
    return FakeRecognizer(SPANS, says_its_length).scheduled()


@pytest.fixture
def worker() -> Worker:
    return Worker(ModelSettings(), load)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "通话.wav", tone(21_000))


def test_it_yields_what_the_pipeline_yields(worker: Worker, recording: Path) -> None:
    expected = [*iter_updates(recording, FakeRecognizer(SPANS, says_its_length), OPTIONS)]
    assert [*worker.transcribe("a", str(recording), None, OPTIONS)] == expected
    content = recording.read_bytes()
    assert [*worker.transcribe("b", "/not/here/通话.wav", content, OPTIONS)] == expected
    assert expected[-1].source == "通话.wav" and worker.info() == FakeRecognizer.info


def test_an_error_is_a_value(worker: Worker, tmp_path: Path) -> None:
    (error,) = worker.transcribe("a", str(tmp_path / "nowhere.wav"), None, OPTIONS)
    assert isinstance(error, FileMissing) and "nowhere.wav" in str(error)
    (error,) = worker.transcribe("b", "page.wav", b"<html>", OPTIONS)
    assert isinstance(error, NotMedia)
    assert isinstance(worker.hear("page.wav", b"<html>", [Span(0, 100)], OPTIONS, False), NotMedia)


def test_a_cancelled_run_ends_at_its_next_answer(worker: Worker, recording: Path) -> None:
    updates = worker.transcribe("a", str(recording), None, OPTIONS)
    while not isinstance(next(updates), Segment):
        pass
    worker.cancel("a")
    assert not [update for update in updates if isinstance(update, Transcript)]
    worker.cancel("b")
    assert [*worker.transcribe("b", str(recording), None, OPTIONS)] == [], "before it began"
    assert worker._cancelled == {}


def test_only_the_very_same_file_is_read_by_its_path(worker: Worker, recording: Path) -> None:
    status = recording.stat()
    assert worker.sees(str(recording), (status.st_size, status.st_mtime_ns))
    assert not worker.sees(str(recording), (status.st_size, status.st_mtime_ns + 1))
    assert not worker.sees(str(recording.with_name("other.wav")), (status.st_size, status.st_mtime_ns))


def test_single_clips_and_stretches(worker: Worker, recording: Path) -> None:
    (answer,) = worker.recognise([tone(200)], OPTIONS)
    assert answer.raw.endswith("3200")
    rows = worker.hear(str(recording), None, [Span(1000, 2000)], OPTIONS, False)
    assert [row.text for row in rows] == ["16000"]


@pytest.mark.parametrize(
    "error",
    [
        NotMedia(path="/a/b.mp3", peak_bytes=5),
        OptionError(option="x", value=3, allowed="1 … 2"),
        WorkerLost(path=Path("c.wav"), tries=3),
    ],
)
def test_errors_cross_from_process_to_process(error: SenseVoiceError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and again.data == error.data
