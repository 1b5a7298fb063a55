"""A row as a person corrects it: its text and its tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sensevoice.errors import BadRequest
from sensevoice.formats.finetune import is_trainable
from sensevoice.tags.labels import TagKind, kind_of
from sensevoice.tags.replacements import still_standing, turned
from sensevoice.transcript import Event, Segment

MAX_TEXT_CHARS = 10_000
"""A row is 30 s of speech at most, some 300 characters; a longer text was not typed for it."""

MAX_ID_CHARS = 20
"""Ids of speakers are a letter and a number."""


@dataclass(frozen=True)
class Correction:
    """New values of a row; None leaves a value as it is. Raises BadRequest for a tag of another kind.

    `language` and `emotion` are tag names, "" for none; `events` are names of sounds;
    `speaker` is the id of who speaks, "" for nobody known; `terms` are the numbers of those terms of the row
    that are taken back, or applied where they are not.
    """

    text: str | None = None
    language: str | None = None
    emotion: str | None = None
    events: tuple[str, ...] | None = None
    speaker: str | None = None
    terms: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        named = [("language", self.language), ("emotion", self.emotion)]
        for kind, name in [*named, *(("event", name) for name in self.events or ())]:
            if (name or kind == "event") and kind_of(name or "") is not TagKind(kind):
                raise BadRequest(reason=f"{kind}: {(name or '')[:50]}")


def corrected(segment: Segment, correction: Correction) -> Segment:
    """Return a segment with the corrected values; a sound that it had keeps its trend and its place.

    Raises BadRequest for a term that the segment does not have.
    """
    if not all(0 <= number < len(segment.terms) for number in correction.terms):
        raise BadRequest(reason="terms")
    segment = turned(segment, correction.terms)
    text = segment.text if correction.text is None else correction.text.strip()[:MAX_TEXT_CHARS]
    events = segment.events
    if correction.events is not None:
        kept = {event.name: event for event in segment.events}
        events = tuple(kept.get(name) or Event(name) for name in correction.events)
    inline, terms = segment.inline, segment.terms
    if text != segment.text:  # the places of tags inside the old text mean nothing in the new one
        inline, terms = (), still_standing(terms, text)
        events = tuple(replace(event, offset=None) for event in events)
    language = segment.language if correction.language is None else correction.language
    emotion = segment.emotion if correction.emotion is None else correction.emotion
    speaker = segment.speaker if correction.speaker is None else correction.speaker[:MAX_ID_CHARS] or None
    return replace(
        segment,
        text=text,
        language=language,
        emotion=emotion,
        events=events,
        inline=inline,
        speaker=speaker,
        error=None,
        terms=terms,
    )


def training_rows(segments: Iterable[Segment]) -> list[Segment]:
    """Return the corrected rows that can be trained with."""
    return [row for row in segments if row.original is not None and is_trainable(row)]
