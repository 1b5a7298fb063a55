"""What the page is built from: a way to transcribe, and what to show about the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensevoice import bundled
from sensevoice.options import Options
from sensevoice.transcript import ModelInfo


@dataclass(frozen=True)
class Sample:
    """A recording that the page offers to try."""

    title_zh: str
    title_en: str
    path: Path


@dataclass(frozen=True)
class DemoInfo:
    """What the demonstration model knows: its sentences as (language, text), and recordings of them."""

    sentences: tuple[tuple[str, str], ...]
    samples: tuple[Sample, ...] = ()


def bundled_demo() -> DemoInfo:
    """Return what the bundled demonstration model knows."""
    recordings = bundled.sample_recordings()
    return DemoInfo(
        bundled.sentences(), tuple(Sample(item.title_zh, item.title_en, item.path) for item in recordings)
    )


@dataclass(frozen=True)
class PageSettings:
    """`options` are the page's and the API's defaults; `demo` is None with a real model."""

    options: Options
    model: ModelInfo
    version: str
    demo: DemoInfo | None = None
    media_dir: Path | None = None
    """A directory of the server from which recordings can be picked; None offers none."""

    max_upload_mb: int = 2048
    """Two gigabytes: some two hours of HD video, or three hours of CD-quality WAV."""
