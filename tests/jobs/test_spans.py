"""Spans that are asked for, and what is missed or cut out: never more than the model takes, nothing held."""

from __future__ import annotations

import os
import signal
import threading
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.audio.worker import ParallelDecoder
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import cut, iter_updates, recognise_spans, transcribe
from sensevoice.transcript import Span
from tests.fakes import FakeRecognizer
from tests.media import tone, write_wav

SPANS = [(500, 2500), (4000, 6000), (9000, 11_500)]


def says_its_number(clip: np.ndarray, options: Options) -> str:
    return f"<|zh|><|HAPPY|><|Speech|><|withitn|>{len(clip)}"


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "spoken.wav", tone(440, 12.0))


def test_a_long_stretch_is_heard_in_pieces_that_the_model_takes(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", tone(440, 100.0))
    stretch = Span(1000, 96_000)
    recognizer = FakeRecognizer([], says_its_number)
    segments = recognise_spans(path, [stretch], recognizer)
    spans = [each.span for each in segments]
    assert (spans[0].start_ms, spans[-1].end_ms) == (1000, 96_000)
    assert all(a.end_ms == b.start_ms for a, b in pairwise(spans))
    assert max(len(clip) for clip in recognizer.clips) <= 30_000 * 16 and len(spans) == 4
    assert [len(clip) for clip in recognizer.clips] == [span.duration_ms * 16 for span in spans]
    found = FakeRecognizer([(2000, 9000), (40_000, 90_000)], says_its_number)
    spans = [each.span for each in recognise_spans(path, [stretch], found)]
    assert spans[0] == Span(3000, 10_000)
    assert (spans[1].start_ms, spans[1].end_ms, spans[-1].end_ms) == (41_000, spans[2].start_ms, 91_000)
    assert len(spans) == 3 and max(span.duration_ms for span in spans) <= 30_000


def test_what_is_cut_out_does_not_hold_the_recording(tmp_path: Path) -> None:
    """An empty or small view would keep each block of ten seconds that was decoded."""
    path = write_wav(tmp_path / "long.wav", tone(440, 60.0))
    for channel in ("mix", "left"):
        (part,) = cut(path, [Span(55_000, 56_000)], channel)  # type: ignore[arg-type]
        assert len(part) == 16_000
    tracemalloc.start()
    parts = cut(path, [Span(55_000, 56_000), Span(100, 200), Span(9_900, 10_100)])
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert [len(part) for part in parts] == [16_000, 1600, 3200]
    assert held < 1_000_000


def test_speech_that_the_detector_missed_is_heard_in_pieces(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", tone(440, 100.0))
    recognizer = FakeRecognizer([], lambda clip, options: "<|en|><|NEUTRAL|><|Speech|><|woitn|>many words")
    found = transcribe(path, recognizer, Options())
    assert max(len(clip) for clip in recognizer.clips) <= 30_000 * 16
    speech = [row for row in found.segments if row.kind == "speech"]
    assert len(speech) >= 3 and max(row.span.duration_ms for row in speech) <= 30_000


def test_a_job_is_cancelled_at_once_though_its_decoder_says_nothing(
    tmp_path: Path, spoken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads that read ahead wait for the decoder, which is ended first."""
    monkeypatch.setattr("sensevoice.audio.worker.handle.SILENT_S", 3600.0)
    path = write_wav(tmp_path / "long.wav", tone(440, 900.0))
    updates = iter_updates(path, FakeRecognizer(SPANS, says_its_number), Options(sounds=False))
    started: list[Any] = []
    real = ParallelDecoder._in_one_pass

    def stopped_after_one(self: ParallelDecoder) -> Iterator[Any]:
        for chunk in real(self):
            if not started:
                started.append(os.kill(self.pid, signal.SIGSTOP))
            yield chunk

    monkeypatch.setattr(ParallelDecoder, "_in_one_pass", stopped_after_one)
    monkeypatch.setattr(ParallelDecoder, "_is_cut", lambda self: False)
    while not started:
        next(updates)
    done = threading.Thread(target=updates.close)  # type: ignore[attr-defined]
    done.start()
    done.join(30.0)
    assert not done.is_alive()
