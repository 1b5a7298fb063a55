"""Who spoke how much, how fast, and who waited for whom: one card for a conversation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from sensevoice.analysis.statistics import Unit, spoken_units
from sensevoice.tags.labels import EMOTION_NAMES
from sensevoice.transcript import Segment, Span, Transcript

INTERRUPTED_WITHIN_MS = 1_000
"""Who falls silent so soon after another began was interrupted; who goes on was talked over."""

MIN_RATE_MS = 3_000
"""With less speech of a person the rate is not measured."""


@dataclass(frozen=True)
class Person:
    """One speaker or channel of a conversation; `who` is the speaker's id, else the channel, else empty.

    `share` is of all speech. `turns` counts what was said without another in between, `interruptions` how
    often this person made another stop. `response_ms` is the median pause before this person answered, None
    without an answer. Rates are per minute of speech. `emotions` are (name, milliseconds), longest first.
    `turned` is the time of the row with which the mood first became one of anger, None without one.
    """

    who: str
    talk_ms: int
    share: float
    turns: int
    interruptions: int
    response_ms: int | None
    characters_per_minute: float | None
    words_per_minute: float | None
    emotions: tuple[tuple[str, int], ...]
    turned: Span | None


@dataclass(frozen=True)
class CallCard:
    """The people in the order in which they first spoke, and the longest silence between any speech."""

    people: tuple[Person, ...]
    longest_silence: Span | None


def call_card(transcript: Transcript) -> CallCard:
    """Return the card of a conversation; without speech it is empty."""
    rows = spoken_rows(transcript)
    total_ms = sum(row.span.duration_ms for row in rows)
    interruptions = Counter(_interrupters(rows))
    answers = list(_answers(rows))
    turns = Counter(who for who, _ in groupby(map(_who, rows)))
    people = tuple(
        _person(who, [row for row in rows if _who(row) == who], total_ms, turns, interruptions, answers)
        for who in dict.fromkeys(map(_who, rows))
    )
    return CallCard(people, _longest_silence(rows))


def spoken_rows(transcript: Transcript) -> list[Segment]:
    """Return the recognised speech in order of time."""
    return sorted(
        (row for row in transcript.segments if row.kind == "speech" and not row.error),
        key=lambda row: row.span,
    )


def speech_rate(rows: Sequence[Segment], unit: Unit) -> float | None:
    """Return how many units a minute of speech has, None where too little is in such a language."""
    counted = [(row.span.duration_ms, spoken_units(row)) for row in rows]
    time_ms = sum(ms for ms, (own, _) in counted if own == unit)
    if time_ms < MIN_RATE_MS:
        return None
    return sum(count for _, (own, count) in counted if own == unit) * 60_000 / time_ms


def _who(row: Segment) -> str:
    return row.speaker or row.channel or ""


def _person(
    who: str,
    rows: Sequence[Segment],
    total_ms: int,
    turns: Counter[str],
    interruptions: Counter[str],
    answers: Sequence[tuple[str, int]],
) -> Person:
    talk_ms = sum(row.span.duration_ms for row in rows)
    emotions: Counter[str] = Counter()
    for row in rows:
        if row.emotion in EMOTION_NAMES:
            emotions[row.emotion] += row.span.duration_ms
    waited_ms = [pause_ms for answerer, pause_ms in answers if answerer == who]
    return Person(
        who=who,
        talk_ms=talk_ms,
        share=talk_ms / max(1, total_ms),
        turns=turns[who],
        interruptions=interruptions[who],
        response_ms=round(median(waited_ms)) if waited_ms else None,
        characters_per_minute=speech_rate(rows, "characters"),
        words_per_minute=speech_rate(rows, "words"),
        emotions=tuple(emotions.most_common()),
        turned=next((row.span for row in rows if row.emotion == "ANGRY"), None),
    )


def _interrupters(rows: Sequence[Segment]) -> Iterator[str]:
    """Yield who interrupted, once for each time."""
    for before, after in pairwise(rows):
        begins_inside = before.span.start_ms < after.span.start_ms < before.span.end_ms
        stops_soon = before.span.end_ms - after.span.start_ms <= INTERRUPTED_WITHIN_MS
        if _who(before) != _who(after) and begins_inside and stops_soon:
            yield _who(after)


def _answers(rows: Sequence[Segment]) -> Iterator[tuple[str, int]]:
    """Yield who answered another, and after how many milliseconds; 0 when the other still spoke."""
    for before, after in pairwise(rows):
        if _who(before) != _who(after):
            yield _who(after), max(0, after.span.start_ms - before.span.end_ms)


def _longest_silence(rows: Sequence[Segment]) -> Span | None:
    longest: Span | None = None
    until_ms = rows[0].span.end_ms if rows else 0
    for row in rows[1:]:
        silence_ms = row.span.start_ms - until_ms
        if silence_ms > (longest.duration_ms if longest else 0):
            longest = Span(until_ms, row.span.start_ms)
        until_ms = max(until_ms, row.span.end_ms)
    return longest
