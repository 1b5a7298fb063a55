"""The waveform is made while the recording is decoded for recognition, and not by decoding it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.jobs import for_the_player, waveform
from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.taps import Taps
from sensevoice.jobs.waveform import PEAKS_PER_S, PeakMeter, PeakWriter, peaks_file, peaks_so_far
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates
from sensevoice.transcript import Media
from tests.media import babble, write_wav


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    """A job with 25.03 s of sound: three blocks, the last of no whole peaks."""
    made = JobFolder(tmp_path / "job")
    made.path.mkdir()
    recording = write_wav(tmp_path / "a.wav", babble(25.03, -20.0))
    made.take_in(recording)
    return made


def blocks(*lengths: int) -> Iterator[np.ndarray]:
    random = np.random.default_rng(7)
    for length in lengths:
        yield random.uniform(-1, 1, (2, length)).astype(np.float32)


def test_blocks_of_any_length_give_the_same_peaks() -> None:
    whole = np.concatenate(list(blocks(160_000, 48_000)), axis=1)
    one = PeakMeter()
    expected = one.feed(whole) + one.finish()
    assert len(expected) == 13 * PEAKS_PER_S
    meter = PeakMeter()
    parts = [meter.feed(whole[:, at : at + 1_234]) for at in range(0, whole.shape[1], 1_234)]
    assert b"".join(parts) + meter.finish() == expected


def test_they_are_there_when_the_record_is_and_nothing_is_decoded_for_them(
    folder: JobFolder, demo_recognizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in iter_updates(folder.source, demo_recognizer, Options(), for_the_player(folder.source)):
        pass
    made = folder.peaks.read_bytes()
    assert len(made) == 501 and not part(folder).exists()
    monkeypatch.setattr(waveform, "open_audio", lambda *wanted: pytest.fail("decoded again"))
    assert peaks_file(folder, Options()).read_bytes() == made == peaks_so_far(folder)
    monkeypatch.undo()
    folder.peaks.unlink()
    assert peaks_file(folder, Options()).read_bytes() == made, "made later they are the same"


def test_as_far_as_it_is_decoded_it_is_there(folder: JobFolder) -> None:
    assert peaks_so_far(folder) == b""
    tap = Taps(PeakWriter(folder.peaks))
    tap.begin(Media())
    for number, block in enumerate(blocks(160_000, 160_000, 1_000), 1):
        tap.write(block)
        assert len(peaks_so_far(folder)) == min(number, 2) * 200 + (number > 2)
    tap.end()
    tap.close()
    assert len(peaks_so_far(folder)) == len(folder.peaks.read_bytes()) == 402


def test_of_a_recording_that_was_not_read_to_its_end_nothing_stays(folder: JobFolder) -> None:
    tap = PeakWriter(folder.peaks)
    tap.begin(Media())
    tap.write(next(blocks(160_000)))
    tap.close()
    tap.close()
    assert not part(folder).exists() and not folder.peaks.exists()


def test_a_full_disk_costs_the_waveform_and_not_the_transcript(folder: JobFolder) -> None:
    part(folder).symlink_to("/dev/full")
    tap = PeakWriter(folder.peaks)
    tap.begin(Media())
    tap.write(next(blocks(160_000)))
    tap.end()
    assert not folder.peaks.exists() and not part(folder).is_symlink()


def part(folder: JobFolder) -> Path:
    return folder.peaks.with_suffix(".part")
