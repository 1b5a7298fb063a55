"""What the page is built from: a way to transcribe, and what to show about the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensevoice import bundled
from sensevoice.options import SPOKEN_LANGUAGES, Options
from sensevoice.tags import label
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


def released_examples(directory: Path) -> tuple[Sample, ...]:
    """Return the recordings that come in the directory of the released model, `example/zh.mp3` and others."""
    found = [(name, directory / "example" / f"{name}.mp3") for name in SPOKEN_LANGUAGES]
    return tuple(Sample(label(name, "zh"), label(name, "en"), path) for name, path in found if path.is_file())


@dataclass(frozen=True)
class PageSettings:
    """`options` are the page's and the API's defaults; `demo` is None with a real model."""

    options: Options
    model: ModelInfo
    version: str
    demo: DemoInfo | None = None
    media_dir: Path | None = None
    """A directory of the server from which recordings can be picked; None offers none."""

    examples: tuple[Sample, ...] = ()
    """Recordings to try with a real model."""

    max_upload_mb: int = 2048
    """Two gigabytes: some two hours of HD video, or three hours of CD-quality WAV."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The recordings that the page offers to try."""
        return self.demo.samples if self.demo else self.examples
