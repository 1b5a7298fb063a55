"""The process that decodes: whatever happens in it costs one file, and nothing else."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sensevoice.audio import sniff
from sensevoice.audio.decoding.container import audio_codecs, check_version
from sensevoice.audio.decoding.decoders import open_decoder
from sensevoice.audio.source import open_audio
from sensevoice.audio.worker import ParallelDecoder, handle, limits, parallel, protocol
from sensevoice.audio.worker.fork_server import ForkServer
from sensevoice.errors import (
    CopyProtected,
    DecoderCrashed,
    LockedFormat,
    MediaError,
    MissingDependency,
    NotMedia,
    Playlist,
    SilkVoice,
    TimedOut,
    TooLong,
    media_error,
)
from tests.conftest import ROOT
from tests.fakes import FakeRecognizer
from tests.media import noise, write_wav

MINUTE = 60.0


def child_of(source: ParallelDecoder) -> int:
    return source.pid


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: Any, timeout_s: float = 10.0) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def encode(path: Path, codec: str, layout: str, rate_hz: int = 48_000, seconds: float = 2.0) -> Path:
    """Write some noise, the same in every channel."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        channels = stream.codec_context.channels
        samples = np.tile(noise(seconds, -20, rate_hz=rate_hz).astype(np.float32), (channels, 1))
        for start in range(0, samples.shape[1], 1024):
            packed = np.ascontiguousarray(samples[:, start : start + 1024].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate = rate_hz
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def test_it_gives_what_the_decoder_gives(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.stack([noise(25, -20), noise(25, -30, seed=1)]))
    here, there = open_decoder(path), ParallelDecoder(path)
    assert there.info == here.info
    for chunks in zip(
        [np.concatenate(list(here.chunks()), axis=1)],
        [np.concatenate(list(there.chunks()), axis=1)],
        strict=True,
    ):
        assert np.array_equal(*chunks)
    wait_until(lambda: is_gone(child_of(there)))


def test_a_valid_file_of_eight_channels_does_no_harm(tmp_path: Path) -> None:
    """PyAV 18.1 reads past the planes of such frames, which ends the process that does."""
    path = encode(tmp_path / "a.m4a", "aac", "7.1")
    with open_audio(path) as source:
        assert sum(block.shape[1] for block in source.blocks()) == pytest.approx(32_000, abs=2048)


def test_a_killed_decoder_before_any_sound_is_an_error_with_a_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_wav(tmp_path / "a.wav", noise(5 * MINUTE, -20))
    source = ParallelDecoder(path)
    os.kill(child_of(source), signal.SIGSEGV)
    time.sleep(0.1)
    with pytest.raises(DecoderCrashed) as caught, caplog.at_level(logging.ERROR):
        for _ in source.chunks():  # what lies in the pipe already may be the first frame
            raise DecoderCrashed(path=path, reference="in the pipe")
    assert caught.value.code == "decoder_crashed"
    with open_audio(path) as again:
        assert sum(block.shape[1] for block in again.blocks()) == 5 * 60 * 16_000


def test_a_decoder_that_is_stopped_is_no_error_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each recording that was cancelled, or gave its place to another, left one in the terminal."""
    caplog.set_level(logging.INFO)
    with open_audio(write_wav(tmp_path / "a.wav", noise(5 * MINUTE, -20))) as source:
        blocks = source.blocks()
        next(blocks)
        source.stop()
        assert sum(1 for _ in blocks) < 29
    assert caplog.text == ""


def kill_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill every decoder that is started from now on: a file that ends whatever reads it."""

    def start_and_kill(*file: Any) -> Any:
        process = handle.WorkerHandle(*file)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(parallel, "WorkerHandle", start_and_kill)


def test_what_came_before_a_crash_is_kept_and_said_to_be_not_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "a.wav", noise(10 * MINUTE, -20))
    with open_audio(path) as source:
        blocks = source.blocks()
        read_samples = next(blocks).shape[1]
        kill_each(monkeypatch)
        os.kill(child_of(source._decoder), signal.SIGKILL)  # type: ignore[arg-type]
        read_samples += sum(block.shape[1] for block in blocks)
        assert 0 < read_samples < 600 * 16_000
        assert isinstance(source.cut_short, DecoderCrashed)
        assert source.whole_until_ms == read_samples // 16
        percent = source.readable_percent
        assert percent == pytest.approx(100 * read_samples / (600 * 16_000))


