"""Rows begin when a player plays their first word; scripts/media_truth.py tries all files, this a sample."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sensevoice.protocols import Recognizer
from tests.media import needs_ffmpeg
from tests.media_truth.cases import Case, cases
from tests.media_truth.measure import measure, plain_starts_ms

MAX_OFF_MS = 40
SAMPLE = random.Random(14).sample(cases(), 20)


@pytest.fixture(scope="module")
def plain_ms(demo_recognizer: Recognizer, tmp_path_factory: pytest.TempPathFactory) -> dict[float, list[int]]:
    return plain_starts_ms(tmp_path_factory.mktemp("reference"), demo_recognizer)


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in cases()}) >= 120


@needs_ffmpeg
@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_rows_have_the_time_that_a_player_shows(
    case: Case, tmp_path: Path, demo_recognizer: Recognizer, plain_ms: dict[float, list[int]]
) -> None:
    result = measure(case, tmp_path, demo_recognizer, plain_ms)
    assert result.alarms == ()
    assert max(map(abs, result.off_ms)) <= MAX_OFF_MS, result
