"""How much of a recording was taken as speech, and which stretches were left out altogether."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sensevoice.transcript import Span, Transcript

MIN_GAP_MS = 3_000
"""A pause up to this long is how people talk; a longer one may be speech that was missed."""


@dataclass(frozen=True)
class Coverage:
    """What became of the time of a file; stretches heard in both channels count once.

    `speech_ms` was taken as speech, `sound_ms` as sound alone. `gaps` are the stretches longer than
    MIN_GAP_MS in no segment at all, in order.
    """

    duration_ms: int
    speech_ms: int
    sound_ms: int
    gaps: tuple[Span, ...]

    @property
    def speech_fraction(self) -> float:
        """The share of the file that was taken as speech, 0 for an empty file."""
        return self.speech_ms / self.duration_ms if self.duration_ms else 0.0


def coverage(transcript: Transcript) -> Coverage:
    """Return what became of the time of a file."""
    duration_ms = transcript.duration_ms
    speech = [segment.span for segment in transcript.segments if segment.kind == "speech"]
    everything = union(segment.span for segment in transcript.segments)
    speech_ms = covered_ms(speech, duration_ms)
    return Coverage(
        duration_ms=duration_ms,
        speech_ms=speech_ms,
        sound_ms=covered_ms(everything, duration_ms) - speech_ms,
        gaps=tuple(gap for gap in _between(everything, duration_ms) if gap.duration_ms > MIN_GAP_MS),
    )


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the stretches that the spans cover together, in order, none touching another."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start_ms <= result[-1].end_ms:
            result[-1] = Span(result[-1].start_ms, max(result[-1].end_ms, span.end_ms))
        else:
            result.append(span)
    return result


def covered_ms(spans: Iterable[Span], duration_ms: int) -> int:
    """Return how much time the spans cover together, within the file."""
    return sum(max(0, min(span.end_ms, duration_ms) - span.start_ms) for span in union(spans))


def _between(covered: list[Span], duration_ms: int) -> list[Span]:
    """Return the stretches outside the covered ones, from the start to the end of the file."""
    starts_ms = [0, *(span.end_ms for span in covered)]
    ends_ms = [*(span.start_ms for span in covered), duration_ms]
    return [Span(start, end) for start, end in zip(starts_ms, ends_ms, strict=True) if start < end]
