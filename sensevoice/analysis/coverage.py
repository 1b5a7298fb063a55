"""How much of a recording was taken as speech, and which parts are in no segment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sensevoice.transcript import Span, Transcript

MIN_GAP_MS = 3_000
"""Pauses up to this length are normal in speech; a longer one may be speech that was missed."""

PAUSE_MS = 800
"""Silence up to this length between rows is part of the speech, however it was divided into rows: of
fsmn-vad's own segments, too, none ends before so much silence (funasr's DEFAULT_SILENCE_SCHEDULE)."""


@dataclass(frozen=True)
class Coverage:
    """How the time of a file was classified; time in segments of both channels counts once.

    `speech_ms` was taken as speech, pauses up to PAUSE_MS included, `sound_ms` as sound only. `gaps` are the
    parts longer than MIN_GAP_MS in no segment, in order.
    """

    duration_ms: int
    speech_ms: int
    sound_ms: int
    gaps: tuple[Span, ...]


def coverage(transcript: Transcript) -> Coverage:
    """Return how the time of a file was classified."""
    duration_ms = transcript.duration_ms
    spoken = [segment.span for segment in transcript.segments if segment.kind == "speech"]
    speech = union(spoken, PAUSE_MS)
    everything = union([*speech, *(segment.span for segment in transcript.segments)])
    speech_ms = covered_ms(speech, duration_ms)
    return Coverage(
        duration_ms=duration_ms,
        speech_ms=speech_ms,
        sound_ms=covered_ms(everything, duration_ms) - speech_ms,
        gaps=tuple(gap for gap in _between(everything, duration_ms) if gap.duration_ms > MIN_GAP_MS),
    )


def union(spans: Iterable[Span], pause_ms: int = 0) -> list[Span]:
    """Return the union of spans and of pauses up to `pause_ms`, as spans in order, none touching another."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start_ms <= result[-1].end_ms + pause_ms:
            result[-1] = Span(result[-1].start_ms, max(result[-1].end_ms, span.end_ms))
        else:
            result.append(span)
    return result


def covered_ms(spans: Iterable[Span], duration_ms: int) -> int:
    """Return the duration of the union of the spans, within the file."""
    return sum(max(0, min(span.end_ms, duration_ms) - span.start_ms) for span in union(spans))


def _between(covered: list[Span], duration_ms: int) -> list[Span]:
    """Return the complement of the covered spans, from the start to the end of the file."""
    starts_ms = [0, *(span.end_ms for span in covered)]
    ends_ms = [*(span.start_ms for span in covered), duration_ms]
    return [Span(start, end) for start, end in zip(starts_ms, ends_ms, strict=True) if start < end]
