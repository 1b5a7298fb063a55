"""Captions for the deaf and hard of hearing: sounds are named where they occur, also during speech.

By the guides of the BBC and of the Described and Captioned Media Program: sounds in square brackets,
note signs around what is sung, and music named when it begins and not again while it continues.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sensevoice.formats.linebreak import MAX_LINE_WIDTH, Token, cut_after
from sensevoice.tags.labels import label
from sensevoice.transcript import Event, Segment

NOTE_SIGN = "♪"

MAX_REST_MS = 10_000
"""Music after a longer pause is named again."""

_MUSIC = "BGM"
_SINGING = "Sing"


@dataclass(frozen=True)
class Note:
    """The name of a sound, to be inserted in a text before the character `offset`."""

    offset: int
    text: str


@dataclass(frozen=True)
class Noted:
    """A text with notes; `places` is the offset in the bare text of each of its characters.

    A note has the offset of the next character that is no space, or of the last one: within the pause
    between two words it would join them into one cue.
    """

    text: str
    places: tuple[int, ...]


class Captioner:
    """Names the sounds of segments in order, and keeps track of the channels on which music continues."""

    def __init__(self, locale: str) -> None:
        self._locale = locale
        self._music_until_ms: dict[str | None, int] = {}

    def notes(self, segment: Segment) -> tuple[Note, ...]:
        """Return the notes for the next segment, in the order of its text."""
        until_ms = self._music_until_ms.pop(segment.channel, None)
        continues = until_ms is not None and segment.span.start_ms - until_ms <= MAX_REST_MS
        if any(event.name == _MUSIC for event in segment.events):
            self._music_until_ms[segment.channel] = segment.span.end_ms
        return tuple(sorted(self._each(segment, continues), key=lambda note: note.offset))

    def _each(self, segment: Segment, continues: bool) -> Iterator[Note]:
        sings = any(event.name == _SINGING for event in segment.events)
        for event in segment.events:
            if event.name == _SINGING and segment.text:
                continue
            if event.name == _MUSIC and (continues or sings):
                continue
            continues = continues or event.name == _MUSIC
            if name := self._named(event):
                yield Note(min(event.offset or 0, len(segment.text)), name)
        if sings and segment.text:
            yield Note(0, NOTE_SIGN)
            yield Note(len(segment.text), NOTE_SIGN)

    def _named(self, event: Event) -> str:
        name = label(event.name, self._locale, event.trend)
        if not name:
            return ""
        return f"{NOTE_SIGN} {name} {NOTE_SIGN}" if event.name in (_MUSIC, _SINGING) else f"[{name}]"


def with_notes(text: str, notes: Sequence[Note]) -> Noted:
    """Return the text with the notes inserted, a space on either side of each."""
    shown = ""
    places: list[int] = []
    ends = [*(note.offset for note in notes), len(text)]
    at = 0
    for index, end in enumerate(ends):
        shown += text[at:end]
        places += range(at, end)
        at = end
        if index < len(notes):
            before = "" if not shown or shown[-1].isspace() else " "
            after = (
                "" if text[end : end + 1].isspace() or (end == len(text) and index + 1 == len(notes)) else " "
            )
            named = before + notes[index].text + after
            shown += named
            places += [_anchor(text, end)] * len(named)
    return Noted(shown, tuple(places))


def _anchor(text: str, offset: int) -> int:
    rest = text[offset:]
    if rest.strip():
        return offset + len(rest) - len(rest.lstrip())
    return max(0, len(text.rstrip()) - 1)


def keep_opening_sign(text: str, parts: Sequence[Token]) -> list[Token]:
    """Return the tokens with the first note sign joined to the word after it, where one line holds both.

    Like all signs it is part of the token before it, which is right for the closing one only.
    """
    index = next((place for place, part in enumerate(parts) if text[part.end - 1] == NOTE_SIGN), None)
    if index is None or index + 1 == len(parts):
        return list(parts)
    before, after = parts[index], parts[index + 1]
    word = text[before.start : before.end - 1].rstrip()
    end = before.start + len(word)
    alone = replace(before, start=before.end - 1, left=before.right - 1)
    kept = (
        [replace(before, end=end, right=before.right - before.end + end, cut=cut_after(word))] if word else []
    )
    if after.right - alone.left <= MAX_LINE_WIDTH:
        kept.append(replace(after, start=alone.start, left=alone.left))
    else:
        kept += [alone, after]
    return [*parts[:index], *kept, *parts[index + 2 :]]
