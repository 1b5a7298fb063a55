"""Any media file comes out as blocks of float32 at 16 kHz, and what is wrong with a file is said."""

from __future__ import annotations

import gc
import itertools
import os
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sensevoice.audio import source as audio_source
from sensevoice.audio.decoding import container, pyav
from sensevoice.audio.decoding import ffmpeg as ffmpeg_decoder
from sensevoice.audio.decoding.decoders import open_decoder
from sensevoice.audio.info import plausible_duration_ms
from sensevoice.audio.source import MIN_DURATION_MS, SAMPLES_PER_MS, is_media, open_audio, select_channels
from sensevoice.errors import (
    EmptyFile,
    FileMissing,
    MediaError,
    NoAudioTrack,
    NoSuchTrack,
    NotMedia,
    NoUsableSound,
    Playlist,
    TooShort,
    UnfinishedRecording,
    UnsupportedCodec,
    UnusualAudio,
)
from tests.media import (
    TEST_PICTURE,
    babble,
    encoders,
    ffmpeg,
    ffmpeg_samples,
    needs_ffmpeg,
    noise,
    tone,
    write_float_wav,
    write_wav,
)

CHANNELS = {"mono.wav": 1, "mono.mp3": 1, "surround.m4a": 8, "five-one.ac3": 6}

MAX_FRAME_MS = 100
"""A decoder whose frames overlap gives its first sound a frame late, and says so by its stamp."""


def read(path: Path, **options: Any) -> np.ndarray:
    with open_audio(path, **options) as source:
        return np.concatenate(list(source.blocks()), axis=1)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode in this process: the tests reach into the decoders (their own process: worker/)."""
    monkeypatch.setattr(audio_source, "ParallelDecoder", open_decoder)


@pytest.fixture(scope="module")
def stereo_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds, 44.1 kHz, with a different sound on each side."""
    sides = np.stack([babble(3, seed=1, rate_hz=44_100), babble(3, -26, seed=2, rate_hz=44_100)])
    return write_wav(tmp_path_factory.mktemp("source") / "stereo.wav", sides, 44_100)


@pytest.fixture
def without_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_decoder, "is_installed", lambda: False)


@pytest.fixture(autouse=True)
def pyav_alone(request: pytest.FixtureRequest) -> None:
    """Only TestSystemFfmpeg has the program to help out, so that it hides no fault of PyAV's way."""
    if request.cls is not TestSystemFfmpeg:
        request.getfixturevalue("without_ffmpeg")


PICTURE = (*TEST_PICTURE, "-shortest", "-map", "0:a", "-map", "1:v")

FORMATS: dict[str, tuple[str, ...]] = {
    "8k.wav": ("-ar", "8000"),
    "16k.wav": ("-ar", "16000"),
    "44k.wav": (),
    "48k.wav": ("-ar", "48000"),
    "mono.wav": ("-ac", "1"),
    "u8.wav": ("-c:a", "pcm_u8"),
    "alaw.wav": ("-ar", "8000", "-c:a", "pcm_alaw"),
    "float.wav": ("-c:a", "pcm_f32le"),
    "16k-float.wav": ("-ar", "16000", "-c:a", "pcm_f32le"),
    "a.mp3": (),
    "mono.mp3": ("-ac", "1", "-ar", "16000"),
    "a.m4a": (),
    "a.aac": (),
    "vorbis.ogg": ("-c:a", "libvorbis"),
    "a.opus": ("-c:a", "libopus"),
    "a.flac": (),
    "a.wma": ("-c:a", "wmav2"),
    "a.ac3": (),
    "a.aiff": (),
    "a.wv": (),
    "a.mp4": (*PICTURE, "-c:v", "mpeg4"),
    "a.mov": (*PICTURE, "-c:v", "mpeg4", "-c:a", "aac"),
    "a.mkv": (*PICTURE, "-c:v", "mpeg4", "-c:a", "libvorbis"),
    "a.webm": (*PICTURE, "-c:v", "libvpx", "-c:a", "libopus"),
    "a.avi": (*PICTURE, "-c:a", "mp3"),
    "a.ts": (*PICTURE, "-c:v", "mpeg2video", "-r", "25"),
    "surround.m4a": ("-af", "pan=7.1|c0=c0|c1=c1|c2=0.3*c0|c3=0.1*c1|c4=0.2*c0|c5=0.2*c1|c6=c0|c7=c1"),
    "five-one.ac3": ("-af", "pan=5.1|c0=0.3*c0|c1=0.3*c1|c2=0.3*c0|c3=0.1*c1|c4=0.2*c0|c5=0.2*c1"),
}


