"""What all formats share: rendering options, times and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from sensevoice.errors import OptionError
from sensevoice.transcript import Transcript

VIEWS = ("tagged", "emoji", "plain", "timed", "raw", "markdown")
LABELS = ("zh", "en")


@dataclass(frozen=True)
class RenderOptions:
    """How to render a transcript. Raises OptionError, naming the option, for a value that is not allowed.

    view: one of VIEWS, for formats that are plain text.
    locale: one of LABELS, the language of labels for languages, emotions and sounds.
    traditional: write Chinese and Cantonese in traditional characters; needs the package OpenCC.
    captions: subtitles for the deaf and hard of hearing, which name sounds during speech, too.
    """

    view: str = "tagged"
    locale: str = "zh"
    traditional: bool = False
    captions: bool = False

    def __post_init__(self) -> None:
        check_choice("view", self.view, VIEWS)
        check_choice("labels", self.locale, LABELS)
        check_choice("traditional", self.traditional, (False, True))
        check_choice("captions", self.captions, (False, True))


@dataclass(frozen=True)
class Format:
    """One export format: its name, file extension, media type and description, and the function for it.

    `render` returns the text of a UTF-8 file, with its final line ends and, if the format needs one, a byte
    order mark as the first character.
    """

    name: str
    extension: str
    mime_type: str
    zh: str
    en: str
    render: Callable[[Transcript, RenderOptions], str]


def check_choice(option: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise OptionError unless the value is one of the choices."""
    if value not in choices:
        raise OptionError(option=option, value=value, allowed=", ".join(map(str, choices)))


def clock(time_ms: int) -> str:
    """Return a time as HH:MM:SS.mmm."""
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def short_clock(time_ms: int) -> str:
    """Return a time in whole seconds as M:SS, or H:MM:SS."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def one_line(text: str) -> str:
    """Return a text as one line without control characters, in valid Unicode."""
    # Lone surrogates, as in names of files, become "?".
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(char if char.isprintable() else " " for char in clean).split())


def title(transcript: Transcript) -> str:
    """Return the name of the transcribed file, without its folder, as one line."""
    return one_line(PurePosixPath(transcript.source.replace("\\", "/")).name)


def pick(names: tuple[str, str], locale: str) -> str:
    """Return the name for a locale from a pair (Chinese, English)."""
    return names[0] if locale == "zh" else names[1]


_CHANNELS = {"left": ("左", "left"), "right": ("右", "right")}


def channel_name(channel: str | None, locale: str) -> str:
    """Return the label of a channel, "" when channels were not split."""
    return pick(_CHANNELS.get(channel, (channel, channel)), locale) if channel else ""
