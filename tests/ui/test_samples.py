"""The three bundled recordings through the real models: their golden transcripts, in every container."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sensevoice.formats import render_view
from sensevoice.models.loader import FunasrRecognizer
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import transcribe
from tests.conftest import GOLDEN, SAMPLES

RATE_HZ = 16_000

PART_EDGE_MS = 30
"""What stays around a part of a recording when it is cut out."""

MAX_BEFORE_SOUND_S = 0.9
"""Laughter that comes later belongs to no line."""

MAX_START_ERROR_MS = 500
MAX_START_ERROR_AFTER_SOUND_MS = 1_000


def tagged(path: Path, recognizer: FunasrRecognizer, options: Options | None = None) -> str:
    return render_view(transcribe(path, recognizer, options), "tagged", "zh").strip()


@pytest.mark.parametrize("name", SAMPLES)
def test_golden_transcript(name: str, demo_recognizer: FunasrRecognizer) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text("utf-8").strip()
    assert tagged(SAMPLES[name].path, demo_recognizer) == golden


def test_the_same_file_gives_the_same_record_every_time(demo_recognizer: FunasrRecognizer) -> None:
    path = SAMPLES["talk_show"].path
    assert transcribe(path, demo_recognizer) == transcribe(path, demo_recognizer)


def rebuilt(name: str, pause_s: float) -> np.ndarray:
    """Put the parts of a recording together anew, with a pause of this length after each."""
    recording, rate_hz = soundfile.read(SAMPLES[name].path, dtype="float32")
    step = rate_hz // 1000
    rng = np.random.default_rng(1)

    def room(duration_ms: int) -> np.ndarray:
        return rng.normal(0, 0.0005, duration_ms * step).astype(np.float32)

    parts = [room(300)]
    for item in SAMPLES[name].utterances:
        edges = item.start_ms - PART_EDGE_MS, item.end_ms + PART_EDGE_MS
        wait_ms = round(1_000 * (pause_s if item.text else min(pause_s, MAX_BEFORE_SOUND_S)))
        parts += [room(wait_ms - 2 * PART_EDGE_MS), recording[edges[0] * step : edges[1] * step]]
    return np.concatenate([*parts, room(300)])


@pytest.mark.parametrize("pause_s", [0.25, 0.4, 0.6, 0.9])
@pytest.mark.parametrize("name", SAMPLES)
def test_golden_transcript_with_pauses_as_people_make_them(
    name: str, pause_s: float, demo_recognizer: FunasrRecognizer, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", rebuilt(name, pause_s), RATE_HZ)
    golden = (GOLDEN / f"{name}.txt").read_text("utf-8").strip()
    assert tagged(tmp_path / "a.wav", demo_recognizer) == golden


@pytest.mark.parametrize("name", SAMPLES)
def test_golden_transcript_by_length_where_lines_are_far_apart(
    name: str, demo_recognizer: FunasrRecognizer, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", rebuilt(name, 2.4), RATE_HZ)
    golden = (GOLDEN / f"{name}.txt").read_text("utf-8").strip()
    assert tagged(tmp_path / "a.wav", demo_recognizer, Options(merge="length")) == golden
    assert tagged(tmp_path / "a.wav", demo_recognizer) == golden


@pytest.mark.parametrize("name", SAMPLES)
def test_segments_start_where_they_are_heard(name: str, demo_recognizer: FunasrRecognizer) -> None:
    truth = SAMPLES[name].utterances
    segments = transcribe(SAMPLES[name].path, demo_recognizer).segments
    after_sound = False
    heard = [item for item in truth if item.text or not _under_speech(item, truth)]
    assert len(segments) == len(heard)
    for segment, item in zip(segments, heard, strict=True):
        assert segment.text == item.text
        allowed_ms = MAX_START_ERROR_AFTER_SOUND_MS if after_sound else MAX_START_ERROR_MS
        assert abs(segment.span.start_ms - item.start_ms) <= allowed_ms
        after_sound = segment.kind == "sound"


def _under_speech(item: object, truth: tuple[object, ...]) -> bool:
    return any(
        other.text and other.start_ms < item.end_ms and item.start_ms < other.end_ms  # type: ignore[attr-defined]
        for other in truth
    )


def test_words_lie_in_their_segment_and_make_up_its_text(demo_recognizer: FunasrRecognizer) -> None:
    for sample in SAMPLES.values():
        for segment in transcribe(sample.path, demo_recognizer).segments:
            written = "".join(word.text for word in segment.words)
            assert written.replace(" ", "") == segment.text.replace(" ", "")
            times = [time for word in segment.words for time in (word.span.start_ms, word.span.end_ms)]
            assert times == sorted(times)
            assert all(segment.span.start_ms <= time <= segment.span.end_ms for time in times)


PICTURE = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=5", "-shortest"]
CONVERSIONS = {
    "8k.wav": ["-ar", "8000"],
    "16k.wav": ["-ar", "16000"],
    "44k.wav": ["-ar", "44100"],
    "48k.wav": ["-ar", "48000"],
    "stereo.wav": ["-ac", "2", "-ar", "44100"],
    "a.mp3": ["-b:a", "96k"],
    "a.m4a": ["-c:a", "aac", "-b:a", "96k"],
    "a.opus": ["-c:a", "libopus", "-b:a", "32k"],
    "a.flac": [],
    "a.mp4": [*PICTURE, "-c:a", "aac", "-pix_fmt", "yuv420p"],
    "a.mkv": [*PICTURE, "-c:a", "flac"],
    "a.webm": [*PICTURE, "-c:v", "libvpx", "-c:a", "libopus"],
}


@pytest.mark.parametrize("target", CONVERSIONS)
@pytest.mark.parametrize("name", ["customer_call"])
def test_the_container_makes_no_difference(
    name: str, target: str, demo_recognizer: FunasrRecognizer, tmp_path: Path
) -> None:
    path = tmp_path / target
    command = ["ffmpeg", "-v", "error", "-i", SAMPLES[name].path, *CONVERSIONS[target], path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert tagged(path, demo_recognizer) == (GOLDEN / f"{name}.txt").read_text("utf-8").strip()


def test_a_forced_language_and_no_normalisation(demo_recognizer: FunasrRecognizer) -> None:
    transcript = transcribe(
        SAMPLES["podcast"].path, demo_recognizer, Options(language="en", use_itn=False, sounds=False)
    )
    first = transcript.segments[0]
    assert first.language == "en"
    assert first.text == "Today we're talking about LLM inference optimization"