def test_the_transcript_says_how_much_could_be_read(tmp_path: Path) -> None:
    from sensevoice.options import Options
    from sensevoice.transcribe.pipeline import transcribe

    path = encode(tmp_path / "cut.flac", "flac", "mono", rate_hz=16_000, seconds=60.0)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 6 // 10)
    recognizer = FakeRecognizer([(0, 1000)], lambda clip, options: "<|zh|>好")
    transcript = transcribe(path, recognizer, Options(sounds=False))
    (result,) = [each for each in transcript.diagnostics if each.name == "incomplete"]
    assert result.value == pytest.approx(60.0, abs=2.0)
    assert f"{result.value:.0f}%" in result.zh and f"{result.value:.0f} %" in result.en
    assert transcript.segments


def test_a_decoder_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "SILENT_S", 0.5)
    silent, ours = os.pipe()
    monkeypatch.setattr(handle.fork_server, "fork", lambda request: silent)
    started_s = time.monotonic()
    with pytest.raises(TimedOut):
        ParallelDecoder(write_wav(tmp_path / "a.wav", noise(1, -20)))
    os.close(ours)
    assert time.monotonic() - started_s < 30


def test_nobody_waits_for_a_reader_that_has_left(tmp_path: Path) -> None:
    source = ParallelDecoder(write_wav(tmp_path / "a.wav", noise(10 * MINUTE, -20)))
    next(source.chunks())
    source.close()
    wait_until(lambda: is_gone(child_of(source)))
    source.close()


@pytest.mark.parametrize("kills", [1, 2])
def test_a_decoder_that_dies_at_the_very_beginning_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    """As when the process that they are forked from is killed: nobody sees it."""
    path = write_wav(tmp_path / "a.wav", noise(1, -20))
    fork = handle.fork_server.fork
    left = [kills]

    def fork_and_kill(request: Any) -> int:
        link = fork(request)
        if left[0]:
            left[0] -= 1
            os.close(link)
            link, theirs = (each.detach() for each in socket.socketpair())
            os.close(theirs)
        return link

    monkeypatch.setattr(handle.fork_server, "fork", fork_and_kill)
    with open_audio(path) as source:
        assert sum(block.shape[1] for block in source.blocks()) == 16_000


