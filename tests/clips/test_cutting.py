"""What was cut, decoded again: every tone and every picture is where it should be, within a frame."""

from __future__ import annotations

import csv
import io
import signal
import threading
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sensevoice.audio.worker import limits
from sensevoice.clips import CutSettings, Take, cutting, encoder, make
from sensevoice.clips.encoder import Cancelled, Stop
from sensevoice.clips.worker.copying import copied
from sensevoice.clips.worker.film import Film, Recording
from sensevoice.clips.worker.film import Span as Part
from sensevoice.clips.worker.main import Progress, TimeLimit
from sensevoice.clips.worker.sound import Joiner, SoundReader, faded
from sensevoice.errors import CutFailed, NoPicture, NoRoomToCut, OptionError, TimedOut
from sensevoice.runtime import landlock
from sensevoice.transcript import Span
from tests.clips import material
from tests.clips.material import H264, NEAR_S, RATE_HZ, SECONDS, heard_at, seen_in, sound_of
from tests.media import ffmpeg, needs_ffmpeg

pytestmark = needs_ffmpeg

WANTED_MS = ((1_200, 3_100), (5_000, 6_400), (7_500, 7_900))
LATE_S, HOLE_S, HOLE_AT_S = 0.5, 1.5, 4.0


def parts(wanted: tuple[tuple[int, int], ...] = WANTED_MS) -> list[Part]:
    made, at_ms = [], 0
    for start_ms, end_ms in wanted:
        made.append(Part(0, start_ms, end_ms, at_ms, f"{start_ms}"))
        at_ms += end_ms - start_ms
    return made


def tell(take: int, second: float) -> None:
    pass


def recording(path: Path, duration_ms: int = 1000 * SECONDS) -> Recording:
    return Recording(path, None, "", duration_ms)


def tone_at(second: float) -> int | None:
    return int(second)


def late_tone_at(second: float) -> int | None:
    """Return the tone at a time where the sound begins late, and has a hole; -1 while it fades into that."""
    own = second - LATE_S
    if HOLE_AT_S <= own < HOLE_AT_S + 0.1:
        return -1
    own = own if own < HOLE_AT_S else own - HOLE_S if own >= HOLE_AT_S + HOLE_S else -1.0
    return int(own) if own >= 0 else None


def check_sound(path: Path, clips: list[Part], tone: Any = tone_at) -> None:
    samples = sound_of(path)
    whole_s = clips[-1].until_ms / 1000
    assert len(samples) / RATE_HZ == pytest.approx(whole_s, abs=0.03)
    for clip in clips:
        for at_s in np.arange(clip.at_ms / 1000 + NEAR_S, clip.until_ms / 1000 - NEAR_S, 0.05):
            source_s = (clip.start_ms - clip.at_ms) / 1000 + at_s
            if tone(source_s - NEAR_S) == tone(source_s + NEAR_S) != -1:
                assert heard_at(samples, at_s) == tone(source_s), f"{at_s:.3f} s"


def check_picture(path: Path, clips: list[Part], frame_s: float) -> None:
    seen = list(seen_in(path))
    times = [time for time, _ in seen]
    assert times == sorted(set(times)) and times[0] == 0
    assert times[-1] == pytest.approx(clips[-1].until_ms / 1000, abs=2 * frame_s)
    for clip in clips:
        own = [(time, shade) for time, shade in seen if clip.at_ms <= 1000 * time + 0.5 < clip.until_ms]
        assert own and own[0][0] * 1000 == pytest.approx(clip.at_ms, abs=1)
        for time, shade in own:
            source_s = (clip.start_ms - clip.at_ms) / 1000 + time
            assert shade in (int(source_s - frame_s), int(source_s + 0.002)), f"{time:.3f} s"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def tones(folder: Path) -> Path:
    return material.write_tones(folder / "tones.wav")


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return material.write_film(folder / "film.mp4", *H264, "-c:a", "aac")


