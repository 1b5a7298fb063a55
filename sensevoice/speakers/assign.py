"""The people of a whole recording: who speaks in each row, counted anew whenever somebody says how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sensevoice.speakers.cluster import people
from sensevoice.speakers.turns import person_in, turns
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Speaker

Rows = tuple[Segment, ...]


def by_voice(
    rows: Sequence[Segment], prints: VoicePrints, count: int | None
) -> tuple[Rows, tuple[Speaker, ...]]:
    """Return the rows with who speaks in each, and the people in the order in which they do.

    Text and times stay as they are. `count` is how many people there are, None to find out.
    """
    if not len(prints):
        return tuple(rows), ()
    words = [word for row in rows for word in row.words]
    spoken = turns(prints, people(prints, count), words)
    return _numbered(rows, [person_in(spoken, row.span) if row.kind == "speech" else None for row in rows])


def by_channel(rows: Sequence[Segment]) -> tuple[Rows, tuple[Speaker, ...]]:
    """Return the rows of split channels, each channel being a person, and the people."""
    return _numbered(rows, [row.channel if row.kind == "speech" else None for row in rows])


def _numbered(rows: Sequence[Segment], who: Sequence[int | str | None]) -> tuple[Rows, tuple[Speaker, ...]]:
    ids = {
        name: f"S{number}" for number, name in enumerate(dict.fromkeys(n for n in who if n is not None), 1)
    }
    named = [
        replace(row, speaker=None if name is None else ids[name]) for row, name in zip(rows, who, strict=True)
    ]
    return tuple(named), tuple(Speaker(id) for id in ids.values())
