"""A long file is decoded by several processes at once, and what comes out is what one pass gives."""

from __future__ import annotations

import functools
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sensevoice.audio import source as audio_source
from sensevoice.audio.decoding.decoders import open_decoder
from sensevoice.audio.decoding.seeking import SeekingDecoder
from sensevoice.audio.source import open_audio
from sensevoice.audio.worker import ParallelDecoder, parallel
from sensevoice.audio.worker.handle import WorkerHandle
from sensevoice.audio.worker.parallel import MAX_DEATHS, MAX_MISSES
from sensevoice.audio.worker.policy import MAX_PROCESSES, CorePool, SplitPolicy
from sensevoice.errors import DecoderCrashed, TooLong
from tests.audio.worker.test_worker import encode, is_gone, wait_until
from tests.media import babble, ffmpeg, needs_ffmpeg, write_wav

pytestmark = pytest.mark.slow

SECONDS = 24
POLICY = SplitPolicy(processes=3, longer_than_s=20, range_s=5)
STRETCHES = 5
"""Of five seconds; the last one is shorter."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """44.1 kHz, with a different sound on each side, and silence at one of the cuts."""
    sides = np.stack([babble(SECONDS, seed=1, rate_hz=44_100), babble(SECONDS, -26, seed=2, rate_hz=44_100)])
    sides[:, round(9.5 * 44_100) : round(10.8 * 44_100)] = 0
    return write_wav(tmp_path_factory.mktemp("source") / "long.wav", sides, 44_100)


class Spy:
    """Counts the processes that are started, and remembers them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[WorkerHandle] = []

        def start(*file: object) -> WorkerHandle:
            self.started.append(WorkerHandle(*file))  # type: ignore[arg-type]
            return self.started[-1]

        monkeypatch.setattr(parallel, "WorkerHandle", start)

    def all_gone(self) -> bool:
        return all(is_gone(process.pid) for process in self.started)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(monkeypatch)


def read(decoder: ParallelDecoder) -> np.ndarray:
    return np.concatenate(list(decoder.chunks()), axis=1)


def long_flac(folder: Path, seconds: float) -> Path:
    return encode(folder / "a.flac", "flac", "mono", 16_000, seconds)


def one_pass(path: Path) -> np.ndarray:
    return np.concatenate(list(open_decoder(path).chunks()), axis=1)


FORMATS: dict[str, tuple[str, ...]] = {
    "a.flac": (),
    "24.flac": ("-ar", "96000", "-sample_fmt", "s32"),
    "11k.flac": ("-ar", "11025"),
    "16k.flac": ("-ar", "16000", "-ac", "1"),
    "cbr.mp3": ("-b:a", "128k"),
    "vbr.mp3": ("-q:a", "5"),
    "no-table.mp3": ("-q:a", "5", "-write_xing", "0", "-id3v2_version", "0"),
    "low.mp3": ("-b:a", "24k", "-ac", "1", "-ar", "16000"),
    "vorbis.ogg": ("-c:a", "libvorbis"),
    "a.opus": ("-c:a", "libopus"),
    "voice.opus": ("-c:a", "libopus", "-b:a", "12k", "-ac", "1", "-application", "voip"),
    "a.webm": ("-c:a", "libopus"),
    "opus.mp4": ("-c:a", "libopus"),
    "alac.m4a": ("-c:a", "alac"),
}


@needs_ffmpeg
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_that_is_cut_gives_what_one_pass_gives(
    name: str, source: Path, tmp_path: Path, spy: Spy
) -> None:
    path = tmp_path / name
    ffmpeg("-i", source, *FORMATS[name], path)
    decoder = ParallelDecoder(path, policy=POLICY)
    assert np.array_equal(read(decoder), one_pass(path))
    missed = 1 if "opus" in name or "webm" in name else 0  # the cut in silence, see RangeReader.fingerprint
    assert len(spy.started) == POLICY.processes + missed
    assert decoder.bad_packets == 0 and decoder.cut_short is None and decoder.peak_bytes > 0
    wait_until(spy.all_gone)


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.ac3", "a.wma", "flac.mkv", "odd.flac", "a.wav"])
def test_other_formats_are_left_whole(name: str, source: Path, tmp_path: Path, spy: Spy) -> None:
    path = tmp_path / name
    options = {"flac.mkv": ("-c:a", "flac"), "odd.flac": ("-ar", "44101"), "a.wma": ("-c:a", "wmav2")}
    ffmpeg("-i", source, *options.get(name, ()), path)
    assert np.array_equal(read(ParallelDecoder(path, policy=POLICY)), one_pass(path))
    assert len(spy.started) == 1