@pytest.mark.parametrize("media", ["wav", "flac", "mp3", "m4a"])
def test_sound_of_every_kind(tones: Path, tmp_path: Path, media: str) -> None:
    path = tmp_path / f"reel.{media}"
    Film([recording(tones)], parts(), media, tell).write(path)
    check_sound(path, parts())
    with av.open(str(path)) as made:
        names = [each["metadata"].get("title") for each in made.chapters()]
    assert names == (["1200", "5000", "7500"] if media in ("mp3", "m4a") else [])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.flac", ()),
        ("a.mp3", ("-b:a", "128k")),
        ("a.aac", ()),
        ("a.ogg", ("-c:a", "libopus")),
        ("a.mka", ("-c:a", "libopus")),
    ],
)
def test_sound_out_of_every_kind(tones: Path, tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    source = tmp_path / name
    ffmpeg("-i", tones, *options, source)
    path = tmp_path / "reel.wav"
    Film([recording(source)], parts(), "wav", tell).write(path)
    # A file of nothing but frames says nothing of the encoder's delay: its own clock is the record's.
    late_s = 1024 / RATE_HZ if name == "a.aac" else 0.0
    check_sound(path, parts(), lambda second: tone_at(max(0.0, second - late_s)))


def test_without_loss_every_sample_is_the_same_but_for_the_joints(tones: Path, tmp_path: Path) -> None:
    path = tmp_path / "reel.wav"
    Film([recording(tones)], parts(), "wav", tell).write(path)
    source, made = sound_of(tones), sound_of(path)
    place = lambda ms: round(ms * RATE_HZ / 1000)  # noqa: E731
    fade = round(10 * RATE_HZ / 1000) // 2 + 1
    for clip in parts():
        start, stop = place(clip.at_ms) + fade, place(clip.until_ms) - fade
        first = place(clip.start_ms) + fade
        assert np.array_equal(made[start:stop], source[first : first + stop - start])
    joint = place(parts()[1].at_ms)
    assert np.abs(np.diff(made[joint - 600 : joint + 600])).max() < 0.2, "a click"


def test_film_at_29_97(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "reel.mp4"
    Film([recording(film)], parts(), "mp4", tell).write(path)
    check_sound(path, parts())
    check_picture(path, parts(), 1001 / 30000)


@pytest.mark.parametrize(
    ("name", "options", "rate"),
    [
        (
            "vfr.mkv",
            ("-vf", "select='not(mod(n,3))+gt(mod(n,7),4)'", "-vsync", "vfr", *H264, "-c:a", "libopus"),
            "30",
        ),
        ("slow.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"), "10"),
        ("camera.ts", ("-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "mp2"), "25"),
        ("old.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame"), "25"),
    ],
)
def test_films_of_other_kinds(
    folder: Path, tmp_path: Path, name: str, options: tuple[str, ...], rate: str
) -> None:
    source = material.write_film(folder / name, *options, rate=rate)
    path = tmp_path / "reel.mp4"
    Film([recording(source)], parts(), "mp4", tell).write(path)
    check_sound(path, parts())
    check_picture(path, parts(), 4 / float(rate) if name == "vfr.mkv" else 1 / float(rate))


def test_holes_and_a_late_start_stay_where_they_are(folder: Path, tmp_path: Path) -> None:
    stamps = f"if(gte(T,{HOLE_AT_S}),PTS+{HOLE_S}/TB,PTS)+{LATE_S}/TB"
    source = material.write_film(
        folder / "late.mp4", *H264, "-c:a", "aac", sound=("-af", f"asetpts='{stamps}'")
    )
    clips = parts(((100, 1_900), (4_000, 6_800), (7_000, 8_400)))
    path = tmp_path / "reel.mp4"
    Film([recording(source)], clips, "mp4", tell).write(path)
    check_sound(path, clips, late_tone_at)
    check_picture(path, clips, 1001 / 30000)


def test_several_recordings_in_one_film(film: Path, tones: Path, folder: Path, tmp_path: Path) -> None:
    wide = folder / "wide.mp4"
    ffmpeg(
        "-i", film, "-vf", "scale=128:32,transpose=1", *H264, "-ac", "2", "-ar", "48000", "-c:a", "aac", wide
    )
    wanted = [Part(0, 1_200, 2_100, 0), Part(1, 5_000, 5_900, 900), Part(2, 3_100, 3_900, 1_800)]
    path = tmp_path / "reel.mp4"
    Film([recording(film), recording(wide), recording(tones)], wanted, "mp4", tell).write(path)
    check_sound(path, wanted)
    with av.open(str(path)) as made:
        stream = made.streams.video[0]
        assert (stream.width, stream.height, made.streams.audio[0].channels) == (96, 64, 2)
        grey = {
            int(frame.time * 10): frame.reformat(format="gray").to_ndarray() for frame in made.decode(video=0)
        }
    assert abs(float(grey[12][32, 48]) - 116) < 8 and grey[12][32, 2] < 24, "black at the sides"
    assert grey[18].max() < 24, "black for sound alone"


def first_picture(path: Path) -> np.ndarray:
    with av.open(str(path)) as film:
        return next(film.decode(video=0)).reformat(format="gray").to_ndarray()


@pytest.mark.parametrize("degrees", ["90", "180", "270"])
def test_a_film_is_turned_upright(tones: Path, tmp_path: Path, degrees: str) -> None:
    """As the ffmpeg program does it, and every player."""
    marked, turned, upright = (tmp_path / name for name in ("marked.mp4", "turned.mp4", "upright.mp4"))
    picture = "color=black:size=96x64:rate=10:duration=2,drawbox=x=0:y=0:w=40:h=20:color=white:t=fill"
    ffmpeg("-f", "lavfi", "-i", picture, "-i", tones, "-t", "2", *H264, "-c:a", "aac", marked)
    ffmpeg("-i", marked, "-c", "copy", "-metadata:s:v:0", f"rotate={degrees}", turned)
    ffmpeg("-i", turned, *H264, upright)
    path = tmp_path / "reel.mp4"
    Film([recording(turned)], parts(((200, 900),)), "mp4", tell).write(path)
    ours, expected = first_picture(path).astype(int), first_picture(upright).astype(int)
    assert ours.shape == expected.shape and np.abs(ours - expected).mean() < 6


def test_sound_alone_is_no_film(tones: Path) -> None:
    with pytest.raises(NoPicture):
        Film([recording(tones)], parts(), "mp4", tell)


def test_sound_is_copied_by_its_frames(film: Path, tones: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.m4a"
    borders = copied(recording(film), Part(0, 3_210, 5_640, 0), "m4a", path)
    assert borders is not None and borders[0] <= 3_210 < borders[0] + 24 and 0 <= borders[1] - 5_640 < 24
    check_sound(path, [Part(0, *borders, 0)])
    for media, source in (("mp3", film), ("m4a", tones), ("mp4", film)):
        assert copied(recording(source), Part(0, 3_210, 5_640, 0), media, tmp_path / "no") is None
    assert copied(recording(film, 12_000), Part(0, 3_210, 5_640, 0), "m4a", path) is None, "stamps lie"


def test_a_film_is_copied_where_it_can_be(folder: Path, tmp_path: Path) -> None:
    source = material.write_film(folder / "keys.mp4", *H264, "-g", "25", "-bf", "0", "-c:a", "aac", rate="25")
    path = tmp_path / "clip.mp4"
    borders = copied(recording(source), Part(0, 3_000, 5_200, 0), "mp4", path)
    assert borders == (3_000, 5_200)
    check_sound(path, [Part(0, *borders, 0)])
    check_picture(path, [Part(0, *borders, 0)], 1 / 25)
    assert copied(recording(source), Part(0, 3_300, 5_200, 0), "mp4", path) is None, "no key picture there"


def test_a_clip_may_begin_before_the_last_one_ended(tones: Path) -> None:
    reader = SoundReader(tones, None, "", RATE_HZ, 2, lambda second: None)
    whole = np.concatenate(list(reader.read(-50, 3 * RATE_HZ)), axis=1)
    again = np.concatenate(list(reader.read(RATE_HZ, 2 * RATE_HZ)), axis=1)
    behind = np.concatenate(list(reader.read(SECONDS * RATE_HZ - 10, SECONDS * RATE_HZ + 90_000)), axis=1)
    first = np.concatenate(list(reader.read(0, 100)), axis=1)
    reader.close()
    assert whole.shape == (2, 3 * RATE_HZ + 50) and not whole[:, :50].any()
    assert np.array_equal(again, whole[:, RATE_HZ + 50 : 2 * RATE_HZ + 50])
    assert behind.shape == (2, 90_010) and not behind[:, 10:].any()
    assert np.array_equal(first, whole[:, 50:150])


def test_a_crossfade_keeps_the_level_and_the_length() -> None:
    joiner, ones = Joiner(1, 10), np.ones((1, 105), np.float32)
    out = [joiner.add(0, faded(ones, 0, 105, 0, 10)), joiner.add(95, faded(ones, 0, 105, 10, 0))]
    joined = np.concatenate([*out, joiner.finish(200)], axis=1)
    assert joined.shape == (1, 200) and np.allclose(joined, 1, atol=1e-6)


# --- the whole way, in a process of its own ---------------------------------------------------------


def take(path: Path, *wanted: tuple[int, int], name: str = "") -> Take:
    return Take(path, name or path.name, material.transcript_of(path), tuple(Span(*each) for each in wanted))


HOSTILE = "../../=1+1\n<b>\ud800:con.mp4"


def test_a_zip_of_clips_with_subtitles_and_a_list(film: Path, tmp_path: Path) -> None:
    wanted = take(film, (1_000, 2_000), (5_000, 6_000), name=HOSTILE)
    settings = CutSettings("m4a", "clips", 0.0, ("srt", "vtt", "ass"))
    fractions: list[float] = []
    made = make([wanted], settings, tmp_path / "made.zip", fractions.append)
    assert made.copied == 2 and all(0 <= each <= 1 for each in fractions)
    with zipfile.ZipFile(made.path) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names)) == 9
        assert not [name for name in names if set(name) & set('/\\<>:"|?*\n')], names
        listed = list(csv.DictReader(io.StringIO(archive.read("made.csv").decode("utf-8-sig"))))
        for row in listed:
            assert row["来源"].startswith("../../=1+1") and row["方式"] == "原样复制"
            archive.extract(row["文件"], tmp_path)
            start_ms, end_ms = int(row["来源开始毫秒"]), int(row["来源结束毫秒"])
            check_sound(tmp_path / row["文件"], [Part(0, start_ms, end_ms, 0)])
        srt = archive.read(next(name for name in names if name.endswith(".srt"))).decode()
    assert [int(row["来源开始毫秒"]) // 100 for row in listed] == [9, 49], "of the frame before"
    assert "00:00:00,0" in srt and "第1秒" in srt
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".cut-")] == []


