"""What the page is built from: default options, the state of the model, and samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensevoice.models.loading import ModelStatus
from sensevoice.models.sources import demo as demo_model
from sensevoice.options import SPOKEN_LANGUAGES, Options
from sensevoice.tags.labels import label


@dataclass(frozen=True)
class Sample:
    """A recording that the page offers to try; a relative path is below the model's directory."""

    title_zh: str
    title_en: str
    path: Path


@dataclass(frozen=True)
class DemoInfo:
    """The sentences that the demonstration model knows, as (language, text), and recordings of them."""

    sentences: tuple[tuple[str, str], ...]
    samples: tuple[Sample, ...] = ()


def bundled_demo() -> DemoInfo:
    """Return the sentences and recordings of the bundled demonstration model."""
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
    """`options` are the defaults of the page and the API; `demo` is None with a real model.

    `model` returns the state of the models at the time of the call.
    """

    options: Options
    model: Callable[[], ModelStatus]
    version: str
    demo: DemoInfo | None = None
    media_dir: Path | None = None
    """A directory of the server from which recordings can be chosen, None for no such choice."""

    max_upload_mb: int = 2048
    """Two gigabytes: some two hours of HD video, or three hours of CD-quality WAV."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The recordings that the page may offer to try."""
        return self.demo.samples if self.demo else RELEASED_EXAMPLES

    def sample_file(self, sample: Sample) -> Path | None:
        """Return the recording of a sample, None when it is missing or not downloaded yet."""
        directory = self.model().directory
        path = sample.path if directory is None else directory / sample.path
        return path if path.is_absolute() and path.is_file() else None


def options_with(defaults: Options, values: Mapping[str, object]) -> Options:
    """Return the defaults with some values by name. Raises OptionError; TypeError for an unknown name."""
    merged: dict[str, Any] = {**defaults.as_dict(), **values}  # Options checks types and ranges
    return Options(**merged)
