"""What the files for video editors share: which moments, at which frames, on which clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sensevoice.analysis.highlights import Highlight, highlights
from sensevoice.formats.shared import RenderOptions
from sensevoice.formats.timecode import FALLBACK_RATE, FrameClock, frame_rate
from sensevoice.transcript import Span, Transcript

PROGRAMME_START = "01:00:00:00"
"""By custom a programme begins at one hour, so that what stands before it has times too."""


@dataclass(frozen=True)
class Moment:
    """A highlight with its handles, in frames of the file."""

    highlight: Highlight
    start: int
    end: int


def chosen(transcript: Transcript, options: RenderOptions) -> Iterator[Highlight]:
    """Yield the highlights of the chosen kinds in order of time, without handles."""
    for item in highlights(transcript):
        if not options.kinds or item.kind in options.kinds:
            yield item


def with_handles(item: Highlight, transcript: Transcript, options: RenderOptions) -> Span:
    """Return the time of a highlight with its handles, within the recording."""
    handle_ms = round(options.handles_s * 1000)
    latest_ms = max(transcript.duration_ms, item.span.end_ms)
    return Span(max(0, item.span.start_ms - handle_ms), min(item.span.end_ms + handle_ms, latest_ms))


def moments(transcript: Transcript, options: RenderOptions, clock: FrameClock) -> Iterator[Moment]:
    """Yield the highlights of the chosen kinds, handles included, in order of time."""
    for item in chosen(transcript, options):
        span = with_handles(item, transcript, options)
        start, end = clock.frame(span.start_ms), clock.end_frame(span.end_ms)
        yield Moment(item, start, max(end, start + 1))


def picture_clock(transcript: Transcript, options: RenderOptions) -> FrameClock:
    """Return the clock of the file: its own rate and start, unless others were asked for."""
    rate = options.fps or transcript.media.frame_rate
    return FrameClock.of(
        frame_rate(rate) if rate else FALLBACK_RATE, options.start_timecode or transcript.media.timecode
    )


def record_clock(transcript: Transcript, options: RenderOptions) -> FrameClock:
    """Return the clock of a timeline: from one hour, unless the file or the user says otherwise."""
    source = picture_clock(transcript, options)
    start = options.start_timecode or transcript.media.timecode or PROGRAMME_START
    return FrameClock(source.rate, source.drop, source.number(start))
