"""The three bundled recordings through the real models: their golden transcripts, in every container."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sensevoice.formats import render_view
from sensevoice.models.loader import FunasrRecognizer
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import transcribe
from tests.conftest import GOLDEN, SAMPLES

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
