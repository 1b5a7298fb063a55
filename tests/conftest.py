"""Fixtures shared by all tests: the bundled model, loaded once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensevoice.models import demo
from sensevoice.models.graphs.candidates import VNNI, cpu_flags
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.recognizer import FunasrRecognizer

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = Path(__file__).with_name("golden")
SAMPLES = {sample.name: sample for sample in demo.sample_recordings()}


SLOW_FOLDERS = {"browser", "hostile"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what waits for a browser, hostile files or the models; whole modules do so themselves."""
    for item in items:
        folders = Path(item.nodeid.partition("::")[0]).parts
        if SLOW_FOLDERS & {*folders} or "demo_recognizer" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_report_header() -> str:
    """Say which of the two kinds of x86-64 processor the tests of the CPU's graphs run on."""
    return f"processor: {'with' if cpu_flags() & VNNI else 'without'} VNNI"


@pytest.fixture(scope="session")
def demo_recognizer() -> FunasrRecognizer:
    """The bundled models behind funasr's own AutoModel."""
    return load_recognizer(ModelSettings(demo=True, device="cpu"))


@pytest.fixture
def imagined_gpu() -> Iterator[None]:
    """torch's stand-in for "cuda:0" for the length of a test.

    It computes nothing, but minds where each value lies, and refuses to read one.
    """
    import torch
    from torch._subclasses import FakeTensorMode

    from sensevoice.audio import features

    kept = (features._window, features._mel_bank)  # what the stand-in makes is of no use outside
    for constant in kept:
        constant.cache_clear()
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        yield
    for constant in kept:
        constant.cache_clear()


@pytest.fixture(autouse=True)
def calm_logging() -> Iterator[None]:
    """Undo what a library does to the root logger, so that tests do not depend on their order."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
