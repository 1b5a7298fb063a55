"""The command that cuts what is looked for out of a folder of records and recordings."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from sensevoice.cli import cut
from sensevoice.cli.main import COMMANDS
from sensevoice.formats import to_dict
from sensevoice.transcript import Event
from tests.clips import material
from tests.clips.material import heard_at, sound_of
from tests.media import needs_ffmpeg

pytestmark = needs_ffmpeg


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings with their records; the second and the fourth second of each are applauded."""
    made = tmp_path_factory.mktemp("shows")
    (made / "sub").mkdir()
    for name in ("一.wav", "sub/二.wav"):
        path = material.write_tones(made / name)
        record = material.transcript_of(path)
        rows = [
            replace(row, events=(Event("Applause"),)) if number in (1, 3) else row
            for number, row in enumerate(record.segments)
        ]
        text = json.dumps(to_dict(replace(record, segments=tuple(rows))), ensure_ascii=False)
        path.with_name(path.name + ".json").write_text(text, "utf-8")
    return made


def run(*arguments: str | Path) -> int:
    return cut.main([str(argument) for argument in arguments])


def test_what_is_looked_for_becomes_a_reel(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reel = tmp_path / "reel.mp3"
    assert run(folder, "--recursive", "--where", "声音:掌声", "--handles", "0", "-o", reel) == 0
    samples = sound_of(reel)
    assert [heard_at(samples, 0.5 + second) for second in range(4)] == [1, 3, 1, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reel.csv", "reel.mp3", "reel.srt"]
    said = capsys.readouterr().out
    assert "4 clips of 2 recordings" in said and "2 个录音，4 段" in said


def test_key_moments_become_clips_in_a_zip(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "best.zip"
    record = folder / "一.wav.json"
    assert (
        run(record, "--highlights", "applause,anger", "-o", target, "--media", "flac", "--labels", "en") == 0
    )
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
    # One of applause, which goes on over a second of something else, and four of anger.
    assert len([name for name in names if name.endswith(".flac")]) == 5 and "best.csv" in names
    assert any("angry" in name and "applause" in name for name in names)


def test_recordings_in_another_folder_are_found(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    record = tmp_path / "records" / "二.wav.json"
    record.write_bytes((folder / "sub" / "二.wav.json").read_bytes())
    wanted = ("--where", "第3秒", "--handles", "0", "-o", tmp_path / "a.wav")
    assert run(tmp_path / "records", *wanted) == 1
    assert run(tmp_path / "records", *wanted, "--media-dir", folder / "sub") == 0
    assert heard_at(sound_of(tmp_path / "a.wav"), 0.5) == 3


def test_what_is_wrong_is_a_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reel = tmp_path / "reel.mp3"
    (tmp_path / "broken.json").write_text("{}")
    for wrong in (
        (folder, "-o", reel),
        (folder, "-o", reel, "--where", "a", "--highlights", "anger"),
        (folder, "-o", tmp_path / "a.exe", "--where", "a"),
        (folder, "-o", tmp_path / "a.mp3", "--media", "wav", "--where", "a"),
        (folder, "-o", tmp_path / "none" / "a.mp3", "--where", "a"),
        (folder, "-o", reel, "--where", '"a'),
        (folder, "-o", reel, "--where", "情绪:无"),
        (folder, "-o", reel, "--highlights", "joy"),
        (folder, "-o", reel, "--where", "a", "--handles", "99"),
        (folder / "nothing", "-o", reel, "--where", "a"),
    ):
        assert run(*wrong) == 2, wrong
        assert " / " in capsys.readouterr().err
    assert run(folder, "-o", reel, "--where", "没有说过") == 1
    assert run(tmp_path, "-o", reel, "--where", "a") == 1 and "broken.json" in capsys.readouterr().err
    assert run(folder, "-o", tmp_path / "a.mp4", "--where", "第3秒") == 1, "there is no picture"
    assert [path.name for path in tmp_path.iterdir()] == ["broken.json"]
    assert COMMANDS["cut"].module == "sensevoice.cli.cut"
