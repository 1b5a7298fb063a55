"""The demonstration's voice encoder: the same rows as without speakers, and two people in the call."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from sensevoice.models.loader import FunasrRecognizer
from sensevoice.models.sources import demo, files
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import transcribe
from tests.conftest import SAMPLES
from tests.speakers.samples import PEOPLE
from tests.ui.test_samples import RATE_HZ, rebuilt

MOST_BYTES = 1_000_000


def who(path: Path, recognizer: FunasrRecognizer) -> tuple[list[str | None], list[str], list[str]]:
    """Return who says each row, and the texts of the rows with and without speakers."""
    on, off = (transcribe(path, recognizer, Options(speakers=speakers)) for speakers in ("auto", "off"))
    spoken = [row for row in on.segments if row.kind == "speech"]
    return (
        [row.speaker for row in spoken],
        [row.text for row in spoken],
        [row.text for row in off.segments if row.kind == "speech"],
    )


@pytest.mark.parametrize("name", PEOPLE)
def test_the_samples(name: str, demo_recognizer: FunasrRecognizer) -> None:
    people, texts, texts_of_off = who(SAMPLES[name].path, demo_recognizer)
    assert people == PEOPLE[name]
    assert texts == texts_of_off


@pytest.mark.parametrize("pause_s", [0.25, 0.4, 0.6, 0.9])
@pytest.mark.parametrize("name", PEOPLE)
def test_the_samples_with_pauses_as_people_make_them(
    name: str, pause_s: float, demo_recognizer: FunasrRecognizer, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", rebuilt(name, pause_s), RATE_HZ)
    people, texts, texts_of_off = who(tmp_path / "a.wav", demo_recognizer)
    assert people == PEOPLE[name]
    assert texts == texts_of_off


def test_it_is_small_and_of_the_real_class() -> None:
    directory = files.verify(demo.SPEAKER_DIR, contents=files.VOICES).directory
    assert sum(path.stat().st_size for path in directory.iterdir()) < MOST_BYTES
    assert "model: CAMPPlus" in (directory / files.CONFIG).read_text()
