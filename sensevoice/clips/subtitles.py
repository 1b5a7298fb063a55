"""What is said in clips as a record on their own clock, of which every format can be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sensevoice.clips.model import Clip, Take
from sensevoice.clips.plan import rows_in
from sensevoice.formats.shared import speaker_names
from sensevoice.transcript import Event, InlineTag, Segment, Span, Speaker, Transcript, Word

MOSTLY = 0.5
"""Of a row without the times of its words, so much has to be heard for its text to be shown."""


def on_the_reel(clips: Sequence[Clip], takes: Sequence[Take], name: str, locale: str = "zh") -> Transcript:
    """Return the rows heard in clips, at their times on the reel; people of several recordings keep names."""
    rows: list[Segment] = []
    people: dict[tuple[int, str], Speaker] = {}
    for clip in clips:
        transcript = takes[clip.take].transcript
        names = speaker_names(transcript, locale)
        for row in shifted(rows_in(transcript, clip.span), clip):
            rows.append(replace(row, speaker=_person(people, clip.take, row.speaker, names)))
    end_ms = max((clip.end_ms for clip in clips), default=0)
    first = takes[clips[0].take].transcript if clips else None
    model = {"model": first.model, "options": first.options} if first else {}
    ordered = tuple(sorted(rows, key=lambda row: row.span))
    return Transcript(name, end_ms, ordered, speakers=tuple(people.values()), **model)  # type: ignore[arg-type]


def _person(
    people: dict[tuple[int, str], Speaker], take: int, speaker: str | None, names: dict[str, str]
) -> str | None:
    """Return the id of a person on the reel: those of several recordings have the same ids, S1, S2 …"""
    if speaker is None or speaker not in names:
        return None
    known = people.setdefault((take, speaker), Speaker(f"S{len(people) + 1}", names[speaker]))
    return known.id


def shifted(rows: Sequence[Segment], clip: Clip) -> Iterator[Segment]:
    """Yield what of rows is heard in a clip, on its clock."""
    for row in rows:
        start_ms = max(row.span.start_ms, clip.span.start_ms)
        end_ms = min(row.span.end_ms, clip.span.end_ms)
        whole = (start_ms, end_ms) == (row.span.start_ms, row.span.end_ms)
        part = row if whole else _part(row, clip.span)
        if part is not None:
            by_ms = clip.at_ms - clip.span.start_ms
            words = tuple(replace(word, span=_moved(word.span, by_ms)) for word in part.words)
            yield replace(part, span=Span(start_ms + by_ms, end_ms + by_ms), words=words, pieces=())


def _moved(span: Span, by_ms: int) -> Span:
    return Span(span.start_ms + by_ms, span.end_ms + by_ms)


def _part(row: Segment, heard: Span) -> Segment | None:
    """Return a row with the words that are heard whole, None without any."""
    if not row.words:
        part_ms = min(row.span.end_ms, heard.end_ms) - max(row.span.start_ms, heard.start_ms)
        return row if part_ms >= MOSTLY * row.span.duration_ms else None
    first, last = _heard_words(row.words, heard)
    if first == last:
        return None
    places = _places(row)
    start = places[first] if first else 0
    stop = places[last] if last < len(row.words) else len(row.text)
    return replace(
        row,
        text=row.text[start:stop].strip(),
        words=row.words[first:last],
        events=tuple(_event(event, start, stop) for event in row.events if _stays(event, start, stop)),
        inline=tuple(_inline(tag, start) for tag in row.inline if start <= tag.offset <= stop),
        original=None,
    )


def _heard_words(words: Sequence[Word], heard: Span) -> tuple[int, int]:
    """Return the first word that is heard whole and the one behind the last."""
    inside = [
        number
        for number, word in enumerate(words)
        if word.span.start_ms >= heard.start_ms and word.span.end_ms <= heard.end_ms
    ]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def _places(row: Segment) -> list[int]:
    """Return where each word begins in the text; one that is not found there begins where the last ended."""
    places, at = [], 0
    for word in row.words:
        found = row.text.find(word.text, at)
        places.append(found if found >= 0 else at)
        at = places[-1] + (len(word.text) if found >= 0 else 0)
    return places


def _stays(event: Event, start: int, stop: int) -> bool:
    return event.offset is None or start <= event.offset <= stop


def _event(event: Event, start: int, stop: int) -> Event:
    return event if event.offset is None else replace(event, offset=event.offset - start)


def _inline(tag: InlineTag, start: int) -> InlineTag:
    return replace(tag, offset=tag.offset - start)
