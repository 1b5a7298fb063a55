"""What the page is built from: a way to transcribe, and what to show about the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sensevoice.models import demo as demo_model
from sensevoice.models.loading import ModelStatus
from sensevoice.options import SPOKEN_LANGUAGES, Options
from sensevoice.tags.parse import label


@dataclass(frozen=True)
class Sample:
    """A recording that the page offers to try; a relative path lies in the directory of the model."""

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
    recordings = demo_model.sample_recordings()
    return DemoInfo(
        demo_model.sentences(), tuple(Sample(item.title_zh, item.title_en, item.path) for item in recordings)
    )


RELEASED_EXAMPLES = tuple(
    Sample(label(name, "zh"), label(name, "en"), Path("example") / f"{name}.mp3") for name in SPOKEN_LANGUAGES
)
"""The recordings that come with the released model."""


@dataclass(frozen=True)
class PageSettings:
    """`options` are the page's and the API's defaults; `demo` is None with a real model.

    `model` tells how the models are at the moment at which it is called.
    """

    options: Options
    model: Callable[[], ModelStatus]
    version: str
    demo: DemoInfo | None = None
    media_dir: Path | None = None
    """A directory of the server from which recordings can be picked; None offers none."""

    max_upload_mb: int = 2048
    """Two gigabytes: some two hours of HD video, or three hours of CD-quality WAV."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The recordings that the page may offer to try."""
        return self.demo.samples if self.demo else RELEASED_EXAMPLES

    def sample_file(self, sample: Sample) -> Path | None:
        """Return the recording of a sample, None when it is not there, or not there yet."""
        directory = self.model().directory
        path = sample.path if directory is None else directory / sample.path
        return path if path.is_absolute() and path.is_file() else None
