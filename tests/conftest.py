"""Fixtures shared by all tests: the bundled model, loaded once."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensevoice.models.graphs.candidates import VNNI, cpu_flags
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.models.sources import demo

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = Path(__file__).with_name("golden")
SAMPLES = {sample.name: sample for sample in demo.sample_recordings()}

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",
)

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} is not installed")
    sync_api.expect.set_options(timeout=20_000)  # two test processes and two programs share two cores
    # one for all tests: a second one in the same process refuses to start
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGS))
        yield chromium
        chromium.close()


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