def test_the_processor_time_of_a_decoder_is_bounded_and_that_is_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked again: it would take as long, and stop at the same place."""
    path = encode(tmp_path / "a.flac", "flac", "mono", 16_000, 300.0)
    for number in range(40):  # PyAV swallows what is raised in one of ten
        source = ParallelDecoder(path)
        chunks = source.chunks()
        samples = next(chunks).shape[1]
        time.sleep(number / 10_000)
        os.kill(source.pid, signal.SIGXCPU)
        samples += sum(chunk.shape[1] for chunk in chunks)
        assert isinstance(source.cut_short, TimedOut) and 0 < samples < 300 * 16_000


def test_a_signal_that_a_library_swallows_ends_the_decoder_before_its_next_frame() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        out = protocol.FrameWriter(theirs, 1 << 20)
        out.put(protocol.BLOCK, b"1")
        with suppress(limits.TimeIsUp):
            out.interrupt(limits.TimeIsUp())
        for call in (out.send, lambda: out.put(protocol.BLOCK, b"2")):
            with pytest.raises(limits.TimeIsUp):
                call()
        out.go_on()
        out.put(protocol.ERROR, b"3")
        assert [payload for payload in ours.recv(100) if chr(payload) in "123"] == [*b"13"]


def test_a_killed_fork_server_is_started_again(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(1, -20))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with open_audio(path) as source:
            assert sum(block.shape[1] for block in source.blocks()) == 16_000
        assert handle.fork_server._process is not None
        handle.fork_server._process.kill()
        handle.fork_server._process.wait()
    assert len(os.listdir("/proc/self/fd")) <= before + 2


def test_a_fork_server_that_is_started_early_is_the_one_that_forks(tmp_path: Path) -> None:
    handle.fork_server.close()
    handle.fork_server.start()
    started = handle.fork_server._process
    handle.fork_server.start()
    with open_audio(write_wav(tmp_path / "a.wav", noise(1, -20))) as source:
        assert sum(block.shape[1] for block in source.blocks()) > 0
    assert started is not None and handle.fork_server._process is started


def test_a_reader_that_is_slow_holds_the_decoder_back(tmp_path: Path) -> None:
    source = ParallelDecoder(write_wav(tmp_path / "a.wav", noise(10 * MINUTE, -20)))
    chunks = source.chunks()
    next(chunks)
    time.sleep(0.5)
    rss_pages = int(Path(f"/proc/{child_of(source)}/statm").read_text().split()[1])
    assert rss_pages * resource.getpagesize() < 200 << 20
    source.close()


def test_the_decoder_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(10 * MINUTE, -20))
    code = (
        f"import sys, time\nsys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\n"
        "from sensevoice.audio.worker import ParallelDecoder\n"
        "source = ParallelDecoder(Path(sys.argv[1]))\nprint(source.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not is_gone(child)
    parent.kill()
    parent.communicate()
    wait_until(lambda: is_gone(child))


def test_it_limits_itself_and_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    source = ParallelDecoder(write_wav(tmp_path / "a.wav", noise(10 * MINUTE, -20)))
    about = Path(f"/proc/{child_of(source)}")
    set_limits = (about / "limits").read_text()
    for name, most in (
        ("Max address space", limits.ADDRESS_SPACE_BYTES),
        ("Max file size", 0),
        ("Max open files", limits.OPEN_FILES),
        ("Max core file size", 0),
    ):
        (line,) = [each for each in set_limits.splitlines() if each.startswith(name)]
        assert line[len(name) :].split()[:2] == [str(most)] * 2
    (line,) = [each for each in set_limits.splitlines() if each.startswith("Max cpu time")]
    assert line.split()[3:5] == [str(limits.CPU_S - limits.CPU_LAST_WORDS_S), str(limits.CPU_S)]
    assert b"SECRET" not in (about / "environ").read_bytes()
    assert os.readlink(about / "cwd") == "/"
    source.close()


def test_a_file_of_gigabytes_in_six_hundred_bytes(tmp_path: Path) -> None:
    """An MP4 whose sample table claims 400 million entries of one size each."""
    path = encode(tmp_path / "a.m4a", "aac", "mono", rate_hz=16_000)
    data = bytearray(path.read_bytes())
    at = data.index(b"stts") + 8
    data[at : at + 12] = struct.pack(">III", 1, 400_000_000, 1)
    at = data.index(b"stsz") + 8
    data[at : at + 8] = struct.pack(">II", 1, 400_000_000)
    path.write_bytes(data)
    with pytest.raises(MediaError) as caught, open_audio(path) as source:
        list(source.blocks())
    assert 0 < caught.value.data["peak_bytes"] < 200 << 20


def test_more_hours_than_allowed_end_the_file_and_keep_what_came(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", "flac", "mono", seconds=60.0)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)  # the number of samples: unknown, as of a stream
    path.write_bytes(data)
    source = ParallelDecoder(path, max_hours=30 / 3600)
    frames = sum(chunk.shape[1] for chunk in source.chunks())
    assert 15 * 16_000 <= frames <= 30 * 16_000
    assert isinstance(source.cut_short, TooLong)
    assert source.cut_short.data["max_hours"] == pytest.approx(30 / 3600)


def test_a_file_that_says_that_it_is_too_long_is_not_read_at_all(tmp_path: Path) -> None:
    with pytest.raises(TooLong):
        ParallelDecoder(write_wav(tmp_path / "a.wav", noise(60, -20)), max_hours=30 / 3600)


def test_no_decoder_of_pictures_is_ever_started() -> None:
    names = set(audio_codecs().split(","))
    assert {"aac", "mp3", "mp3float", "flac", "opus", "vorbis", "pcm_s16le", "wmav2", "amrnb"} <= names
    assert not names & {"h264", "hevc", "png", "mjpeg", "magicyuv", "gif", "srt", "ass", "vp9"}


def test_an_ffmpeg_with_known_faults_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_version()
    for old in ("8.1.1", "n7.1-12-gabc"):
        monkeypatch.setattr(av, "ffmpeg_version_info", old)
        with pytest.raises(MissingDependency, match=r"8\.1\.2"):
            check_version()


def test_every_error_passes_the_wire() -> None:
    for kind in MediaError.__subclasses__():
        data = {"reference": 1, "codec": "x", "found": "x", "min_ms": 1, "max_hours": 1}
        data |= {"track": 2, "channel": 3, "count": 1}
        assert type(media_error(kind.code, path="a", **data)) is kind
    assert "new" in str(media_error("new", path="a"))


class TestSniffing:
    @pytest.mark.parametrize(
        "head",
        [
            b"#EXTM3U\n",
            b"\xef\xbb\xbf#EXTM3U\r\n",
            b"\n  #EXTM3U",
            b"ffconcat version 1.0\nfile x",
            b"[playlist]\nFile1=x",
            b"v=0\r\no=- 0 0 IN",
            b"<ASX version='3'>",
            b"<?xml version='1.0'?>\n<MPD xmlns='urn'>",
        ],
    )
    def test_lists_of_other_files(self, head: bytes, tmp_path: Path) -> None:
        path = tmp_path / "a.mp3"
        path.write_bytes(head)
        with pytest.raises(Playlist):
            open_audio(path)

    @pytest.mark.parametrize("head", [b"#!SILK_V3\x00", b"\x02#!SILK_V3\x00"])
    def test_voice_messages(self, head: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.slk").write_bytes(head)
        with pytest.raises(SilkVoice):
            open_audio(tmp_path / "a.slk")

    @pytest.mark.parametrize(
        "name, content",
        [
            ("a.mp3", b"CTENFDAM" + bytes(100)),
            ("a.kgm", b"\x7c\xd5\x32\xeb\x86\x02\x7f\x4b" + bytes(100)),
            ("song.QMCFLAC", b"unlike anything" * 20),
        ],
    )
    def test_music_apps(self, name: str, content: bytes, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LockedFormat):
            open_audio(tmp_path / name)

    @pytest.mark.parametrize("entry", [b"drms", b"aavd", b"enca"])
    def test_copy_protection(self, entry: bytes, tmp_path: Path) -> None:
        path = encode(tmp_path / "a.m4a", "aac", "mono")
        data = path.read_bytes().replace(b"mp4a", entry, 1)
        if entry == b"enca":
            data = data.replace(b"esds", b"sinf", 1)
        path.write_bytes(data)
        assert sniff.is_protected(path)
        with pytest.raises(CopyProtected):
            open_audio(path)

    def test_an_ordinary_file_is_not_protected(self, tmp_path: Path) -> None:
        assert not sniff.is_protected(encode(tmp_path / "a.m4a", "aac", "mono"))
        assert not sniff.is_protected(write_wav(tmp_path / "a.wav", noise(1, -20)))

    def test_text_is_no_list(self, tmp_path: Path) -> None:
        (tmp_path / "a.mp3").write_text("v=1 is not a session\n#EXTM3U")
        with pytest.raises(NotMedia):
            open_audio(tmp_path / "a.mp3")


def test_ffmpeg_is_looked_for_where_we_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """conda, Homebrew and modules of a cluster have it outside of the system's folders."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SECRET", "x")
    server = ForkServer()
    try:
        os.close(server.fork({}))
        assert server._process is not None
        path = Path(f"/proc/{server._process.pid}/environ")
        wait_until(path.read_bytes)  # empty for a moment, while the program is being replaced
        environment = path.read_bytes().decode().split("\0")
    finally:
        server.close()
    assert f"PATH={tmp_path}" in environment and not [each for each in environment if "SECRET" in each]
