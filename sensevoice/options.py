"""The settings of one run, the same for the page, the API and the folder script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from sensevoice import headerless
from sensevoice.errors import OptionError
from sensevoice.vocabulary import terms

LANGUAGES = ("auto", "zh", "en", "yue", "ja", "ko", "nospeech")
"""What SenseVoiceSmall can be asked for: the keys of `lid_dict` in funasr's SenseVoiceSmall."""

SPOKEN_LANGUAGES = tuple(name for name in LANGUAGES if name not in ("auto", "nospeech"))

Channel: TypeAlias = str
"""One of CHANNELS, or the number of a channel from 1."""

Merge = Literal["agreement", "length"]
MERGES: tuple[Merge, ...] = ("agreement", "length")

MIN_PAUSE_MS, MAX_PAUSE_MS = 200, 2_000
"""fsmn-vad counts silence in a window of 200 ms, and ends its own segments after 2 s at the latest."""

CHANNELS: tuple[Channel, ...] = ("mix", "left", "right", "split")

MAX_CHANNEL = 64
"""As many as a track may have."""

MAX_TRACK = 999
MAX_SPEAKERS = 20
"""Most people that can be asked for: more voices than that no model tells apart."""

MAX_SEGMENT_S = 30.0
"""Longest stretch the VAD passes on; SenseVoiceSmall was trained on clips of up to about 30 s."""


