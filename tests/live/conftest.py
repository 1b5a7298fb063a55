"""The models behind their scheduler, as the program has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sensevoice.models.recognizer import FunasrRecognizer


@pytest.fixture(scope="package")
def scheduled(demo_recognizer: FunasrRecognizer) -> Iterator[Any]:
    scheduler = demo_recognizer.scheduled()
    yield scheduler
    scheduler.close()
