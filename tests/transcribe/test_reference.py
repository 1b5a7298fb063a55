"""Measured against funasr itself: the same speech segments and, with true-size weights, the same text.

Needs reference material that is not part of the program: SENSEVOICE_REFERENCE names a folder with
`fsmn-vad/` (the released detector), `audio/zh_70s.wav` (real speech) and `make_weights.py`, which
writes a SenseVoiceSmall of the true size with random weights.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sensevoice.audio.source import SAMPLE_RATE_HZ, SAMPLES_PER_MS, open_audio, select_channels
from sensevoice.models import funasr_model as funasr_models
from sensevoice.models import registry
from sensevoice.models.loader import FunasrRecognizer
from sensevoice.options import MAX_SEGMENT_S, Options
from sensevoice.segment.segmenter import Segmenter
from sensevoice.transcribe.pipeline import transcribe
from sensevoice.transcript import ModelInfo, Span
from sensevoice.vad.stream import FsmnSpeechFinder
from tests.models.test_funasr_imports import LOAD_MODEL, in_a_fresh_process

REFERENCE = Path(
    os.environ.get("SENSEVOICE_REFERENCE", Path(__file__).resolve().parents[2] / "../shared/reference")
)
VAD_DIR = REFERENCE / "fsmn-vad"
SPEECH = REFERENCE / "audio" / "zh_70s.wav"
MAKE_WEIGHTS = REFERENCE / "make_weights.py"

pytestmark = pytest.mark.skipif(
    not (VAD_DIR.is_dir() and SPEECH.is_file() and MAKE_WEIGHTS.is_file()),
    reason=f"no reference material in {REFERENCE} (SENSEVOICE_REFERENCE)",
)

LONGEST_SEGMENT_MS = int(MAX_SEGMENT_S * 1000)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    samples, rate_hz = soundfile.read(SPEECH, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ
    return np.asarray(samples)


@pytest.fixture(scope="module")
def hour(speech: np.ndarray) -> np.ndarray:
    """An hour of the same speech, with gaps of many lengths, noise of many levels, and pieces cut short."""
    random = np.random.default_rng(7)
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < 3600 * SAMPLE_RATE_HZ:
        gap = random.standard_normal(random.integers(0, 90 * SAMPLE_RATE_HZ)).astype(np.float32)
        piece = speech[random.integers(0, len(speech) // 2) :]
        parts += [gap * 10 ** random.uniform(-5, -2.5), piece * random.uniform(0.1, 1.0)]
    return np.concatenate(parts)[: 3600 * SAMPLE_RATE_HZ]


@pytest.fixture(scope="module")
def our_vad(funasr_vad: Any) -> Any:
    registry.register()  # after funasr's own is loaded
    return funasr_models.open_model(
        "FsmnVADStreaming", VAD_DIR, "cpu", max_single_segment_time=LONGEST_SEGMENT_MS
    )


@pytest.fixture(scope="module")
def funasr_vad() -> Any:
    """The detector as a user of funasr loads it."""
    from funasr import AutoModel

    with contextlib.redirect_stdout(io.StringIO()):
        return AutoModel(
            model=str(VAD_DIR),
            max_single_segment_time=LONGEST_SEGMENT_MS,
            device="cpu",
            ncpu=os.cpu_count(),
            disable_update=True,
            disable_pbar=True,
            log_level="ERROR",
        )


def by_funasr(vad: Any, samples: np.ndarray) -> list[Span]:
    """Ask funasr once for the whole recording; for silence it answers with one empty segment."""
    return [Span(start, end) for start, end in vad.generate(input=samples)[0]["value"] if end > start]


def by_us(vad: Any, samples: np.ndarray, block_samples: list[int]) -> list[Span]:
    """Feed blocks of these lengths, over and over, and check the promise of settled_ms."""
    finder = FsmnSpeechFinder(vad, threading.Lock(), Options().pause_ms)
    result: list[Span] = []
    position, turn = 0, 0
    while position < len(samples):
        size = block_samples[turn % len(block_samples)]
        settled_before_ms = finder.settled_ms
        new = [each.span for each in finder.feed(samples[position : position + size])]
        assert all(span.start_ms >= settled_before_ms for span in new)
        result += new
        position, turn = position + size, turn + 1
    settled_before_ms = finder.settled_ms
    rest = [each.span for each in finder.finish()]
    assert all(span.start_ms >= settled_before_ms for span in rest)
    return result + rest


TEN_SECONDS = [10 * SAMPLE_RATE_HZ]
BLOCKS = {
    "10 s": TEN_SECONDS,
    "whole minutes": [60 * SAMPLE_RATE_HZ],
    "two minutes and a bit": [120 * SAMPLE_RATE_HZ + 1],
    "odd": [1, 15_999, 7, 480_001, 33_333],
    "all at once": [10**9],
}


class TestSpeechFinder:
    @pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
    def test_real_speech(self, our_vad: Any, funasr_vad: Any, speech: np.ndarray, blocks: list[int]) -> None:
        expected = by_funasr(funasr_vad, speech)
        assert len(expected) > 5
        assert by_us(our_vad, speech, blocks) == expected

    @pytest.mark.parametrize("blocks", [TEN_SECONDS, [33_333, 480_001]], ids=["10 s", "odd"])
    def test_an_hour(self, our_vad: Any, funasr_vad: Any, hour: np.ndarray, blocks: list[int]) -> None:
        expected = by_funasr(funasr_vad, hour)
        assert len(expected) > 200
        assert by_us(our_vad, hour, blocks) == expected

    @pytest.mark.parametrize(
        "samples",
        [
            duration_ms * SAMPLES_PER_MS + extra
            for duration_ms in (60_000, 120_000, 59_990, 60_010, 119_990, 180_000)
            for extra in (-1, 0, 1)
        ],
    )
    def test_around_whole_minutes(
        self, our_vad: Any, funasr_vad: Any, speech: np.ndarray, samples: int
    ) -> None:
        recording = np.tile(speech, 3)[:samples]
        expected = by_funasr(funasr_vad, recording)
        assert expected
        assert by_us(our_vad, recording, TEN_SECONDS) == expected

    @pytest.mark.parametrize("longest_ms", [5_000, 15_000, 30_000, 60_000])
    def test_fifty_splices_each(self, speech: np.ndarray, longest_ms: int) -> None:
        """Speech, silence and noise cut together at random, for every length that a segment may have."""
        from funasr import AutoModel
        from funasr.models.fsmn_vad_streaming.model import FsmnVADStreaming
        from funasr.register import tables

        settings: dict[str, Any] = {"disable_update": True, "disable_pbar": True, "log_level": "ERROR"}
        tables.model_classes["FsmnVADStreaming"] = FsmnVADStreaming
        with contextlib.redirect_stdout(io.StringIO()):
            theirs = AutoModel(
                model=str(VAD_DIR), device="cpu", max_single_segment_time=longest_ms, **settings
            )
        registry.register()
        ours = funasr_models.open_model(
            "FsmnVADStreaming", VAD_DIR, "cpu", max_single_segment_time=longest_ms
        )
        assert type(ours.model) is not type(theirs.model)
        random = np.random.default_rng(longest_ms)
        result = 0
        for _ in range(50):
            parts: list[np.ndarray] = []
            for _ in range(random.integers(1, 10)):
                start, length = random.integers(0, len(speech) - 1), random.integers(1, 20 * SAMPLE_RATE_HZ)
                noise = random.standard_normal(random.integers(1, 6 * SAMPLE_RATE_HZ))
                parts += [speech[start : start + length], noise * 10 ** random.uniform(-6, -1.5)]
            samples = np.concatenate(parts).astype(np.float32)
            expected = by_funasr(theirs, samples)
            assert by_us(ours, samples, TEN_SECONDS) == expected
            result += len(expected)
        assert result > 100

    @pytest.mark.parametrize("duration_ms", [100, 1_000, 59_990, 60_000, 60_010, 150_000])
    def test_silence_holds_no_speech(self, our_vad: Any, duration_ms: int) -> None:
        assert by_us(our_vad, np.zeros(duration_ms * SAMPLES_PER_MS, np.float32), TEN_SECONDS) == []

    def test_speech_without_a_pause_is_cut_at_the_longest_segment(
        self, our_vad: Any, funasr_vad: Any, speech: np.ndarray
    ) -> None:
        spans = by_funasr(funasr_vad, speech)
        loud = [speech[span.start_ms * SAMPLES_PER_MS : span.end_ms * SAMPLES_PER_MS] for span in spans]
        endless = np.concatenate(loud * 4)
        result = by_us(our_vad, endless, TEN_SECONDS)
        assert result == by_funasr(funasr_vad, endless)
        overrun_ms = max(span.duration_ms for span in result) - LONGEST_SEGMENT_MS
        assert 0 <= overrun_ms <= 10  # the detector may overrun by one of its frames

    def test_two_recordings_at_once_do_not_mix(self, our_vad: Any, speech: np.ndarray) -> None:
        lock = threading.Lock()
        finders = [FsmnSpeechFinder(our_vad, lock) for _ in range(2)]
        recordings = [np.tile(speech, 2), np.tile(speech[::-1].copy(), 2)]
        alone = [by_us(our_vad, recording, TEN_SECONDS) for recording in recordings]
        result: list[list[Span]] = [[], []]
        for start in range(0, len(recordings[0]), 7 * SAMPLE_RATE_HZ):
            for finder, recording, spans in zip(finders, recordings, result, strict=True):
                new = finder.feed(recording[start : start + 7 * SAMPLE_RATE_HZ])
                spans += [each.span for each in new]
        for finder, spans in zip(finders, result, strict=True):
            spans += [each.span for each in finder.finish()]
        assert result == alone


LONGEST_PIECE_MS = 12_000
SIDE_MS = 2_000
QUIET_DB = 10.0


def pieces_of(vad: Any, samples: np.ndarray, block_samples: int) -> list[Span]:
    """Return the pieces that are recognised, from blocks of this length."""
    options = Options(sounds=False)
    segmenter = Segmenter(FsmnSpeechFinder(vad, threading.Lock(), options.pause_ms), options)
    result = []
    for start in range(0, len(samples), block_samples):
        result += segmenter.feed(samples[start : start + block_samples])
    return [chunk.span for chunk in [*result, *segmenter.finish()]]


def level_dbfs(samples: np.ndarray, start_ms: int, end_ms: int) -> float:
    part = samples[max(0, start_ms) * SAMPLES_PER_MS : end_ms * SAMPLES_PER_MS].astype(np.float64)
    return float(10 * np.log10(np.mean(np.square(part)) + 1e-12))


def speech_level_dbfs(samples: np.ndarray, start_ms: int, end_ms: int) -> float:
    """Return the median level of the speech in a chunk, by steps of 20 ms that are not silent."""
    levels = [level_dbfs(samples, at, at + 20) for at in range(max(0, start_ms), end_ms, 20)]
    loud = [level for level in levels if level > max(levels) - 30]
    return float(np.median(loud))


class TestPieces:
    """Must hold: real speech is cut at its pauses, and nowhere else."""

    @pytest.fixture(params=["zh_70s.wav", "zh.mp3", "en.mp3", "yue.mp3", "ja.mp3", "ko.mp3"])
    def recording(self, request: pytest.FixtureRequest) -> np.ndarray:
        with open_audio(REFERENCE / "audio" / request.param) as source:
            blocks = [select_channels(block, "mix")[0] for block in source.blocks()]
        return np.concatenate(blocks)

    def test_cuts_lie_in_silence_and_pieces_are_short(self, our_vad: Any, recording: np.ndarray) -> None:
        pieces = pieces_of(our_vad, recording, 10 * SAMPLE_RATE_HZ)
        assert max(piece.duration_ms for piece in pieces) <= LONGEST_PIECE_MS
        for before, after in pairwise(pieces):
            speech_dbfs = min(
                speech_level_dbfs(recording, before.end_ms - SIDE_MS, before.end_ms),
                speech_level_dbfs(recording, after.start_ms, after.start_ms + SIDE_MS),
            )
            for cut_ms in {before.end_ms, after.start_ms}:
                assert level_dbfs(recording, cut_ms - 50, cut_ms + 50) <= speech_dbfs - QUIET_DB, cut_ms

    def test_blocks_make_no_difference(self, our_vad: Any, speech: np.ndarray) -> None:
        twice = np.tile(speech, 2)
        whole = pieces_of(our_vad, twice, len(twice))
        assert len(whole) > 50
        for block_samples in (10 * SAMPLE_RATE_HZ, 33_333, 61 * SAMPLE_RATE_HZ):
            assert pieces_of(our_vad, twice, block_samples) == whole


@pytest.fixture(scope="module")
def true_size_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SenseVoiceSmall of the true architecture, 940 MB, removed afterwards."""
    directory = tmp_path_factory.mktemp("true-size")
    subprocess.run([sys.executable, MAKE_WEIGHTS, directory], check=True, capture_output=True)
    yield directory
    (directory / "model.pt").unlink()