@dataclass(frozen=True)
class Options:
    """Settings of one run. Raises OptionError, naming the setting, for a value that is not allowed.

    language: one of LANGUAGES; "auto" lets the model choose for every segment.
    use_itn: write numbers as digits and set punctuation.
    ban_emo_unk: make the model choose an emotion even when it is unsure.
    merge: one of MERGES; what becomes one row: speech that agrees in language, mood and speaker, or whatever
        fits the length, as funasr joins.
    pause_ms: with "agreement", speech is cut at pauses of this length and each piece is recognised alone.
    speakers: tell who speaks: "off", "auto", or how many people there are, "1" to MAX_SPEAKERS.
    merge_length_s: join neighbouring speech up to this length; 0 joins nothing.
    merge_gap_s: never join across a silence longer than this.
    batch_size_s: seconds of audio recognised at a time (memory on the GPU).
    channel: one of CHANNELS or a number; "split" recognises each channel on its own.
    sounds: also listen to what lies between the speech (applause, laughter, music …).
    among: with "auto", the languages that can occur; a segment in another is recognised again.
    keep_numbers: set punctuation, but leave numbers as they were spoken; takes twice the time.
    word_times: keep the time of every word; subtitles are cut by them.
    track: which of the file's audio tracks, from 1; 0 takes the one that the file marks as its default.
    raw_format: what files named .raw or .pcm are, such as "s16le:8000:1"; empty: not known.
    hotwords: a vocabulary, line by line (see `sensevoice.vocabulary.terms`): terms as they are to be written.
    """

    language: str = "auto"
    use_itn: bool = True
    ban_emo_unk: bool = False
    merge: Merge = "agreement"
    pause_ms: int = 300
    speakers: str = "off"
    merge_length_s: float = 15.0
    merge_gap_s: float = 1.0
    batch_size_s: float = 60.0
    channel: Channel = "mix"
    sounds: bool = True
    word_times: bool = True
    among: tuple[str, ...] = ()
    keep_numbers: bool = False
    track: int = 0
    raw_format: str = ""
    hotwords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_choice("language", LANGUAGES)
        self._check_channel()
        self._check_track()
        self._check_choice("merge", MERGES)
        self._check_pause()
        if self.raw_format:
            headerless.parse(self.raw_format)
        self._check_speakers()
        self._check_range("merge_length_s", 0.0, MAX_SEGMENT_S)
        self._check_range("merge_gap_s", 0.0, MAX_SEGMENT_S)
        self._check_range("batch_size_s", 1.0, 3600.0)
        self._check_among()
        self._check_hotwords()
        for flag in ("use_itn", "ban_emo_unk", "sounds", "word_times", "keep_numbers"):
            if not isinstance(getattr(self, flag), bool):
                raise OptionError(option=flag, value=getattr(self, flag), allowed="true, false")

    def _check_choice(self, option: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, option)
        if value not in choices:
            raise OptionError(option=option, value=value, allowed=", ".join(choices))

    def _check_channel(self) -> None:
        named = self.channel in CHANNELS
        if not named and not (is_number(self.channel) and 1 <= int(self.channel) <= MAX_CHANNEL):
            allowed = f"{', '.join(CHANNELS)}, 1 … {MAX_CHANNEL}"
            raise OptionError(option="channel", value=self.channel, allowed=allowed)

    def _check_track(self) -> None:
        whole = isinstance(self.track, int) and not isinstance(self.track, bool)
        if not whole or not 0 <= self.track <= MAX_TRACK:
            raise OptionError(option="track", value=self.track, allowed=f"default, 1 … {MAX_TRACK}")

    @property
    def stream_index(self) -> int | None:
        """Return the track as `open_audio` counts it."""
        return self.track - 1 if self.track else None

    @property
    def people(self) -> int | None:
        """How many people speak, None where that is to be found out or nobody asks."""
        return int(self.speakers) if self.speakers.isdigit() else None

    def _check_speakers(self) -> None:
        value: Any = self.speakers  # a form gives numbers, some of them as 2.0
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0:
            object.__setattr__(self, "speakers", str(int(value)))
        allowed = ("off", "auto", *(str(number) for number in range(1, MAX_SPEAKERS + 1)))
        if self.speakers not in allowed:
            raise OptionError(option="speakers", value=value, allowed=f"off, auto, 1 … {MAX_SPEAKERS}")

    def _check_pause(self) -> None:
        value: Any = self.pause_ms  # a form gives 300.0
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0
        if not whole or not MIN_PAUSE_MS <= value <= MAX_PAUSE_MS:
            allowed = f"{MIN_PAUSE_MS} … {MAX_PAUSE_MS}"
            raise OptionError(option="pause_ms", value=value, allowed=allowed)
        object.__setattr__(self, "pause_ms", int(value))

    def _check_among(self) -> None:
        allowed = SPOKEN_LANGUAGES
        if any(name not in allowed for name in self.among or ()):
            raise OptionError(option="among", value=self.among, allowed=", ".join(allowed))
        object.__setattr__(self, "among", tuple(name for name in allowed if name in (self.among or ())))

    def _check_hotwords(self) -> None:
        value: Any = self.hotwords  # a form gives one text
        lines = value.splitlines() if isinstance(value, str) else value
        if not isinstance(lines, (list, tuple)) or not all(isinstance(line, str) for line in lines):
            raise OptionError(
                option="hotwords", value=str(value)[:50], allowed="one term a line / 一行一个词"
            )
        found = terms.parse(part for line in lines for part in line.splitlines() or [""])
        object.__setattr__(self, "hotwords", tuple(term.line for term in found))

    def _check_range(self, option: str, low: float, high: float) -> None:
        value = getattr(self, option)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise OptionError(option=option, value=value, allowed=f"{low:g} … {high:g}")
        object.__setattr__(self, option, float(value))

    @classmethod
    def kept(cls, values: Mapping[str, Any]) -> Options:
        """Return the settings that `as_dict` gave, once; those of a later version are passed over.

        Before there was a choice, speech was joined by length. Raises OptionError.
        """
        known = {item.name for item in fields(cls)}
        return cls(**{"merge": "length", **{name: value for name, value in values.items() if name in known}})

    def as_dict(self) -> dict[str, Any]:
        """Return the settings by name, in the order in which they are documented."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**values, "among": list(self.among), "hotwords": list(self.hotwords)}


def is_number(channel: object) -> bool:
    """Return whether a channel is given by its number, in plain digits without a zero before them."""
    return isinstance(channel, str) and channel.isascii() and channel.isdigit() and channel[0] != "0"
