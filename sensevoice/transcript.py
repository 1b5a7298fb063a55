"""The record: everything that was heard in a file, as frozen values with integer milliseconds.

Every view (tagged text, subtitles, JSON, the page, the API) is a pure function of these values.
At 16 kHz one millisecond is exactly 16 samples, so milliseconds lose nothing; other units appear
only where a file or a format asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from sensevoice.options import Options

Kind = Literal["speech", "sound"]
Trend = Literal["rising", "falling"]
FoundBy = Literal["decoding", "sound"]


@dataclass(frozen=True, order=True)
class Span:
    """A half-open stretch of time, 0 <= start_ms < end_ms. Raises ValueError otherwise."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms < self.end_ms:
            raise ValueError(f"not a span: {self.start_ms}..{self.end_ms} ms")

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class Word:
    """One word, or one character of Chinese or Japanese, with the punctuation that follows it."""

    text: str
    span: Span


@dataclass(frozen=True)
class Event:
    """A sound that was heard, by its canonical tag name ("Laughter", "BGM", …).

    `trend` says whether the loudness rose or fell over the segment (music only). `offset` is the
    place in the segment's text where the model put the tag; None stands for the whole segment.
    """

    name: str
    trend: Trend | None = None
    offset: int | None = None


@dataclass(frozen=True)
class InlineTag:
    """A language, emotion or unknown tag that the model put inside the text, at character `offset`."""

    name: str
    offset: int


@dataclass(frozen=True)
class TagScore:
    """The model's own score of a tag, between 0 and 1; not a probability of being right.

    `kind` is "language", "emotion" or "event". The scores of all tags of a kind add up to at most 1.
    """

    kind: str
    name: str
    score: float


@dataclass(frozen=True)
class Piece:
    """A stretch of speech between two pauses, and what the model said of it; see TagScore for the scores."""

    span: Span
    language: str = ""
    emotion: str = ""
    scores: tuple[TagScore, ...] = ()


@dataclass(frozen=True)
class Replacement:
    """A term of the vocabulary in the text of a segment: `written` in the place of `heard`.

    `by` says how it was found, `score` (0 to 1) how near it was: to what the model found likeliest, or to the
    sound of what it wrote. `offset` is its place in the text as it stands. One that is not `applied` is only
    proposed, or was taken back: `heard` stands there.
    """

    heard: str
    written: str
    offset: int
    score: float
    by: FoundBy
    applied: bool = True

    @property
    def standing(self) -> str:
        """What stands in the text."""
        return self.written if self.applied else self.heard

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.offset + len(self.standing)


@dataclass(frozen=True)
class Segment:
    """One stretch of sound and all that was heard in it.

    `text` carries no tags; `raw` is what the model wrote, tags and all, without the terms of a vocabulary,
    which are listed in `terms` in order of their place in the text. `language` and `emotion` are
    canonical tag names ("zh", "ANGRY"), empty when the model named none. `channel` is "left" or
    "right" when two channels were split, "1", "2" … when more were. `error` is the reason when
    recognition of this stretch failed.
    `scores` are the two best of each kind; of a sound, the mean over it. `pieces` are what speech was
    joined from, in order; empty where the detector's own segments were joined. `speaker` is the stable id of
    who spoke, None where that is not known.
    `original` is what the model had heard, when a person has corrected it.
    """

    kind: Kind
    span: Span
    text: str = ""
    raw: str = ""
    language: str = ""
    emotion: str = ""
    events: tuple[Event, ...] = ()
    inline: tuple[InlineTag, ...] = ()
    words: tuple[Word, ...] = ()
    channel: str | None = None
    error: str | None = None
    scores: tuple[TagScore, ...] = ()
    pieces: tuple[Piece, ...] = ()
    speaker: str | None = None
    original: Segment | None = None
    terms: tuple[Replacement, ...] = ()


@dataclass(frozen=True)
class Speaker:
    """A person who speaks, by the `id` that segments name; `name` is what somebody called them, or ""."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """Something about the recording that spoils recognition, with advice in both languages.

    `value` is what was measured, in the unit that `name` implies (see `sensevoice.analysis.diagnostics`).
    """

    name: str
    value: float
    zh: str
    en: str


@dataclass(frozen=True)
class ModelInfo:
    """Which models made a transcript: names or directories, the device they ran on, and how precisely."""

    name: str
    vad_name: str
    device: str
    demo: bool = False
    precision: str = "fp32"


@dataclass(frozen=True)
class Track:
    """An audio track of a file, as the file describes it; `number` counts from 1.

    `language` is a code of ISO 639 or empty, `title` what its maker called it.
    """

    number: int
    codec: str = ""
    channels: int = 0
    language: str = ""
    title: str = ""
    default: bool = False


@dataclass(frozen=True)
class Media:
    """What the file says of itself: FFmpeg's names of container and codec, which of its tracks was taken.

    `frame_rate` is that of the picture, as "25" or "30000/1001", and `timecode` what the file begins at,
    as "01:00:00;00" (a semicolon: frames are dropped); both are empty when there is none.
    """

    container: str = ""
    codec: str = ""
    sample_rate_hz: int = 0
    channels: int = 0
    track: int = 1
    tracks: tuple[Track, ...] = ()
    frame_rate: str = ""
    timecode: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Media:
        """Return what `asdict` made JSON of; unknown fields are passed over. Raises TypeError."""
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        names = {item.name for item in fields(Track)}
        tracks = [
            {name: value for name, value in item.items() if name in names} for item in data.get("tracks", ())
        ]
        return cls(**{**known, "tracks": tuple(Track(**track) for track in tracks)})


@dataclass(frozen=True)
class Transcript:
    """All that was heard in one file; segments are in order of their start.

    `complete_until_ms` is the time behind which nothing was transcribed, although the file goes on; None when
    the file was read to its end. `speakers` are in the order in which they first speak; empty where nobody
    asked who speaks.
    """

    source: str
    duration_ms: int
    segments: tuple[Segment, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    options: Options = field(default_factory=Options)
    model: ModelInfo = field(default_factory=lambda: ModelInfo("", "", ""))
    media: Media = field(default_factory=Media)
    complete_until_ms: int | None = None
    speakers: tuple[Speaker, ...] = ()

    @property
    def raw(self) -> str:
        """What the model wrote for the whole file, segment after segment."""
        return "".join(segment.raw for segment in self.segments)

    def failed(self) -> Sequence[Segment]:
        """Return the segments that could not be recognised."""
        return [segment for segment in self.segments if segment.error]
