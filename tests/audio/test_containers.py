"""Every container that the README names is read, whole and in time; what has no header by its name."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from sensevoice import headerless
from sensevoice.audio.source import open_audio
from sensevoice.errors import MediaError, OptionError
from tests.media import babble, ffmpeg, needs_ffmpeg, run, write_wav

SECONDS = 4
PICTURE = ("-f", "lavfi", "-i", f"testsrc=size=720x576:rate=25:duration={SECONDS}")

CONTAINERS: dict[str, tuple[str, ...]] = {
    "op1a.mxf": (*PICTURE, "-c:v", "mpeg2video", "-ar", "48000"),
    "opatom.mxf": ("-ar", "48000", "-f", "mxf_opatom"),
    "a.nut": (),
    "a.wtv": (),
    "a.dv": (*PICTURE, "-target", "pal-dv"),
    "a.avi": ("-c:a", "pcm_s16le"),  # AVI keeps no encoder delay, by which MP3 would be late
    "a.caf": (),
    "a.voc": ("-c:a", "pcm_u8", "-ar", "8000"),
    "a.au": (),
    "a.aiff": (),
    "a.w64": (),
    "rf64.wav": ("-rf64", "always"),
    "ms-gsm.wav": ("-c:a", "libgsm_ms", "-ar", "8000"),
    "a.gsm": ("-c:a", "libgsm", "-ar", "8000"),
    "a.alaw": ("-f", "alaw", "-ar", "8000"),
    "a.ulaw": ("-f", "mulaw", "-ar", "8000"),
    "a.g722": ("-c:a", "g722", "-ar", "16000"),
    "a.sln": ("-f", "s16le", "-ar", "8000"),
    "a.sln16": ("-f", "s16le", "-ar", "16000"),
}

SOX = {"a.vox": ("-r", "8000"), "a.sph": ()}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("source") / "a.wav", babble(SECONDS))


def read(path: Path, raw_format: str = "") -> np.ndarray:
    with open_audio(path, raw_format=raw_format) as audio:
        result = np.concatenate(list(audio.blocks()), axis=1)
        assert audio.bad_packets == audio.clock_breaks == 0
    return result


def assert_like_the_source(found: np.ndarray, source: Path) -> None:
    """The envelopes agree at the same time: telephone codecs leave little else."""
    assert found.shape[1] == pytest.approx(SECONDS * 16_000, abs=800)  # a frame of a telephone codec
    one, other = (
        np.abs(each[0, : 39 * 1600]).reshape(-1, 400).mean(axis=1) for each in (found, read(source))
    )
    assert np.corrcoef(one, other)[0, 1] > 0.9


@needs_ffmpeg
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container(name: str, source: Path, tmp_path: Path) -> None:
    ffmpeg("-i", source, *CONTAINERS[name], tmp_path / name)
    assert_like_the_source(read(tmp_path / name), source)


@pytest.mark.skipif(shutil.which("sox") is None, reason="sox is not installed")
@pytest.mark.parametrize("name", SOX)
def test_a_container_of_sox(name: str, source: Path, tmp_path: Path) -> None:
    run("sox", source, *SOX[name], tmp_path / name)
    assert_like_the_source(read(tmp_path / name), source)


@needs_ffmpeg
def test_raw_files_need_a_word(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    ffmpeg("-i", source, "-f", "s16le", "-ar", "8000", "-ac", "1", path)
    with pytest.raises(MediaError):
        read(path)
    assert_like_the_source(read(path, "s16le:8000:1"), source)


@pytest.mark.parametrize("name", ["a.gsm", "a.sln", "a.vox", "a.raw"])
def test_the_content_has_the_first_word(name: str, source: Path, tmp_path: Path) -> None:
    shutil.copy(source, tmp_path / name)
    assert_like_the_source(read(tmp_path / name, "alaw:8000:1"), source)


@pytest.mark.parametrize(
    "text", ["s16le", "mp3:8000:1", "s16le:0:1", "s16le:8000:0", "s16le:x:1", "s16le:8000:65"]
)
def test_a_wrong_raw_format(text: str) -> None:
    with pytest.raises(OptionError):
        headerless.parse(text)


def test_a_raw_format() -> None:
    assert headerless.parse("alaw:8000:2") == ("alaw", 8000, 2)
    assert headerless.parse("s16le:16000") == ("s16le", 16000, 1)


def test_g729_by_its_name(tmp_path: Path) -> None:
    """Nothing free encodes it: frames of 10 bytes for 10 ms each (ITU-T G.729) that say anything."""
    path = tmp_path / "a.g729"
    path.write_bytes(np.random.default_rng(7).bytes(10 * 100 * SECONDS))
    found = read(path)
    assert found.shape[1] == pytest.approx(SECONDS * 16_000, abs=800) and np.isfinite(found).all()