@pytest.fixture
def funasr_model(true_size_model: Path) -> Iterator[Any]:
    """The same directory with the class that funasr itself registers."""
    from funasr import AutoModel
    from funasr.models.sense_voice.model import SenseVoiceSmall
    from funasr.register import tables

    ours = tables.model_classes["SenseVoiceSmall"]
    tables.model_classes["SenseVoiceSmall"] = SenseVoiceSmall
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield AutoModel(
                model=str(true_size_model),
                device="cpu",
                ncpu=os.cpu_count(),
                disable_update=True,
                disable_pbar=True,
                log_level="ERROR",
                frontend_conf={"dither": 0.0},
            )
    finally:
        tables.model_classes["SenseVoiceSmall"] = ours


@pytest.mark.slow
def test_the_released_configuration_loads_where_nothing_of_funasr_is_imported(true_size_model: Path) -> None:
    released = REFERENCE / "sensevoice-small" / "config.yaml"
    assert (true_size_model / "config.yaml").read_bytes() == released.read_bytes()
    assert in_a_fresh_process(LOAD_MODEL, str(true_size_model)) == "TimedSenseVoiceSmall"


@pytest.mark.slow
def test_the_whole_way_gives_what_funasr_gives(
    true_size_model: Path, funasr_model: Any, funasr_vad: Any, speech: np.ndarray
) -> None:
    """Must hold: file to segments to text, with nothing joined, is funasr's detector and recogniser."""
    recognizer = FunasrRecognizer(true_size_model, VAD_DIR, ModelInfo("true size", "fsmn-vad", "cpu"))
    assert type(funasr_model.model) is not type(recognizer._model.model)
    options = Options(merge="length", merge_length_s=0, sounds=False, language="zh", use_itn=True)
    transcript = transcribe(SPEECH, recognizer, options)

    spans = by_funasr(funasr_vad, speech)
    assert [segment.span for segment in transcript.segments] == spans
    assert transcript.failed() == []
    texts = [
        funasr_model.generate(
            input=speech[span.start_ms * SAMPLES_PER_MS : span.end_ms * SAMPLES_PER_MS],
            language="zh",
            use_itn=True,
        )[0]["text"]
        for span in spans
    ]
    assert [segment.raw for segment in transcript.segments] == texts
    assert len(set(texts)) > len(texts) // 2
    assert all(texts)