@needs_ffmpeg
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_samples_that_ffmpeg_gives(
    name: str, stereo_wav: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    ffmpeg("-i", stereo_wav, *FORMATS[name], path)
    assert_same_as_ffmpeg(path, CHANNELS.get(name, 2))


def assert_same_as_ffmpeg(path: Path, channels: int) -> None:
    ours, theirs = read(path), np.clip(ffmpeg_samples(path, channels), -1, 1)
    assert ours.shape[0] == channels
    # Not within a codec frame but exactly: a decoder's priming samples must be dropped alike.
    late = ours.shape[1] - theirs.shape[1]  # by its stamps; ffmpeg passes those over without being asked
    assert 0 <= late <= MAX_FRAME_MS * SAMPLES_PER_MS
    assert not ours[:, :late].any()
    if late:
        assert (
            difference(ours[:, late:], theirs) < 0.05
        )  # moving by parts of a sample costs the highest tones
    else:
        assert np.sqrt(np.mean((ours - theirs) ** 2) / np.mean(theirs**2)) < 0.01


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the least difference when one is moved by up to a sample: stamps fall between samples."""
    hz = np.fft.rfftfreq(ours.shape[1])
    moved = (
        np.fft.irfft(np.fft.rfft(theirs) * np.exp(-2j * np.pi * hz * shift), ours.shape[1])
        for shift in np.linspace(-1, 1, 81)
    )
    inner = slice(100, -100)  # the transform goes round at the ends
    power = np.mean(theirs**2)
    return float(min(np.sqrt(np.mean((ours - each)[:, inner] ** 2) / power) for each in moved))


@needs_ffmpeg
def test_amr_of_a_phone(tmp_path: Path) -> None:
    path = tmp_path / "call.amr"
    rng = random.Random(1)
    frame = lambda: b"\x3c" + rng.randbytes(31)  # noqa: E731  # 20 ms at 12.2 kbit/s; any bits are a sound
    path.write_bytes(b"#!AMR\n" + b"".join(frame() for _ in range(100)))
    assert read(path).shape == (1, 2000 * SAMPLES_PER_MS)
    assert_same_as_ffmpeg(path, channels=1)


@needs_ffmpeg
def test_amr_as_the_system_encodes_it(stereo_wav: Path, tmp_path: Path) -> None:
    if "libopencore_amrnb" not in encoders():
        pytest.skip("the ffmpeg program has no AMR encoder")
    ffmpeg("-i", stereo_wav, "-ar", "8000", "-ac", "1", tmp_path / "call.amr")
    assert_same_as_ffmpeg(tmp_path / "call.amr", channels=1)


def test_a_wav_at_16_khz_is_passed_on_sample_by_sample(tmp_path: Path) -> None:
    samples = noise(1, -20)
    ours = read(write_wav(tmp_path / "a.wav", samples))
    assert ours.dtype == np.float32 and ours.shape == (1, 16_000)
    np.testing.assert_allclose(ours[0], samples, atol=1 / 32_000)


def test_sides_stay_apart(tmp_path: Path) -> None:
    left, right = tone(440, 1), tone(1000, 1, 0.1)
    ours = read(write_wav(tmp_path / "a.wav", np.stack([left, right])))
    np.testing.assert_allclose(ours, [left, right], atol=1e-4)


def test_info_tells_what_the_file_says_of_itself(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros((2, 12_000)), 8_000)
    with open_audio(path) as source:
        info = source.info
    assert (info.path, info.container, info.codec) == (path, "wav", "pcm_s16le")
    assert (info.sample_rate_hz, info.channels, info.duration_ms) == (8_000, 2, 1_500)


@pytest.mark.parametrize(
    ("claimed_s", "file_bytes", "duration_ms"),
    [
        (1.5, 48_000, 1_500),
        (3_600, 100_000, 3_600_000),  # an hour of near silence
        (126_000, 81_000, None),  # 35 hours in 81 kB
        (-9e15, 48_000, None),
        (0, 48_000, None),
        (None, 48_000, None),
    ],
)
def test_an_absurd_length_is_not_believed(
    claimed_s: float | None, file_bytes: int, duration_ms: int | None
) -> None:
    assert plausible_duration_ms(claimed_s, file_bytes) == duration_ms


class TestBlocks:
    def test_all_blocks_are_of_the_same_length_but_the_last(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "a.wav", noise(2.35, -20))
        with open_audio(path) as source:
            lengths = [block.shape[1] for block in source.blocks(block_ms=500)]
        assert lengths == [8000, 8000, 8000, 8000, 5600]

    def test_small_blocks_hold_the_same_samples(self, stereo_wav: Path) -> None:
        with open_audio(stereo_wav) as source:
            small = np.concatenate(list(source.blocks(block_ms=7)), axis=1)
        np.testing.assert_array_equal(small, read(stereo_wav))

    def test_an_hour_needs_no_more_memory_than_a_minute(self, tmp_path: Path) -> None:
        peaks = []
        for minutes in (1, 60):
            path = write_wav(tmp_path / f"{minutes}.wav", np.zeros(minutes * 60 * 8000, np.float32), 8000)
            tracemalloc.start()
            with open_audio(path) as source:
                assert sum(block.shape[1] for block in source.blocks()) == minutes * 60 * 16_000
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < peaks[0] * 1.2 + 100_000

    def test_closing_early_lets_go_of_the_file(self, stereo_wav: Path) -> None:
        blocks = open_audio(stereo_wav).blocks(block_ms=100)
        next(blocks)
        assert is_open(stereo_wav)
        blocks.close()
        gc.collect()
        assert not is_open(stereo_wav)

    def test_a_source_is_read_once(self, stereo_wav: Path) -> None:
        source = open_audio(stereo_wav)
        list(source.blocks())
        with pytest.raises(ValueError):
            next(source.blocks())


def is_open(path: Path) -> bool:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("needs /proc")
    return any(os.path.realpath(link) == str(path) for link in folder.iterdir())


class TestWhatMustNotMatter:
    def test_nan_infinity_and_overshoot(self, tmp_path: Path) -> None:
        samples = tone(440, 1)
        samples[[100, 200, 300, 400, 500]] = [np.nan, np.inf, -np.inf, 7.0, -7.0]
        ours = read(write_float_wav(tmp_path / "a.wav", samples))[0]
        assert ours[[100, 200, 300, 400, 500]].tolist() == [0, 0, 0, 1, -1]
        np.testing.assert_array_equal(ours[600:], samples[600:])

    def test_tags_in_gbk(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "a.wav", noise(1, -20))
        title = "会议录音".encode("gbk")
        info = b"INFOINAM" + len(title).to_bytes(4, "little") + title
        before, data = path.read_bytes()[:36], path.read_bytes()[36:]
        path.write_bytes(before + b"LIST" + len(info).to_bytes(4, "little") + info + data)
        assert read(path).shape == (1, 16_000)

    @pytest.mark.parametrize(
        "name", ["会议 😀\n.wav", "http:a.wav", "concat:a|b.wav", "-i.wav", "%s.wav", "a"]
    )
    def test_odd_names(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_wav(tmp_path / "plain.wav", noise(0.5, -20)).rename(tmp_path / name)
        monkeypatch.chdir(tmp_path)
        assert read(Path(name)).shape == (1, 8_000)

    @needs_ffmpeg
    def test_broken_time_stamps(self, stereo_wav: Path, tmp_path: Path) -> None:
        path = tmp_path / "a.mkv"
        jumps = "setts=pts='if(gt(N,50),PTS+9000000,PTS)':dts='if(gt(N,50),DTS+9000000,DTS)'"
        ffmpeg("-i", stereo_wav, "-c:a", "libopus", "-bsf:a", jumps, path)
        assert read(path).shape[1] == pytest.approx(3 * 16_000, abs=960)

    @needs_ffmpeg
    def test_a_change_of_rate_and_channels_in_mid_file(self, stereo_wav: Path, tmp_path: Path) -> None:
        first, second, both = tmp_path / "1.aac", tmp_path / "2.aac", tmp_path / "both.aac"
        ffmpeg("-i", stereo_wav, first)
        ffmpeg("-i", stereo_wav, "-ar", "22050", "-ac", "1", second)
        both.write_bytes(first.read_bytes() + second.read_bytes())
        ours, start, rest = read(both), read(first), read(second)
        assert ours.shape == (2, start.shape[1] + rest.shape[1])
        np.testing.assert_allclose(ours[:, : start.shape[1]], start, atol=1e-6)
        later = ours[:, start.shape[1] :]
        for side in later:
            assert np.corrcoef(side, rest[0])[0, 1] > 0.98  # not 1: AAC fills bands with noise of its own

    @needs_ffmpeg
    def test_more_than_eight_channels(self, stereo_wav: Path, tmp_path: Path) -> None:
        path = tmp_path / "many.opus"
        ffmpeg(
            "-i", stereo_wav, "-af", "pan=16c|c0=c0|c5=c1", "-c:a", "libopus", "-mapping_family", "255", path
        )
        ours = read(path)
        assert ours.shape == (16, 48_000)
        assert [channel for channel in range(16) if ours[channel].any()] == [0, 5]


class TestDamage:
    @needs_ffmpeg
    @pytest.mark.parametrize("name", ["a.mp3", "a.aac", "a.m4a", "a.opus", "a.wma", "a.flac"])
    def test_bad_packets_do_not_end_the_file(self, name: str, tmp_path: Path) -> None:
        rising = np.concatenate([tone(hz, 1, rate_hz=44_100) for hz in (400, 600, 800)])
        path = tmp_path / name
        ffmpeg("-i", write_wav(tmp_path / "rising.wav", rising, 44_100), path)
        data = bytearray(path.read_bytes())
        for at in (0.3, 0.4, 0.5):
            start = int(len(data) * at)
            data[start : start + 60] = random.Random(at).randbytes(60)
        path.write_bytes(data)
        ours = read(path)[0]
        assert len(ours) > 0.6 * 48_000
        assert np.argmax(np.abs(np.fft.rfft(ours[-9000:-1000]))) * 2 == 800  # the end was read, too

    def test_bad_packets_are_counted(self, stereo_wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(container, "WAV_PACKET_BYTES", 4 * 4096)
        damage_packets(monkeypatch, lambda number: number in (3, 4, 9))
        with open_audio(stereo_wav) as source:
            length = sum(block.shape[1] for block in source.blocks())
            assert source.bad_packets == 3
        assert length == 48_000  # what is lost is silence: all that follows keeps its time

    def test_a_file_of_bad_packets_only_is_given_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_wav(tmp_path / "a.wav", np.zeros(500 * 16_000, np.float32))
        monkeypatch.setattr(container, "WAV_PACKET_BYTES", 2048)
        damage_packets(monkeypatch, lambda number: True)
        source = open_audio(path)
        with pytest.raises(NoUsableSound):
            next(source.blocks())
        assert source.bad_packets == pyav.MAX_BAD_PACKETS

    @needs_ffmpeg
    @pytest.mark.parametrize(
        "name", ["a.mp3", "a.aac", "a.ogg", "a.flac", "a.wma", "a.mkv", "a.wav", "faststart.mp4"]
    )
    def test_what_can_be_read_of_a_cut_file_is_kept(
        self, name: str, stereo_wav: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / name
        ffmpeg("-i", stereo_wav, *(["-movflags", "+faststart"] * name.endswith("mp4")), path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.7)])
        ours, theirs = read(path), ffmpeg_samples(path, 2)
        assert 0.3 * 48_000 < ours.shape[1] < 0.85 * 48_000
        assert 0 <= ours.shape[1] - theirs.shape[1] <= MAX_FRAME_MS * SAMPLES_PER_MS


def damage_packets(monkeypatch: pytest.MonkeyPatch, is_bad: Callable[[int], bool]) -> None:
    """Make the decoder refuse the packets with these numbers."""
    decode = pyav.PyavDecoder._decode
    numbers = itertools.count()

    def refuse_some(self: pyav.PyavDecoder, packet: Any) -> Any:
        if is_bad(next(numbers)):
            raise av.error.InvalidDataError(1, "damaged")
        return decode(self, packet)

    monkeypatch.setattr(pyav.PyavDecoder, "_decode", refuse_some)


class TestErrors:
    def test_missing(self, tmp_path: Path) -> None:
        for path in (tmp_path / "no.wav", tmp_path / "no" / "no.wav", Path("a\0b")):
            with pytest.raises(FileMissing):
                open_audio(path)

    def test_empty(self, tmp_path: Path) -> None:
        (tmp_path / "a.mp3").touch()
        with pytest.raises(EmptyFile):
            open_audio(tmp_path / "a.mp3")

    def test_folders_pipes_and_devices(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.wav")
        (tmp_path / "zero.wav").symlink_to("/dev/zero")
        for path in (tmp_path, tmp_path / "pipe.wav", tmp_path / "zero.wav"):
            with pytest.raises(NotMedia):
                open_audio(path)

    def test_a_loop_of_links(self, tmp_path: Path) -> None:
        (tmp_path / "a.wav").symlink_to("a.wav")
        with pytest.raises(MediaError):
            open_audio(tmp_path / "a.wav")

    @pytest.mark.parametrize(
        "content", [b"hello, this is text\n" * 50, bytes(2000), random.Random(3).randbytes(5000)]
    )
    def test_no_media(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.mp3").write_bytes(content)
        with pytest.raises(NotMedia):
            open_audio(tmp_path / "a.mp3")

    @needs_ffmpeg
    def test_a_video_without_sound(self, tmp_path: Path) -> None:
        ffmpeg(*TEST_PICTURE, "-t", "1", "-c:v", "mpeg4", tmp_path / "a.mp4")
        with pytest.raises(NoAudioTrack):
            open_audio(tmp_path / "a.mp4")

    @needs_ffmpeg
    @pytest.mark.parametrize("name", ["a.m4a", "a.mov"])
    def test_a_recording_that_was_not_finished(self, name: str, stereo_wav: Path, tmp_path: Path) -> None:
        path = tmp_path / name
        ffmpeg("-i", stereo_wav, "-c:a", "aac", path)
        path.write_bytes(path.read_bytes()[:20_000])  # the index comes last
        with pytest.raises(UnfinishedRecording):
            open_audio(path)

    def test_a_codec_nobody_knows(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "a.wav", noise(1, -20))
        data = bytearray(path.read_bytes())
        data[20:22] = (0x7777).to_bytes(2, "little")  # the format tag
        path.write_bytes(data)
        with pytest.raises(UnsupportedCodec):
            open_audio(path)

    def test_a_rate_no_recorder_has(self, tmp_path: Path) -> None:
        for rate_hz in (1, 2_000_000_000):
            with pytest.raises(UnusualAudio):
                open_audio(write_wav(tmp_path / "a.wav", noise(1, -20), rate_hz))

    def test_no_recorder_has_more_channels(self, tmp_path: Path) -> None:
        assert read(write_wav(tmp_path / "a.wav", np.zeros((64, 16_000)))).shape == (64, 16_000)
        with pytest.raises(UnusualAudio, match="65 ch"):
            read(write_wav(tmp_path / "b.wav", np.zeros((65, 16_000))))

    def test_a_track_without_samples(self, tmp_path: Path) -> None:
        with pytest.raises(NoUsableSound):
            read(write_wav(tmp_path / "a.wav", np.zeros(0)))

    def test_too_short(self, tmp_path: Path) -> None:
        enough = MIN_DURATION_MS * SAMPLES_PER_MS
        with pytest.raises(TooShort):
            read(write_wav(tmp_path / "short.wav", np.zeros(enough - 1)))
        assert read(write_wav(tmp_path / "enough.wav", np.zeros(enough))).shape == (1, enough)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "a.wav", noise(1, -20))
        path.chmod(0)
        with pytest.raises(MediaError, match="permission"):
            open_audio(path)

    @pytest.mark.parametrize(
        "script",
        [
            "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{neighbour}\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile {neighbour}\n",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        ],
    )
    def test_scripts_that_name_other_files_are_not_followed(self, script: str, tmp_path: Path) -> None:
        write_wav(tmp_path / "neighbour.wav", noise(1, -20))
        path = tmp_path / "list.wav"
        path.write_text(script.format(neighbour="neighbour.wav"))
        with pytest.raises(NotMedia):
            open_decoder(path)
        with pytest.raises(Playlist):
            open_audio(path)


class TestTracks:
    @pytest.fixture
    def two_tracks(self, tmp_path: Path) -> Path:
        first = write_wav(tmp_path / "1.wav", tone(440, 1))
        second = write_wav(tmp_path / "2.wav", tone(440, 2))
        picture = (*TEST_PICTURE, "-t", "1", "-map", "2:v", "-c:v", "mpeg4")
        path = tmp_path / "two.mkv"
        ffmpeg("-i", first, "-i", second, *picture, "-map", "0:a", "-map", "1:a", "-c:a", "flac", path)
        return path

    @needs_ffmpeg
    @pytest.mark.parametrize(("index", "seconds"), [(None, 1), (0, 1), (1, 1)])
    def test_audio_tracks_are_counted_from_zero(
        self, index: int | None, seconds: int, two_tracks: Path
    ) -> None:
        assert read(two_tracks, stream_index=index).shape == (1, seconds * 16_000)

    @needs_ffmpeg
    @pytest.mark.parametrize("index", [2, -1])
    def test_a_track_that_is_not_there(self, index: int, two_tracks: Path) -> None:
        with pytest.raises(NoSuchTrack):
            open_audio(two_tracks, index)


def break_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise av.error.InvalidDataError(1, "no")

    monkeypatch.setattr(av, "open", fail)


@needs_ffmpeg
class TestSystemFfmpeg:
    """The program stands in when PyAV fails, with the same blocks."""

    @pytest.fixture
    def broken_pyav(self, monkeypatch: pytest.MonkeyPatch) -> None:
        break_pyav(monkeypatch)

    def test_same_blocks(self, stereo_wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with open_audio(stereo_wav) as source:
            by_pyav, info = list(source.blocks(block_ms=700)), source.info
        monkeypatch.setattr(
            av, "open", lambda *_, **__: (_ for _ in ()).throw(av.error.InvalidDataError(1, "no"))
        )
        with open_audio(stereo_wav) as source:
            by_ffmpeg = list(source.blocks(block_ms=700))
        assert source.info == info
        assert [block.shape for block in by_ffmpeg] == [block.shape for block in by_pyav]
        for ours, theirs in zip(by_pyav, by_ffmpeg, strict=True):
            np.testing.assert_allclose(theirs, ours, atol=1e-3)

    def test_mono_stays_mono_and_odd_names_are_files(
        self, tmp_path: Path, broken_pyav: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("-i.wav", "http:x.wav", "pipe:0", "100%d.wav", "会议 '\n.wav"):
            write_wav(tmp_path / "plain.wav", noise(0.5, -20)).rename(tmp_path / name)
            assert read(Path(name)).shape == (1, 8_000)

    def test_when_nothing_could_be_decoded(self, stereo_wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        damage_packets(monkeypatch, lambda number: True)
        assert read(stereo_wav).shape == (2, 48_000)

    def test_when_it_fails_too_the_first_error_stands(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.m4a"
        path.write_bytes(
            (20).to_bytes(4, "big") + b"ftypM4A " + bytes(8) + (9999).to_bytes(4, "big") + b"mdat"
        )
        with pytest.raises(UnfinishedRecording):
            open_audio(path)

    def test_closing_early_ends_the_program(self, tmp_path: Path, broken_pyav: None) -> None:
        path = write_wav(tmp_path / "long.wav", np.zeros(16_000 * 600, np.float32))
        source = open_audio(path)
        blocks = source.blocks(block_ms=1000)
        next(blocks)
        process = source._decoder._process
        assert process.poll() is None
        blocks.close()
        assert process.returncode is not None

    def test_scripts_are_not_followed(self, tmp_path: Path, broken_pyav: None) -> None:
        write_wav(tmp_path / "neighbour.wav", noise(1, -20))
        (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile neighbour.wav\n")
        with pytest.raises(NotMedia):
            open_decoder(tmp_path / "list.wav")

    @pytest.mark.parametrize("error", [FileMissing, EmptyFile, NoAudioTrack])
    def test_it_is_not_asked_in_vain(
        self, error: type[MediaError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.mp4"
        if error is EmptyFile:
            path.touch()
        if error is NoAudioTrack:
            ffmpeg(*TEST_PICTURE, "-t", "1", "-c:v", "mpeg4", path)
        monkeypatch.setattr(ffmpeg_decoder, "FfmpegDecoder", None)
        with pytest.raises(error):
            open_audio(path)

    def test_without_it_the_error_stands(
        self, stereo_wav: Path, broken_pyav: None, without_ffmpeg: None
    ) -> None:
        with pytest.raises(NotMedia):
            open_audio(stereo_wav)


def test_is_media_goes_by_content(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", noise(0.2, -20)).rename(tmp_path / "sound.txt")
    (tmp_path / "text.mp3").write_text("just text")
    (tmp_path / "empty.wav").touch()
    os.mkfifo(tmp_path / "pipe.wav")
    assert is_media(tmp_path / "sound.txt")
    for name in ("text.mp3", "empty.wav", "pipe.wav", "missing.wav", ".", "\0", "x" * 5000):
        assert not is_media(tmp_path / name)


class TestSelectChannels:
    stereo = np.array([[0.5, 1.0], [0.0, -1.0]], np.float32)
    mono = np.array([[0.5, 1.0]], np.float32)

    def test_stereo(self) -> None:
        assert select_channels(self.stereo, "mix").tolist() == [[0.25, 0.0]]
        assert select_channels(self.stereo, "left").tolist() == [[0.5, 1.0]]
        assert select_channels(self.stereo, "right").tolist() == [[0.0, -1.0]]
        assert select_channels(self.stereo, "split").tolist() == self.stereo.tolist()
        assert select_channels(self.stereo, "mix").dtype == np.float32

    @pytest.mark.parametrize("channel", ["mix", "left", "right", "split"])
    def test_mono_is_one_stream_whatever_is_chosen(self, channel: Any) -> None:
        assert select_channels(self.mono, channel).tolist() == self.mono.tolist()


def test_importing_it_loads_no_model_and_no_page() -> None:
    code = "import sys, sensevoice.audio.source; assert not {'torch', 'funasr', 'gradio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


class TestClock:
    def test_a_hole_is_silence_of_its_length(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mkv"
        sound = write_wav(tmp_path / "a.wav", tone(440, 4))
        hole = ("-af", "asetpts='if(gte(T,2),PTS+3/TB,PTS)'")
        ffmpeg("-i", sound, *hole, "-c:a", "flac", path)
        ours = read(path)[0]
        assert len(ours) == 7 * 16_000
        loud = np.abs(ours.reshape(-1, 1600)).max(axis=1) > 0.1
        quiet = np.flatnonzero(~loud)
        assert len(quiet) == pytest.approx(30, abs=1) and np.all(np.diff(quiet) == 1)
        assert quiet[0] == pytest.approx(20, abs=3)  # the border of a packet

    def test_what_was_sent_twice_is_heard_once(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mkv"
        sound = write_wav(tmp_path / "a.wav", np.concatenate([tone(440, 3), tone(880, 3)]))
        back = "setts=pts='if(gte(PTS,3000),PTS-1000,PTS)':dts='if(gte(PTS,3000),PTS-1000,PTS)'"
        ffmpeg("-i", sound, "-c:a", "flac", "-bsf:a", back, path)
        assert read(path).shape[1] == pytest.approx(5 * 16_000, abs=4_000)

    def test_silence_is_not_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mkv"
        sound = write_wav(tmp_path / "a.wav", noise(60, -20))
        ffmpeg("-i", sound, "-af", "asetpts='if(gte(T,30),PTS+590/TB,PTS)'", "-c:a", "flac", path)
        tracemalloc.start()
        with open_audio(path) as source:
            length = sum(block.shape[1] for block in source.blocks())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert length == 650 * 16_000
        assert peak < 8 << 20  # the silence alone would be 38 MB

    @pytest.mark.parametrize("parts", [2, 3])
    def test_glued_mp3_is_not_damaged(self, parts: int, stereo_wav: Path, tmp_path: Path) -> None:
        one, glued = tmp_path / "1.mp3", tmp_path / "glued.mp3"
        ffmpeg("-i", stereo_wav, one)
        glued.write_bytes(one.read_bytes() * parts)
        with open_audio(glued) as source:
            length = sum(block.shape[1] for block in source.blocks())
            assert source.bad_packets == source.clock_breaks == 0
        assert length == pytest.approx(parts * 3 * 16_000, abs=1600 * parts)


class TestWavLength:
    def wav(self, folder: Path, claimed: int | None, tail: bytes = b"") -> Path:
        path = write_wav(folder / "a.wav", noise(3, -20))
        content = bytearray(path.read_bytes())
        if claimed is not None:
            content[40:44] = claimed.to_bytes(4, "little")
        path.write_bytes(bytes(content) + tail)
        return path

    @pytest.mark.parametrize("claimed", [1_000, 32_000, 65_536])
    def test_a_size_that_has_wrapped(self, claimed: int, tmp_path: Path) -> None:
        path = self.wav(tmp_path, claimed)
        assert read(path).shape == (1, 48_000)
        with open_audio(path) as source:
            assert source.info.header_percent == pytest.approx(100 * claimed / 96_000, abs=0.1)
            assert source.info.duration_ms == 3000

    @pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, None])
    def test_sizes_that_mean_unknown_or_all(self, claimed: int | None, tmp_path: Path) -> None:
        path = self.wav(tmp_path, claimed)
        assert read(path).shape == (1, 48_000)
        with open_audio(path) as source:
            assert source.info.header_percent is None

    @pytest.mark.parametrize("odd", [0, 1])
    def test_tags_behind_the_sound_are_not_played(self, odd: int, tmp_path: Path) -> None:
        size = 60_000 + odd
        tags = b"LIST" + size.to_bytes(4, "little") + bytes(size + odd)
        assert read(self.wav(tmp_path, None, tags)).shape == (1, 48_000)

    def test_six_hours_in_a_file_whose_size_has_wrapped(self, tmp_path: Path) -> None:
        path = self.wav(tmp_path, 50_000)
        seconds = 22_320
        with path.open("r+b") as file:  # 0.7 GB of nothing
            file.truncate(44 + seconds * 32_000)
        with open_audio(path) as source:
            assert source.info.duration_ms == seconds * 1000
            assert sum(block.shape[1] for block in source.blocks()) == seconds * 16_000


def test_little_is_kept_while_somebody_works_on_a_block(tmp_path: Path) -> None:
    """Eight recordings at a time kept five megabytes each, of which a block is 0.64."""
    path = write_wav(tmp_path / "long.wav", noise(100.0, -30.0))
    tracemalloc.start()
    try:
        with open_audio(path) as source:
            blocks = source.blocks()
            for _ in range(4):
                block = next(blocks)
                kept, _ = tracemalloc.get_traced_memory()
                assert kept < 3 * block.nbytes
            blocks.close()
    finally:
        tracemalloc.stop()
