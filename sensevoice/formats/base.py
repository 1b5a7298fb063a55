"""What every format shares: how a transcript is to be shown, and how a time is written."""

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
    """How to show a transcript. Raises OptionError, naming the option, for a value that is not allowed.

    view: one of VIEWS, for the formats that are text to read.
    locale: one of LABELS, the language of the names of languages, emotions and sounds.
    traditional: write Chinese and Cantonese in traditional characters; needs the package OpenCC.
    captions: subtitles for the deaf and hard of hearing, which name the sounds during speech too.
    names: SRT subtitles with the name of who speaks before what they say.
    """

    view: str = "tagged"
    locale: str = "zh"
    traditional: bool = False
    captions: bool = False
    names: bool = False

    def __post_init__(self) -> None:
        check_choice("view", self.view, VIEWS)
        check_choice("labels", self.locale, LABELS)
        check_choice("traditional", self.traditional, (False, True))
        check_choice("captions", self.captions, (False, True))
        check_choice("names", self.names, (False, True))


@dataclass(frozen=True)
class Format:
    """One export format: how files of it are named and described, and the function that writes it.

    Every file is UTF-8 text, its line ends to be written as they are. A format that wants a byte order
    mark has it as its first character, so that no writer of files can forget it.
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


def one_line(text: str) -> str:
    """Return a text in one line, without control characters, that any encoding of Unicode can hold."""
    # What is no character of its own, such as half of a pair in the name of a file, becomes "?".
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(char if char.isprintable() else " " for char in clean).split())


def title(transcript: Transcript) -> str:
    """Return the name of the file that was transcribed, without its folder, in one line."""
    return one_line(PurePosixPath(transcript.source.replace("\\", "/")).name)


def pick(names: tuple[str, str], locale: str) -> str:
    """Return the Chinese or the English of a pair."""
    return names[0] if locale == "zh" else names[1]


_CHANNELS = {"left": ("左", "left"), "right": ("右", "right")}


def speaker_names(transcript: Transcript, locale: str) -> dict[str, str]:
    """Return what a reader is shown for each speaker, by id.

    Nothing where nobody was told apart, and where one nameless person is all that there is.
    """
    speakers = transcript.speakers
    if len(speakers) == 1 and not speakers[0].name:
        return {}
    word = pick(("说话人", "Speaker "), locale)
    return {speaker.id: one_line(speaker.name) or f"{word}{speaker.id[1:]}" for speaker in speakers}


def with_name(text: str, name: str, locale: str) -> str:
    """Return a text after the name of who says it, as plays and subtitles have it."""
    return f"{name}{pick(('：', ': '), locale)}{text}" if name and text else text


def channel_name(channel: str | None, locale: str) -> str:
    """Return what a reader is shown for a channel, "" when the channels were not split."""
    return pick(_CHANNELS.get(channel, (channel, channel)), locale) if channel else ""
