"""Praat's TextGrid in its long form, as the manual's page "TextGrid file formats" describes it.

Tiers have English names in every locale, because scripts for Praat find them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sensevoice.formats.rows import event_names, segment_text
from sensevoice.formats.shared import RenderOptions, one_line, speaker_names
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment, Span, Transcript

Tier = tuple[str, list[tuple[int, int, str]]]
"""A name and its intervals: start and end in milliseconds, and a text."""

_TIERS: Sequence[tuple[str, Callable[[Segment, str], str]]] = (
    ("text", segment_text),
    ("language", lambda segment, locale: label(segment.language, locale)),
    ("emotion", lambda segment, locale: label(segment.emotion, locale)),
    ("events", lambda segment, locale: event_names(segment.events, locale)),
)


def textgrid(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a TextGrid: four tiers and one of who speaks, for each channel when split."""
    end_ms = max([1, transcript.duration_ms, *(segment.span.end_ms for segment in transcript.segments)])
    names = speaker_names(transcript, options.locale)
    tiers = list(_tiers(transcript.segments, options.locale, end_ms, names))
    return "\n".join([*_head(end_ms, len(tiers)), *_body(tiers, end_ms)]) + "\n"


def _tiers(segments: Sequence[Segment], locale: str, end_ms: int, names: Mapping[str, str]) -> Iterator[Tier]:
    channels = sorted({segment.channel for segment in segments}, key=lambda name: name or "") or [None]
    for channel in channels:
        own = [segment for segment in segments if segment.channel == channel]
        for name, text_of in _TIERS:
            named = [(segment.span, text_of(segment, locale)) for segment in own]
            yield f"{name} {channel}" if channel else name, _filled(named, end_ms)
        if names:
            spoken = [(segment.span, names.get(segment.speaker or "", "")) for segment in own]
            yield f"speaker {channel}" if channel else "speaker", _filled(spoken, end_ms)


def _filled(named: Iterable[tuple[Span, str]], end_ms: int) -> list[tuple[int, int, str]]:
    """Return contiguous intervals from 0 to the end, as Praat requires.

    Of two that overlap the second begins where the first ends; one inside another is joined to its text.
    """
    result: list[tuple[int, int, str]] = []
    at_ms = 0
    for span, text in named:
        if result and span.end_ms <= at_ms:
            start, end, before = result[-1]
            result[-1] = (start, end, f"{before} {text}".strip())
            continue
        if span.start_ms > at_ms:
            result.append((at_ms, span.start_ms, ""))
            at_ms = span.start_ms
        result.append((at_ms, span.end_ms, text))
        at_ms = span.end_ms
    if at_ms < end_ms:
        result.append((at_ms, end_ms, ""))
    return result


def _head(end_ms: int, count: int) -> list[str]:
    return [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(end_ms)}",
        "tiers? <exists>",
        f"size = {count}",
        "item []:",
    ]


def _body(tiers: Iterable[Tier], end_ms: int) -> Iterator[str]:
    for number, (name, intervals) in enumerate(tiers, start=1):
        yield f"    item [{number}]:"
        yield '        class = "IntervalTier"'
        yield f"        name = {_quoted(name)}"
        yield "        xmin = 0"
        yield f"        xmax = {_seconds(end_ms)}"
        yield f"        intervals: size = {len(intervals)}"
        for place, (start, end, text) in enumerate(intervals, start=1):
            yield f"        intervals [{place}]:"
            yield f"            xmin = {_seconds(start)}"
            yield f"            xmax = {_seconds(end)}"
            yield f"            text = {_quoted(text)}"


def _quoted(text: str) -> str:
    return '"' + one_line(text).replace('"', '""') + '"'


def _seconds(time_ms: int) -> str:
    return f"{time_ms // 1000}.{time_ms % 1000:03d}" if time_ms else "0"
