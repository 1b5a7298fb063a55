"""Files from other projects' bug reports; where each was reported stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.options import Options
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.pipeline import transcribe
from sensevoice.transcript import Transcript
from tests.conftest import SAMPLES
from tests.media import ffmpeg, needs_ffmpeg

pytestmark = [needs_ffmpeg, pytest.mark.slow]

CALL = SAMPLES["customer_call"]
MAX_OFF_MS = 120

OPTIONS = Options(sounds=False)


def assert_said(transcript: Transcript, late_ms: int = 0) -> None:
    rows = [segment for segment in transcript.segments if segment.text]
    assert [row.text for row in rows] == [said.text for said in CALL.utterances]
    for row, said in zip(rows, CALL.utterances, strict=True):
        assert abs(row.span.start_ms - said.start_ms - late_ms) <= 300


def advice(transcript: Transcript) -> set[str]:
    return {diagnostic.name for diagnostic in transcript.diagnostics}


@pytest.mark.parametrize("name", ["antiphase.wav", "antiphase.m4a"])
def test_channels_that_cancel_each_other(name: str, tmp_path: Path, demo_recognizer: Recognizer) -> None:
    """m-bain/whisperX PR 750"""
    ffmpeg("-i", CALL.path, "-af", "pan=stereo|c0=c0|c1=-1*c0", tmp_path / name)
    transcript = transcribe(tmp_path / name, demo_recognizer, OPTIONS)
    assert_said(transcript)
    assert "channels_cancel" in advice(transcript)


def test_the_track_that_the_file_marks_as_its_default(tmp_path: Path, demo_recognizer: Recognizer) -> None:
    """SubtitleEdit/subtitleedit 6110"""
    path = tmp_path / "two.mkv"
    noise = ("-f", "lavfi", "-i", "anoisesrc=a=0.02:c=pink:d=24:seed=1")
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    ffmpeg(*noise, "-i", CALL.path, "-map", "0:a", "-map", "1:a", "-c:a", "aac", *flags, path)
    transcript = transcribe(path, demo_recognizer, OPTIONS)
    assert_said(transcript)
    assert transcript.media.track == 2 and "other_tracks" in advice(transcript)


def test_an_ogg_glued_from_many_clips(tmp_path: Path, demo_recognizer: Recognizer) -> None:
    """Each clip begins with samples that are skipped; what is counted wrongly adds up from clip to clip."""
    count = 24
    clip = tmp_path / "clip.opus"
    ffmpeg("-i", CALL.path, "-c:a", "libopus", "-b:a", "32k", clip)
    (tmp_path / "list.txt").write_text(f"file '{clip}'\n" * count, "utf-8")
    glued, plain = tmp_path / "glued.ogg", tmp_path / "plain.wav"
    ffmpeg("-f", "concat", "-safe", "0", "-i", tmp_path / "list.txt", "-c", "copy", glued)
    ffmpeg("-i", glued, "-af", "aresample=async=1:first_pts=0", "-ar", "16000", "-ac", "1", plain)
    starts_ms = [
        [segment.span.start_ms for segment in transcribe(path, demo_recognizer, OPTIONS).segments]
        for path in (glued, plain)
    ]
    assert len(starts_ms[0]) == len(starts_ms[1]) >= 6 * count
    assert max(abs(one - other) for one, other in zip(*starts_ms, strict=True)) <= MAX_OFF_MS
