"""What a cut is made of: recordings and what is wanted of each, settings, and the clips that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sensevoice.errors import OptionError
from sensevoice.formats.shared import LABELS, MAX_HANDLES_S, check_choice
from sensevoice.transcript import Span, Transcript

AUDIO = ("mp3", "m4a", "wav", "flac")
VIDEO = ("mp4",)
MEDIA = (*AUDIO, *VIDEO)
FORMS = ("reel", "clips")
SUBTITLES = ("srt", "vtt", "ass")

COPIED, ENCODED = "copied", "encoded"

HOW: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        COPIED: ("原样复制", "copied as it was"),
        ENCODED: ("重新编码", "encoded again"),
    }
)
"""How the sound and picture of a clip came into its file → (Chinese, English)."""


@dataclass(frozen=True)
class CutSettings:
    """How to cut. Raises OptionError, naming the setting, for a value that is not allowed.

    media: one of MEDIA, the kind of file.
    form: "reel" for all in one file, "clips" for a file each.
    handles_s: how much longer each clip is at either end, in seconds.
    subtitles: which of SUBTITLES are written beside.
    locale: one of LABELS, the language of chapters, of the list and of subtitles' labels.
    """

    media: str = "mp3"
    form: str = "reel"
    handles_s: float = 0.5
    subtitles: tuple[str, ...] = ("srt",)
    locale: str = "zh"

    def __post_init__(self) -> None:
        check_choice("media", self.media, MEDIA)
        check_choice("form", self.form, FORMS)
        check_choice("labels", self.locale, LABELS)
        for name in self.subtitles:
            check_choice("subtitles", name, SUBTITLES)
        if not 0 <= self.handles_s <= MAX_HANDLES_S:
            raise OptionError(option="handles", value=self.handles_s, allowed=f"0 … {MAX_HANDLES_S:g}")

    @property
    def handles_ms(self) -> int:
        return round(self.handles_s * 1000)


@dataclass(frozen=True)
class Take:
    """One recording and the spans that are wanted of it, in any order; `name` is what people call it."""

    path: Path
    name: str
    transcript: Transcript
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Clip:
    """A part of a recording, by the place of its take, and where it begins on the reel's clock.

    `title` says what is heard in it. In files of their own all clips begin at 0.
    """

    take: int
    span: Span
    at_ms: int
    title: str

    @property
    def end_ms(self) -> int:
        return self.at_ms + self.span.duration_ms
