"""Where each clip begins and ends: what is wanted with its handles, at pauses, nothing twice in a reel."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from sensevoice.clips.model import Clip, CutSettings, Take
from sensevoice.errors import NothingToCut
from sensevoice.formats.rows import event_names
from sensevoice.formats.shared import one_line, pick, speaker_names
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment, Span, Transcript

SNAP_MS = 400
"""An end in speech moves by at most a syllable or two to a pause, and without one to a border of words."""

MIN_PAUSE_MS = 60
"""Between two words; shorter than that there is none between them."""

JOINED_GAP_MS = 250
"""In a reel, clips that are so close are one: a jump over less is heard as a fault."""

MIN_CLIP_MS = 100
"""Shorter than a syllable; encoders' frames are some 25 ms."""

MAX_CLIPS = 2_000
MAX_TITLE_CHARS = 60


def planned(takes: Sequence[Take], settings: CutSettings) -> tuple[Clip, ...]:
    """Return the clips in order of their recordings and of time. Raises NothingToCut."""
    clips: list[Clip] = []
    at_ms = 0
    for number, take in enumerate(takes):
        for span in _spans(take, settings):
            title = title_of(take.transcript, span, take.spans, settings.locale)
            clips.append(Clip(number, span, at_ms, title))
            at_ms += span.duration_ms if settings.form == "reel" else 0
    if not clips or len(clips) > MAX_CLIPS:
        raise NothingToCut(count=len(clips), most=MAX_CLIPS)
    return tuple(clips)


def _spans(take: Take, settings: CutSettings) -> Iterator[Span]:
    end_ms = take.transcript.duration_ms
    silences, words = pauses(take.transcript), word_borders(take.transcript)
    widened = (_widened(span, settings.handles_ms, end_ms) for span in sorted(set(take.spans)))
    snapped = [snapped_to(silences, words, span, inside) for span, inside in widened if span is not None]
    spans = sorted({span for span in snapped if span.duration_ms >= MIN_CLIP_MS})
    yield from joined(spans) if settings.form == "reel" else spans


def _widened(span: Span, handles_ms: int, end_ms: int) -> tuple[Span | None, Span]:
    """Return a span with its handles within the recording, None for one beyond it, and the span itself."""
    start_ms, until_ms = max(0, span.start_ms - handles_ms), min(end_ms, span.end_ms + handles_ms)
    return (Span(start_ms, until_ms) if start_ms < until_ms else None), span


def pauses(transcript: Transcript) -> list[Span]:
    """Return the stretches of a record in which nobody speaks, between rows, pieces and words."""
    spoken: list[Span] = []
    for row in transcript.segments:
        if row.kind == "speech":
            spoken += _spoken(row)
    silences, until_ms = [], 0
    for span in sorted(spoken):
        if span.start_ms - until_ms >= MIN_PAUSE_MS:
            silences.append(Span(until_ms, span.start_ms))
        until_ms = max(until_ms, span.end_ms)
    if transcript.duration_ms > until_ms:
        silences.append(Span(until_ms, transcript.duration_ms))
    return silences


def _spoken(row: Segment) -> Iterable[Span]:
    """Return what of a row is speech: its words where their times are known, else its pieces."""
    if row.words:
        return (word.span for word in row.words)
    return [piece.span for piece in row.pieces] or [row.span]


def word_borders(transcript: Transcript) -> list[int]:
    """Return where words begin and end, in order."""
    spans = {word.span for row in transcript.segments for word in row.words}
    return sorted({at_ms for span in spans for at_ms in (span.start_ms, span.end_ms)})


def snapped_to(silences: Sequence[Span], words: Sequence[int], span: Span, wanted: Span) -> Span:
    """Return a span whose ends lie in pauses or between words where any are near, with all that is wanted."""
    start_ms = _nearest(silences, words, span.start_ms)
    end_ms = _nearest(silences, words, span.end_ms)
    start_ms = min(start_ms, max(wanted.start_ms, span.start_ms))
    end_ms = max(end_ms, min(wanted.end_ms, span.end_ms))
    return Span(start_ms, end_ms) if start_ms < end_ms else span


def _nearest(silences: Sequence[Span], words: Sequence[int], at_ms: int) -> int:
    """Return the nearest place in a pause, else the nearest border of words; the same without any near."""
    number = bisect_right(silences, at_ms, key=lambda pause: pause.start_ms)
    around = silences[max(0, number - 1) : number + 1]
    in_pauses = [min(max(at_ms, pause.start_ms), pause.end_ms) for pause in around]
    number = bisect_right(words, at_ms)
    for places in (in_pauses, words[max(0, number - 1) : number + 1]):
        nearest = min(places, key=lambda place: abs(place - at_ms), default=None)
        if nearest is not None and abs(nearest - at_ms) <= SNAP_MS:
            return nearest
    return at_ms


def joined(spans: Sequence[Span]) -> list[Span]:
    """Return spans in order without overlap; those that are closer than JOINED_GAP_MS are one."""
    result = list(spans[:1])
    for _, span in pairwise(spans):
        if span.start_ms <= result[-1].end_ms + JOINED_GAP_MS:
            result[-1] = Span(result[-1].start_ms, max(result[-1].end_ms, span.end_ms))
        else:
            result.append(span)
    return result


def title_of(transcript: Transcript, span: Span, wanted: Sequence[Span], locale: str) -> str:
    """Return what a clip is called: who, which moods and sounds; without any of these, its first words."""
    rows = [row for row in rows_in(transcript, span) if any(overlap(row.span, each) for each in wanted)]
    names = speaker_names(transcript, locale)
    who = (names.get(row.speaker or "", "") for row in rows)
    tags = [label(row.emotion, locale) for row in rows] + [event_names(row.events, locale) for row in rows]
    found = list(dict.fromkeys(filter(None, (*who, *tags))))
    title = " · ".join(found) if any(tags) else " ".join([*found, *(row.text for row in rows)])
    return one_line(title)[:MAX_TITLE_CHARS] or pick(("片段", "Clip"), locale)


def rows_in(transcript: Transcript, span: Span) -> list[Segment]:
    """Return the rows of which some part lies in a span."""
    return [row for row in transcript.segments if overlap(row.span, span)]


def overlap(one: Span, other: Span) -> bool:
    return one.start_ms < other.end_ms and other.start_ms < one.end_ms
