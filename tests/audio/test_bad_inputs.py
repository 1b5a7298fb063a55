"""Must hold: whatever file is given, the answer is a result or one sentence in Chinese and in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sensevoice.errors import (
    EmptyFile,
    FileMissing,
    MediaError,
    NoAudioTrack,
    NotMedia,
    TooShort,
    UnfinishedRecording,
)
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import transcribe
from sensevoice.transcript import Transcript
from tests.fakes import FakeRecognizer
from tests.media import TEST_PICTURE, ffmpeg, needs_ffmpeg, noise, tone, write_float_wav, write_wav

HELLO = "<|zh|><|NEUTRAL|><|Speech|><|withitn|>你好。"


def run(path: Path, *spans: tuple[int, int], options: Options | None = None) -> Transcript:
    return transcribe(path, FakeRecognizer(spans, lambda clip, options: HELLO), options)


def no_audio_track(folder: Path) -> Path:
    ffmpeg(*TEST_PICTURE, "-t", "1", folder / "silent film.mp4")
    return folder / "silent film.mp4"


def empty(folder: Path) -> Path:
    (folder / "empty.wav").touch()
    return folder / "empty.wav"


def text(folder: Path) -> Path:
    (folder / "lyrics.mp3").write_text("只是一段文字，不是声音。\n" * 200, encoding="utf-8")
    return folder / "lyrics.mp3"


def page(folder: Path) -> Path:
    (folder / "download.mp4").write_text("<!doctype html><html><body>404 Not Found</body></html>")
    return folder / "download.mp4"


def picture(folder: Path) -> Path:
    ffmpeg(*TEST_PICTURE, "-frames:v", "1", folder / "cover.png")
    return folder / "cover.png"


def cut_mp4(folder: Path) -> Path:
    """An mp4 keeps its index at the end: cut off, nothing says where the sound is."""
    ffmpeg(*TEST_PICTURE, "-f", "lavfi", "-i", "sine=duration=3", "-shortest", folder / "whole.mp4")
    content = (folder / "whole.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(content[: len(content) // 2])
    return folder / "cut.mp4"


def too_short(folder: Path) -> Path:
    return write_wav(folder / "click.wav", tone(440, 0.05))


def header_alone(folder: Path) -> Path:
    return write_wav(folder / "header.wav", np.zeros(0, np.float32))


def a_folder(folder: Path) -> Path:
    (folder / "call.wav").mkdir()
    return folder / "call.wav"


def gone(folder: Path) -> Path:
    return folder / "gone.wav"


def random_bytes(folder: Path) -> Path:
    (folder / "noise.mp3").write_bytes(np.random.default_rng(3).bytes(50_000))
    return folder / "noise.mp3"


BAD = {
    no_audio_track: NoAudioTrack,
    empty: EmptyFile,
    text: NotMedia,
    page: NotMedia,
    picture: MediaError,
    cut_mp4: UnfinishedRecording,
    too_short: TooShort,
    header_alone: MediaError,
    a_folder: NotMedia,
    gone: FileMissing,
    random_bytes: MediaError,
}


@needs_ffmpeg
@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_bad_file_gets_one_clear_sentence(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    with pytest.raises(BAD[make]) as caught:
        run(path)
    chinese, english = (caught.value.message(language) for language in ("zh", "en"))
    for message in (chinese, english):
        assert path.name in message
        assert str(tmp_path) not in message
        assert "\n" not in message
        assert "Traceback" not in message
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[\u4e00-\u9fff]", english)
    assert chinese.endswith("。")
    assert english.endswith(".")


@pytest.mark.parametrize("channel", ["mix", "split"])
def test_silence_is_a_result_without_segments(tmp_path: Path, channel: str) -> None:
    path = write_wav(tmp_path / "quiet.wav", np.zeros((2, 3 * 16_000), np.float32))
    transcript = run(path, options=Options(channel=channel))  # type: ignore[arg-type]
    assert transcript.segments == ()
    assert transcript.duration_ms == 3_000


def test_hiss_is_a_result_without_segments(tmp_path: Path) -> None:
    assert run(write_wav(tmp_path / "hiss.wav", noise(3, -75))).segments == ()


def test_the_shortest_sound_that_is_accepted(tmp_path: Path) -> None:
    transcript = run(write_wav(tmp_path / "hm.wav", tone(440, 0.1)), (0, 100))
    assert [segment.text for segment in transcript.segments] == ["你好。"]


@pytest.mark.parametrize(
    "name",
    [
        "two words.wav",
        "周会 第一次.wav",
        "a [1] (2) {3}.wav",
        "-dash.wav",
        "100% sure.wav",
        'quote\'s "two".wav',
        "file:name.wav",
        "😀.wav",
        "line\nbreak.wav",
        "concat|pipe.wav",
    ],
)
def test_any_path_is_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "录音 [新] {1}"
    folder.mkdir()
    path = write_wav(tmp_path / "plain.wav", tone(440, 1.0)).rename(folder / name)
    transcript = run(path, (0, 1_000))
    assert transcript.source == name
    assert [segment.text for segment in transcript.segments] == ["你好。"]


def test_a_path_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "-i.wav", tone(440, 1.0))
    monkeypatch.chdir(tmp_path)
    assert len(run(Path("-i.wav"), (0, 1_000)).segments) == 1


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    samples = tone(440, 2.0)
    samples[8_000:16_000] = np.nan
    samples[100] = np.inf
    path = write_float_wav(tmp_path / "broken.wav", samples)
    recognizer = FakeRecognizer([(0, 2_000)], lambda clip, options: HELLO)
    transcript = transcribe(path, recognizer)
    assert len(transcript.segments) == 1
    assert all(np.isfinite(clip).all() for clip in recognizer.clips)


@needs_ffmpeg
def test_what_can_be_read_of_a_cut_recording_is_transcribed(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "whole.wav", tone(440, 4.0))
    ffmpeg("-i", whole, tmp_path / "whole.mp3")
    content = (tmp_path / "whole.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(content[: len(content) // 2])
    transcript = run(tmp_path / "cut.mp3", (0, 1_500))
    assert 1_500 < transcript.duration_ms < 2_500
    assert len(transcript.segments) == 1