@needs_ffmpeg
def test_why_aac_is_left_whole(source: Path, tmp_path: Path) -> None:
    """FFmpeg fills its noise bands from a generator that goes on through the file."""
    path = tmp_path / "a.m4a"
    ffmpeg("-i", source, "-b:a", "96k", path)
    decoder = SeekingDecoder(path)
    decoder.jump(5)
    later = np.concatenate(list(decoder.chunks()), axis=1)
    whole = one_pass(path)[:, decoder.start :]
    assert whole.shape == later.shape
    assert not np.array_equal(whole[:, -16_000:], later[:, -16_000:])


def test_short_files_and_single_cores_are_left_whole(tmp_path: Path, spy: Spy) -> None:
    path = long_flac(tmp_path, 21)
    for policy in (SplitPolicy(3), SplitPolicy(1, longer_than_s=20), SplitPolicy(3, longer_than_s=21)):
        spy.started.clear()
        assert read(ParallelDecoder(path, policy=policy)).shape == (1, 21 * 16_000)
        assert len(spy.started) == 1


def test_spare_cores_are_lent_once() -> None:
    cores = CorePool(10)
    assert [cores.acquire(), cores.acquire(), cores.acquire()] == [MAX_PROCESSES - 1, 3, 0]
    cores.release(3)
    assert cores.acquire() == 3
    assert CorePool(0).acquire() == 0


def test_a_long_file_takes_spare_cores_and_gives_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spy: Spy
) -> None:
    path = long_flac(tmp_path, 601)
    cores = CorePool(2)
    monkeypatch.setattr(parallel, "spare_cores", cores)
    decoder = ParallelDecoder(path)
    next(chunks := decoder.chunks())
    assert len(spy.started) == 3 and cores.acquire() == 0
    other = ParallelDecoder(path)
    assert read(other).shape == (1, 601 * 16_000)  # in one pass
    assert len(spy.started) == 4
    chunks.close()
    decoder.close()
    assert cores.acquire() == 2


def test_a_file_that_ends_at_a_cut(tmp_path: Path) -> None:
    for seconds in (25.0, 25.01, 24.99):
        path = long_flac(tmp_path, seconds)
        assert np.array_equal(read(ParallelDecoder(path, policy=POLICY)), one_pass(path))


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.opus", "a.ogg"])
def test_damage_in_the_middle_counts_as_in_one_pass(name: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    ffmpeg("-i", source, *(["-c:a", "libvorbis"] if name == "a.ogg" else []), path)
    data = bytearray(path.read_bytes())
    for at in (0.45, 0.5, 0.52):
        start = int(len(data) * at)
        data[start : start + 600] = random.Random(at).randbytes(600)
    path.write_bytes(data)
    whole = open_decoder(path)
    samples = np.concatenate(list(whole.chunks()), axis=1)
    decoder = ParallelDecoder(path, policy=POLICY)
    assert np.array_equal(read(decoder), samples)
    assert decoder.bad_packets == whole.bad_packets


@needs_ffmpeg
def test_a_file_that_was_cut_off(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    ffmpeg("-i", source, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    decoder = ParallelDecoder(path, policy=POLICY)
    whole = open_decoder(path)
    assert np.array_equal(read(decoder), np.concatenate(list(whole.chunks()), axis=1))
    assert decoder.bad_packets == whole.bad_packets


@needs_ffmpeg
def test_time_stamps_that_jump(source: Path, tmp_path: Path) -> None:
    """One pass does not look at them, so the cuts may not either."""
    path = tmp_path / "a.mkv"
    jumps = "setts=pts='if(gt(N,400),PTS+20000-N*7,PTS)':dts='if(gt(N,400),DTS+20000-N*7,DTS)'"
    ffmpeg("-i", source, "-c:a", "libopus", "-bsf:a", jumps, path)
    assert np.array_equal(read(ParallelDecoder(path, policy=POLICY)), one_pass(path))


def test_without_agreement_the_earlier_process_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spy: Spy
) -> None:
    path = long_flac(tmp_path, SECONDS)
    monkeypatch.setattr(parallel, "_first_fingerprint", lambda process: {"place": [], "sound": "another"})
    assert np.array_equal(read(ParallelDecoder(path, policy=POLICY)), one_pass(path))
    assert len(spy.started) == POLICY.processes + MAX_MISSES - 1
    wait_until(spy.all_gone)


def test_after_one_cut_without_agreement_the_next_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spy: Spy
) -> None:
    path = long_flac(tmp_path, SECONDS)
    first, asked = parallel._first_fingerprint, []
    monkeypatch.setattr(
        parallel,
        "_first_fingerprint",
        lambda process: first(process) if asked else asked.append(process),
    )
    assert np.array_equal(read(ParallelDecoder(path, policy=POLICY)), one_pass(path))
    assert len(spy.started) == POLICY.processes + 1


def test_a_process_that_dies_before_its_turn_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spy: Spy
) -> None:
    path = long_flac(tmp_path, SECONDS)
    start = parallel.WorkerHandle

    def start_and_kill_the_third(*file: object) -> WorkerHandle:
        process = start(*file)  # type: ignore[arg-type]
        if len(spy.started) == 3:
            os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(parallel, "WorkerHandle", start_and_kill_the_third)
    decoder = ParallelDecoder(path, policy=POLICY)
    assert np.array_equal(read(decoder), one_pass(path))
    assert decoder.cut_short is None and len(spy.started) == POLICY.processes + 1


