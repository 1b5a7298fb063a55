"""Recordings and their rows as the index holds them, and what a search finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sensevoice.formats.shared import speaker_names
from sensevoice.search.tokens import folded, named, tokens
from sensevoice.tags.labels import EMOTION_NAMES, EVENT_NAMES
from sensevoice.tags.languages import LANGUAGE_NAMES
from sensevoice.transcript import Segment, Transcript

PLACE_BITS = 20
MAX_PLACE = (1 << PLACE_BITS) - 1
"""Rows of one recording; a day of speech has fifty thousand."""

SHARED = ""
"""Owner of what the folder script has written: whoever may use the page may find it, as in --media-dir."""

OWNER, EMOTION, EVENT, LANGUAGE, CHANNEL = "o", "e", "s", "l", "c"
"""Letters of the kinds of names, see tokens.named; u and w are of text."""


@dataclass(frozen=True)
class Recording:
    """A recording of an owner. `id` is a job's, or a path; `path` is "" for a job's, whose place is its own.

    `stamp` says from which state of the job or the file its rows are. `created_s` is in seconds since 1970.
    """

    id: str
    owner: str
    name: str
    created_s: float
    duration_ms: int
    stamp: str
    path: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a recording, `place` being its number there; `who` has the speaker's name in each language."""

    place: int
    kind: str
    start_ms: int
    end_ms: int
    text: str
    language: str
    emotion: str
    events: tuple[str, ...]
    channel: str
    speaker: str
    who: tuple[str, str]

    def people(self) -> str:
        """Return the names of who speaks as the index holds them; no phrase reaches over the line's end."""
        return tokens(folded(self.who[0]) + "\n" + folded(self.who[1])) if any(self.who) else ""

    def tags(self) -> str:
        """Return the tags as the index holds them."""
        pairs = [
            (EMOTION, self.emotion),
            (LANGUAGE, self.language),
            (CHANNEL, self.channel),
            *((EVENT, name) for name in self.events),
        ]
        return " ".join(named(kind, name) for kind, name in pairs if name)


def rows_of(transcript: Transcript) -> list[Row]:
    """Return the rows of a record in which something was said or heard, with the numbers that they have."""
    names = [speaker_names(transcript, locale) for locale in ("zh", "en")]
    return [
        _row(place, segment, names)
        for place, segment in enumerate(transcript.segments[: MAX_PLACE + 1])
        if segment.text or segment.events
    ]


def _row(place: int, segment: Segment, names: Sequence[Mapping[str, str]]) -> Row:
    speaker = segment.speaker or ""
    return Row(
        place,
        segment.kind,
        segment.span.start_ms,
        segment.span.end_ms,
        segment.text.encode("utf-8", "replace").decode(),
        segment.language if segment.language in LANGUAGE_NAMES else "",
        segment.emotion if segment.emotion in (*EMOTION_NAMES, "NEUTRAL") else "",
        tuple(dict.fromkeys(event.name for event in segment.events if event.name in EVENT_NAMES)),
        segment.channel or "",
        speaker,
        (names[0].get(speaker, ""), names[1].get(speaker, "")),
    )


@dataclass(frozen=True)
class Hit:
    """A row that was found, with the rows before and after it where there are any."""

    recording: Recording
    row: Row
    before: Row | None
    after: Row | None
    score: float


@dataclass(frozen=True)
class Found:
    """One page of what was found: `rows` are how many there are in all, in so many `recordings`."""

    hits: tuple[Hit, ...]
    rows: int
    recordings: int


@dataclass(frozen=True)
class Progress:
    """How far the index is: `done` of `total` recordings are in it as they are now."""

    done: int
    total: int

    @property
    def complete(self) -> bool:
        return self.done >= self.total
