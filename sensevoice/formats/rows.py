"""What the tables share: the cells that describe one segment to a reader."""

from __future__ import annotations

from collections.abc import Sequence

from sensevoice.formats.base import one_line, pick
from sensevoice.formats.tagged import failure
from sensevoice.tags.parse import label
from sensevoice.transcript import Event, Segment

_KINDS = {"speech": ("语音", "speech"), "sound": ("声音", "sound")}


def kind_name(segment: Segment, locale: str) -> str:
    """Return "speech" or "sound" in the locale's language."""
    return pick(_KINDS[segment.kind], locale)


def event_names(events: Sequence[Event], locale: str) -> str:
    """Return the names of sounds, each once, with a comma of the locale's language between them."""
    names = dict.fromkeys(label(event.name, locale, event.trend) for event in events)
    # English says "background music, growing louder" within one name.
    return pick(("、", "; "), locale).join(filter(None, names))


def segment_text(segment: Segment, locale: str) -> str:
    """Return what was said in one line, or that the segment could not be recognised."""
    return failure(segment, locale) if segment.error else one_line(segment.text)
