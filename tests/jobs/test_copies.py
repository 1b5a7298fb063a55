"""The player's copy: whole or not there, and never at the transcript's cost."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from unittest.mock import Mock

import av
import numpy as np
import pytest

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.audio.opus import OpusFile
from sensevoice.jobs.copies import CopyWriter, at_most_two, needs_copy
from sensevoice.transcript import Media

MP3 = Media(container="mp3", codec="mp3", channels=1)
SECOND = np.zeros((1, SAMPLE_RATE_HZ), np.float32)


@pytest.mark.parametrize(
    ("media", "wanted"),
    [
        (Media(), False),
        (MP3, True),
        (Media(container="wav", codec="pcm_s16le", channels=2), False),
        (Media(container="wav", codec="pcm_alaw", channels=1), True),
        (Media(container="wav", codec="pcm_s16le", channels=6), True),
        (Media(container="mov,mp4", codec="aac", channels=2), False),
        (Media(container="mov,mp4", codec="aac", channels=2, track=2), True),
        (Media(container="mov,mp4", codec="alac", channels=2), True),
        (Media(container="ogg", codec="opus", channels=1), True),
        (Media(container="matroska,webm", codec="opus", channels=1, frame_rate="25"), False),
    ],
)
def test_which_recordings_need_one(media: Media, wanted: bool) -> None:
    assert needs_copy(media) is wanted


def test_it_is_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "copy.ogg"
    writer = CopyWriter(path)
    writer.begin(MP3)
    for _ in range(2):
        writer.write(SECOND)
    assert not path.exists()
    writer.end()
    writer.close()
    with av.open(path) as container:
        assert abs(container.duration / av.time_base - 2) < 0.1
    assert [each.name for each in tmp_path.iterdir()] == ["copy.ogg"]


def test_a_job_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    writer = CopyWriter(tmp_path / "copy.ogg")
    writer.begin(MP3)
    writer.write(SECOND)
    writer.close()
    writer.close()
    writer.end()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ends", ["given up", "disk full"])
def test_a_copy_that_is_given_up_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """Each kept its file open, and an encoder in memory, until garbage was collected: 54 in 20 minutes."""

    def is_open() -> bool:
        handles = (os.path.realpath(each) for each in Path("/proc/self/fd").iterdir())
        return any(path.startswith(str(tmp_path)) for path in handles)

    gc.disable()
    try:
        writer = CopyWriter(tmp_path / "copy.ogg")
        writer.begin(MP3)
        writer.write(SECOND)
        assert is_open()
        if ends == "disk full":
            monkeypatch.setattr(OpusFile, "write", Mock(side_effect=OSError(28, "No space left on device")))
            writer.write(SECOND)
        else:
            writer.close()
        assert not is_open()
    finally:
        gc.enable()


@pytest.mark.parametrize("call", ["write", "close"])
def test_a_full_disk_costs_the_copy_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    writer = CopyWriter(tmp_path / "copy.ogg")
    writer.begin(MP3)
    monkeypatch.setattr(OpusFile, call, full)
    writer.write(SECOND)
    writer.end()
    writer.close()
    assert not list(tmp_path.iterdir())


def test_more_than_two_channels_are_mixed() -> None:
    assert at_most_two(np.ones((6, 10), np.float32)).shape == (1, 10)
    assert at_most_two(np.ones((2, 10), np.float32)).shape == (2, 10)
