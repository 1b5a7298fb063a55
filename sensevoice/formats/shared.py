"""What all formats share: rendering options, times and names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from sensevoice.analysis.highlights import HIGHLIGHT_NAMES
from sensevoice.errors import OptionError
from sensevoice.formats.timecode import FALLBACK_RATE, FrameClock, frame_rate
from sensevoice.transcript import Transcript

VIEWS = ("tagged", "emoji", "plain", "timed", "raw", "markdown")
LABELS = ("zh", "en")
NAMES = ("name", "dash", "none")

MAX_HANDLES_S = 60.0


@dataclass(frozen=True)
class RenderOptions:
    """How to render a transcript. Raises OptionError, naming the option, for a value that is not allowed.

    view: one of VIEWS, for formats that are plain text.
    locale: one of LABELS, the language of labels for languages, emotions and sounds.
    traditional: write Chinese and Cantonese in traditional characters; needs the package OpenCC.
    captions: subtitles for the deaf and hard of hearing, which name the sounds too.
    names: one of NAMES: how SRT, LRC and labels tell who speaks when there are several; "name" writes the
        speaker or channel, "dash" a dash, "none" nothing.
    fps, start_timecode: for editors, in place of what the file says; "" takes the file's.
    handles_s: how much longer, at either end, a moment is for editors, in seconds.
    kinds: which highlights editors are given; all when empty.
    tags: Word and Excel files name languages, emotions and sounds.
    table: a Word file has its rows in a table, not as paragraphs.
    """

    view: str = "tagged"
    locale: str = "zh"
    traditional: bool = False
    captions: bool = False
    names: str = "name"
    fps: str = ""
    start_timecode: str = ""
    handles_s: float = 0.0
    kinds: tuple[str, ...] = ()
    tags: bool = True
    table: bool = False

    def __post_init__(self) -> None:
        check_choice("view", self.view, VIEWS)
        check_choice("labels", self.locale, LABELS)
        for option in ("traditional", "captions", "tags", "table"):
            check_choice(option, getattr(self, option), (False, True))
        check_choice("names", self.names, NAMES)
        for kind in self.kinds:
            check_choice("kinds", kind, tuple(HIGHLIGHT_NAMES))
        if not 0 <= self.handles_s <= MAX_HANDLES_S:
            raise OptionError(option="handles", value=self.handles_s, allowed=f"0 … {MAX_HANDLES_S:g}")
        rate = frame_rate(self.fps) if self.fps else FALLBACK_RATE
        if self.start_timecode and self.fps:
            FrameClock.of(rate, self.start_timecode)


Group = Literal["documents", "subtitles", "tables", "editing", "data"]
"""What people take a transcript away for."""


Content: TypeAlias = str | bytes
"""Of a file: its text, or its bytes where a format is binary."""


@dataclass(frozen=True)
class Format:
    """One export format: its name, file extension, media type and description, and the function for it.

    `render` returns the text of a UTF-8 file, with its final line ends and, if the format needs one, a byte
    order mark as the first character; of a `binary` format it returns the bytes. `group` is the part of the
    page's menu that it is offered in.
    """

    name: str
    extension: str
    mime_type: str
    zh: str
    en: str
    render: Callable[[Transcript, RenderOptions], Content]
    group: Group = "data"
    binary: bool = False

    @property
    def content_type(self) -> str:
        """The media type with the encoding of text."""
        return self.mime_type if self.binary else f"{self.mime_type}; charset=utf-8"


def as_bytes(content: Content) -> bytes:
    """Return what a file with this content holds."""
    return content if isinstance(content, bytes) else content.encode()


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


_JOINERS = "\u200c\u200d"


def one_line(text: str) -> str:
    """Return a text as one line without control characters, in valid Unicode."""
    # Lone surrogates, as in names of files, become "?".
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(printable(clean).split())


def printable(text: str) -> str:
    """Return a text with a space for each control character, line break and lone surrogate.

    Joiners stay: without them emoji fall apart, and words of several scripts.
    """
    return "".join(char if char.isprintable() or char in _JOINERS else " " for char in text)


def title(transcript: Transcript) -> str:
    """Return the name of the transcribed file, without its folder, as one line."""
    return one_line(PurePosixPath(transcript.source.replace("\\", "/")).name)


def pick(names: tuple[str, str], locale: str) -> str:
    """Return the name for a locale from a pair (Chinese, English)."""
    return names[0] if locale == "zh" else names[1]


_CHANNELS = {"left": ("左", "left"), "right": ("右", "right")}


def speaker_names(transcript: Transcript, locale: str) -> dict[str, str]:
    """Return what a reader is shown for each speaker, by id.

    Nothing where nobody was told apart, and where one nameless person is all that there is. A nameless one
    who has a channel alone is called as the channel is.
    """
    speakers = transcript.speakers
    if len(speakers) == 1 and not speakers[0].name:
        return {}
    channels = speaker_channels(transcript)
    return {
        speaker.id: speaker_name(speaker.id, speaker.name, channels[speaker.id], locale)
        for speaker in speakers
    }


def speaker_name(id: str, name: str, channel: str, locale: str) -> str:
    """Return what a reader is shown for a speaker: the given name, a channel of their own, or a number.

    Each is "" where there is none.
    """
    numbered = f"{pick(('说话人', 'Speaker '), locale)}{id[1:]}" if id else ""
    return one_line(name) or channel_name(channel, locale) or numbered


def speaker_channels(transcript: Transcript) -> dict[str, str]:
    """Return the channel of each speaker by id, "" for one who speaks in none of their own."""
    result: dict[str, set[str]] = {speaker.id: set() for speaker in transcript.speakers}
    for row in transcript.segments:
        if row.speaker in result:
            result[row.speaker].add(row.channel or "")
    return {speaker: next(iter(found)) if len(found) == 1 else "" for speaker, found in result.items()}


def with_name(text: str, name: str, locale: str) -> str:
    """Return a text after the name of who says it, as plays and subtitles have it."""
    return f"{name}{pick(('：', ': '), locale)}{text}" if name and text else text


def channel_name(channel: str | None, locale: str) -> str:
    """Return what a reader is shown for a channel, "" when the channels were not split."""
    if not channel:
        return ""
    numbered = (f"声道 {channel}", f"channel {channel}") if channel.isdecimal() else (channel, channel)
    return pick(_CHANNELS.get(channel, numbered), locale)


def several_voices(transcript: Transcript) -> bool:
    """Return whether a reader has to be told who speaks."""
    speakers = transcript.speakers
    if len(speakers) > 1 or any(speaker.name for speaker in speakers):
        return True
    return len({segment.channel for segment in transcript.segments if segment.text}) > 1


def voice_mark(channel: str | None, speaker: str, options: RenderOptions) -> str:
    """Return what stands before a line to tell who speaks; only called where there are several.

    `speaker` is the name from `speaker_names`, "" where nobody was told apart: the channel then.
    """
    if options.names == "dash":
        return "- "
    if options.names == "none":
        return ""
    name = speaker or channel_name(channel, options.locale)
    return f"{name}{pick(('：', ': '), options.locale)}" if name else ""