def test_a_reel_with_its_subtitles_beside_it(tones: Path, tmp_path: Path) -> None:
    settings = CutSettings("mp3", "reel", 0.0, ("srt",), "en")
    made = make([take(tones, (1_000, 2_000), (5_000, 6_000))], settings, tmp_path / "reel.mp3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reel.csv", "reel.mp3", "reel.srt"]
    assert "00:00:01,000 --> 00:00:02,000\n第5秒" in made.beside[0].read_text("utf-8")
    check_sound(made.path, [Part(0, 1_000, 2_000, 0), Part(0, 5_000, 6_000, 1_000)])
    with pytest.raises(OptionError):
        make([take(tones, (0, 500))], CutSettings(form="clips"), tmp_path / "x.mp3")


def test_nothing_is_left_of_what_is_cancelled(tones: Path, tmp_path: Path) -> None:
    stop = Stop()
    threading.Timer(0.2, stop.cancel).start()
    with pytest.raises(Cancelled):
        make([take(tones, (1_000, 8_000))], CutSettings("flac"), tmp_path / "a.flac", stop=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cutting.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1 << 20})())
        with pytest.raises(NoRoomToCut, match="MB"):
            make([take(tones, (1_000, 8_000))], CutSettings("wav"), tmp_path / "a.wav")
    monkeypatch.setattr(cutting, "LARGER", 0.05)
    with pytest.raises(NoRoomToCut):
        make([take(tones, (1_000, 8_000))], CutSettings("wav"), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_film_or_no_media_is_a_sentence(
    tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoPicture, match=r"tones\.wav"):
        make([take(tones, (0, 1_000))], CutSettings("mp4"), tmp_path / "a.mp4")
    monkeypatch.setattr(encoder, "START", "import os; os.kill(os.getpid(), 11)")
    with pytest.raises(CutFailed, match=r"[0-9a-f]{8}"):
        make([take(tones, (0, 1_000))], CutSettings("mp3"), tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []


def changed_start(change: str) -> str:
    """Return what starts a worker, with a change of its module `main` before."""
    program = f"from sensevoice.clips.worker import main\n{change}\nmain.main()"
    start = encoder.START.replace(
        "from sensevoice.clips.worker import main; main.main()", f"exec({program!r})"
    )
    assert start != encoder.START
    return start


@pytest.mark.skipif(not landlock.version(), reason="this system has no Landlock")
def test_a_worker_that_cuts_is_confined(
    tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A recording that asks for another file, as an exploit would, gets nothing of it."""
    secret = tmp_path / "secret"
    secret.write_text("a")
    change = f"main._files = lambda *_: iter([{{'name': open({str(secret)!r}).read()}}])"
    monkeypatch.setattr(encoder, "START", changed_start(change))
    with pytest.raises(CutFailed):
        make([take(tones, (0, 1_000))], CutSettings("mp3"), tmp_path / "a.mp3")
    assert "Permission denied" in caplog.text


def test_a_signal_that_a_library_swallows_ends_the_cut_at_its_next_step() -> None:
    """PyAV swallows what a handler of signals raises, now and then: the processor time stays bounded."""
    time_is_up = TimeLimit()
    progress = Progress(parts(), time_is_up)
    with suppress(limits.TimeIsUp):
        time_is_up.set()
    with pytest.raises(limits.TimeIsUp):
        progress.tell(0, 1.0)


def test_the_processor_time_of_a_cut_is_bounded(
    tones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = (
        "import os\nfiles = main._files\n"
        f"main._files = lambda *given: os.kill(os.getpid(), {signal.SIGXCPU}) or files(*given)"
    )
    monkeypatch.setattr(encoder, "START", changed_start(change))
    with pytest.raises(TimedOut, match=r"tones\.wav"):
        make([take(tones, (0, 1_000))], CutSettings("mp3"), tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []
