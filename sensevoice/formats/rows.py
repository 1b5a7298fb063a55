"""What the tables share: the cells of one segment."""

from __future__ import annotations

from collections.abc import Sequence

from sensevoice.formats.shared import one_line, pick
from sensevoice.formats.tagged import failure
from sensevoice.tags.labels import label
from sensevoice.transcript import Event, Segment

_KINDS = {"speech": ("语音", "speech"), "sound": ("声音", "sound")}


def kind_name(segment: Segment, locale: str) -> str:
    """Return "speech" or "sound" in the language of the locale."""
    return pick(_KINDS[segment.kind], locale)


def event_names(events: Sequence[Event], locale: str) -> str:
    """Return the labels of sounds, each once, separated by the locale's comma."""
    names = dict.fromkeys(label(event.name, locale, event.trend) for event in events)
    # English labels contain commas: "background music, growing louder".
    return pick(("、", "; "), locale).join(filter(None, names))


def segment_text(segment: Segment, locale: str) -> str:
    """Return the text as one line, or a message when the segment could not be recognised."""
    return failure(segment, locale) if segment.error else one_line(segment.text)