@pytest.mark.parametrize("kills", [1, 2, 5])
@pytest.mark.parametrize("processes", [1, 3])
def test_the_process_whose_turn_it_is_dies(tmp_path: Path, spy: Spy, processes: int, kills: int) -> None:
    """Another one goes on where it stopped, as often as that happens at another place."""
    path = long_flac(tmp_path, 200)
    decoder = ParallelDecoder(path, policy=SplitPolicy(processes, 20, 40))
    chunks = decoder.chunks()
    got = []
    for _ in range(kills):
        got.append(next(chunks))
        os.kill(decoder.pid, signal.SIGKILL)
    got += list(chunks)
    assert np.array_equal(np.concatenate(got, axis=1), one_pass(path))
    assert decoder.cut_short is None
    wait_until(spy.all_gone)


def test_a_place_that_kills_every_decoder_ends_the_file(
    tmp_path: Path, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = long_flac(tmp_path, 200)
    decoder = ParallelDecoder(path, policy=SplitPolicy(3, 20, 40))
    chunks = decoder.chunks()
    got = [next(chunks)]
    before = len(spy.started)
    start = parallel.WorkerHandle

    def start_and_kill(*file: object) -> WorkerHandle:
        process = start(*file)  # type: ignore[arg-type]
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(parallel, "WorkerHandle", start_and_kill)
    os.kill(decoder.pid, signal.SIGKILL)
    got += list(chunks)
    read_samples = sum(chunk.shape[1] for chunk in got)
    assert np.array_equal(np.concatenate(got, axis=1), one_pass(path)[:, :read_samples])
    assert read_samples < 200 * 16_000 and isinstance(decoder.cut_short, DecoderCrashed)
    assert len(spy.started) - before <= MAX_DEATHS**2
    wait_until(spy.all_gone)


@pytest.mark.parametrize(
    "stop", [lambda decoder, chunks: chunks.close(), lambda decoder, chunks: decoder.close()]
)
def test_a_cancelled_run_leaves_no_process(stop: Callable[..., None], tmp_path: Path, spy: Spy) -> None:
    files = len(os.listdir("/proc/self/fd"))
    decoder = ParallelDecoder(long_flac(tmp_path, 200), policy=SplitPolicy(4, 20, 10))
    chunks = decoder.chunks()
    for _ in range(3):
        next(chunks)
    assert len(spy.started) == 4
    stop(decoder, chunks)
    wait_until(spy.all_gone)
    assert len(os.listdir("/proc/self/fd")) <= files + 2  # the fork server's own may be new


def test_processes_wait_for_their_turn_with_a_stretch_each(tmp_path: Path, spy: Spy) -> None:
    path = encode(tmp_path / "a.flac", "flac", "stereo", 16_000, 300)
    chunks = ParallelDecoder(path, policy=SplitPolicy(3, 20, 30)).chunks()
    next(chunks)

    def used() -> list[list[str]]:
        return [Path(f"/proc/{each.pid}/stat").read_text().split()[13:15] for each in spy.started]

    def at_rest() -> bool:
        before = used()
        time.sleep(0.3)
        return used() == before

    wait_until(at_rest, timeout_s=30)
    for process in spy.started:
        resident_pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        assert resident_pages * os.sysconf("SC_PAGESIZE") < 100 << 20
    chunks.close()


def test_more_hours_than_allowed_end_the_file_in_any_stretch(tmp_path: Path) -> None:
    path = long_flac(tmp_path, SECONDS)
    path_of_lies = encode(tmp_path / "lies.flac", "flac", "mono", seconds=SECONDS)
    with pytest.raises(TooLong):
        ParallelDecoder(path, max_hours=12 / 3600, policy=POLICY)
    data = bytearray(path_of_lies.read_bytes())
    data[21] &= 0xF0
    data[22:26] = (21 * 48_000).to_bytes(4, "big")  # the number of samples, fewer than there are
    path_of_lies.write_bytes(data)
    decoder = ParallelDecoder(path_of_lies, max_hours=22 / 3600, policy=POLICY)
    assert read(decoder).shape[1] == 20 * 16_000
    assert isinstance(decoder.cut_short, TooLong)


def test_the_source_of_a_long_file_is_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = long_flac(tmp_path, SECONDS)
    monkeypatch.setattr(audio_source, "ParallelDecoder", functools.partial(ParallelDecoder, policy=POLICY))
    with open_audio(path) as source:
        blocks = list(source.blocks())
        assert [block.shape[1] for block in blocks] == [160_000, 160_000, 64_000]
        assert source.bad_packets == 0 and source.readable_percent is None
