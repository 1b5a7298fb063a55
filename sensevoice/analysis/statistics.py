"""Statistics of a recording: shares of time, and timelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sensevoice.analysis.coverage import covered_ms
from sensevoice.tags.labels import EMOTION_NAMES
from sensevoice.tags.parse import is_unspaced
from sensevoice.transcript import Segment, Span, Transcript

Unit = Literal["characters", "words"]

COUNTED_BY_CHARACTER = ("zh", "yue", "ja", "ko")
"""Languages whose speech rate is in characters: one character is about one syllable or mora."""

BINS = 60
"""Points of a timeline over a whole file by default; a chart 600 px wide shows no more."""

MIN_BIN_MS = 10_000
"""Shorter bins hold a sentence or less, whose length is chance and tells nothing about the speaker."""

MIN_RATE_MS = 1_000
"""With less speech in a bin its rate is not measured."""


@dataclass(frozen=True)
class Share:
    """The duration of one label, and its fraction of the whole; the name "" stands for no label."""

    name: str
    duration_ms: int
    fraction: float


@dataclass(frozen=True)
class Shares:
    """Languages and emotions as shares of the speech, sounds as shares of the file; longest first."""

    languages: tuple[Share, ...]
    emotions: tuple[Share, ...]
    events: tuple[Share, ...]


@dataclass(frozen=True)
class EmotionBin:
    """The emotions of the speech in one bin, as (name, milliseconds), longest first."""

    span: Span
    emotions: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class RateBin:
    """The speech rate in one bin; None with too little speech of that unit."""

    span: Span
    characters_per_minute: float | None
    words_per_minute: float | None


def shares(transcript: Transcript) -> Shares:
    """Return the shares of time of languages, emotions and sounds."""
    speech = [segment for segment in transcript.segments if _is_recognised_speech(segment)]
    total_ms = sum(segment.span.duration_ms for segment in speech)
    sounds: dict[str, list[Span]] = {}
    for segment in transcript.segments:
        for event in segment.events:
            sounds.setdefault(event.name, []).append(segment.span)
    events = {name: covered_ms(spans, transcript.duration_ms) for name, spans in sounds.items()}
    return Shares(
        languages=_ranked(_times((segment.language, segment.span) for segment in speech), total_ms),
        emotions=_ranked(_times((_emotion(segment), segment.span) for segment in speech), total_ms),
        events=_ranked(Counter(events), transcript.duration_ms),
    )


def emotion_over_time(transcript: Transcript, bin_ms: int | None = None) -> tuple[EmotionBin, ...]:
    """Return the emotions of the speech in equal bins over the whole file."""
    speech = [segment for segment in transcript.segments if _is_recognised_speech(segment)]
    width_ms = bin_ms or default_bin_ms(transcript.duration_ms)
    times: dict[int, Counter[str]] = {}
    for segment in speech:
        for index, part in _parts(segment.span, width_ms):
            times.setdefault(index, Counter())[_emotion(segment)] += part.duration_ms
    return tuple(
        EmotionBin(span, tuple(times.get(index, Counter[str]()).most_common()))
        for index, span in enumerate(_bins(transcript.duration_ms, width_ms))
    )


def speech_rate_over_time(transcript: Transcript, bin_ms: int | None = None) -> tuple[RateBin, ...]:
    """Return the speech rate in equal bins, per minute of speech and not of the bin.

    Characters are counted for Chinese, Cantonese, Japanese and Korean, words for other languages; the count
    of a segment is spread evenly over its time.
    """
    width_ms = bin_ms or default_bin_ms(transcript.duration_ms)
    counts: dict[tuple[int, Unit], float] = {}
    times_ms: Counter[tuple[int, Unit]] = Counter()
    for segment in transcript.segments:
        if not _is_recognised_speech(segment):
            continue
        unit, count = spoken_units(segment)
        for index, part in _parts(segment.span, width_ms):
            counts[index, unit] = counts.get((index, unit), 0.0) + count * _fraction(part, segment.span)
            times_ms[index, unit] += part.duration_ms

    def rate(index: int, unit: Unit) -> float | None:
        time_ms = times_ms[index, unit]
        return counts[index, unit] * 60_000 / time_ms if time_ms >= MIN_RATE_MS else None

    bins = enumerate(_bins(transcript.duration_ms, width_ms))
    return tuple(RateBin(span, rate(index, "characters"), rate(index, "words")) for index, span in bins)


def spoken_units(segment: Segment) -> tuple[Unit, int]:
    """Return the unit in which the language of a segment is counted, and how many were spoken."""
    by_character = segment.language in COUNTED_BY_CHARACTER
    if not segment.language:
        by_character = any(map(is_unspaced, segment.text))
    if by_character:
        return "characters", sum(char.isalnum() for char in segment.text)
    return "words", sum(any(map(str.isalnum, word)) for word in segment.text.split())


def default_bin_ms(duration_ms: int) -> int:
    """Return the length of a bin, in whole seconds, for at most BINS bins of at least MIN_BIN_MS."""
    return max(MIN_BIN_MS, -(-duration_ms // (BINS * 1000)) * 1000)


def _is_recognised_speech(segment: Segment) -> bool:
    return segment.kind == "speech" and not segment.error


def _emotion(segment: Segment) -> str:
    """Return the emotion if it is one that is shown, which "neutral" and "unknown" are not."""
    return segment.emotion if segment.emotion in EMOTION_NAMES else ""


def _times(named: Iterable[tuple[str, Span]]) -> Counter[str]:
    times_ms: Counter[str] = Counter()
    for name, span in named:
        times_ms[name] += span.duration_ms
    return times_ms


def _ranked(times_ms: Counter[str], total_ms: int) -> tuple[Share, ...]:
    return tuple(
        Share(name, time_ms, time_ms / total_ms) for name, time_ms in times_ms.most_common() if time_ms
    )


def _bins(duration_ms: int, width_ms: int) -> list[Span]:
    starts_ms = range(0, duration_ms, width_ms)
    return [Span(start_ms, min(start_ms + width_ms, duration_ms)) for start_ms in starts_ms]


def _parts(span: Span, width_ms: int) -> Iterator[tuple[int, Span]]:
    """Yield the number of each bin that a span overlaps, and its part in that bin."""
    for index in range(span.start_ms // width_ms, (span.end_ms - 1) // width_ms + 1):
        left_ms, right_ms = index * width_ms, (index + 1) * width_ms
        yield index, Span(max(span.start_ms, left_ms), min(span.end_ms, right_ms))


def _fraction(part: Span, whole: Span) -> float:
    return part.duration_ms / whole.duration_ms
