"""One recording in a table of many: when it turned angry and how often, who spoke and how fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sensevoice.analysis.call_card import call_card, speech_rate, spoken_rows
from sensevoice.analysis.highlights import highlights
from sensevoice.tags.labels import EMOTION_NAMES
from sensevoice.transcript import Transcript


@dataclass(frozen=True)
class Voice:
    """Somebody who speaks: the speaker's id and given name, the channel that is theirs alone, "" for none.

    `share` is of all speech.
    """

    id: str
    name: str
    channel: str
    share: float


@dataclass(frozen=True)
class Comparison:
    """One of several files; `emotions` are (name, number of segments), most frequent first.

    `anger_share` is of the speech, by time. Rates are per minute of speech; None as in `call_card`. `voices`
    are in the order in which they first speak. `longest_silence_ms` is between speech, None without one.
    """

    source: str
    duration_ms: int
    segments: int
    emotions: tuple[tuple[str, int], ...]
    first_anger_ms: int | None
    anger_count: int
    first_anger_text: str = ""
    anger_share: float = 0.0
    voices: tuple[Voice, ...] = ()
    characters_per_minute: float | None = None
    words_per_minute: float | None = None
    longest_silence_ms: int | None = None


def compare(transcripts: Iterable[Transcript]) -> tuple[Comparison, ...]:
    """Return a row for each file."""
    return tuple(map(comparison, transcripts))


def comparison(transcript: Transcript) -> Comparison:
    """Return the row of one file."""
    rows = spoken_rows(transcript)
    angry = [item for item in highlights(transcript) if item.kind in ("anger", "impatience")]
    silence = call_card(transcript).longest_silence
    speech_ms = sum(row.span.duration_ms for row in rows)
    anger_ms = sum(row.span.duration_ms for row in rows if row.emotion == "ANGRY")
    emotions = Counter(row.emotion for row in transcript.segments if row.emotion in EMOTION_NAMES)
    return Comparison(
        source=transcript.source,
        duration_ms=transcript.duration_ms,
        segments=len(transcript.segments),
        emotions=tuple(emotions.most_common()),
        first_anger_ms=angry[0].span.start_ms if angry else None,
        anger_count=len(angry),
        first_anger_text=angry[0].text if angry else "",
        anger_share=anger_ms / max(1, speech_ms),
        voices=_voices(transcript),
        characters_per_minute=speech_rate(rows, "characters"),
        words_per_minute=speech_rate(rows, "words"),
        longest_silence_ms=silence.duration_ms if silence else None,
    )


def _voices(transcript: Transcript) -> tuple[Voice, ...]:
    names = {speaker.id: speaker.name for speaker in transcript.speakers}
    channels: dict[str, set[str]] = {}
    for row in spoken_rows(transcript):
        channels.setdefault(row.speaker or row.channel or "", set()).add(row.channel or "")
    voices = []
    for person in call_card(transcript).people:
        own = channels[person.who]
        channel = next(iter(own)) if len(own) == 1 else ""
        known = person.who in names
        voices.append(Voice(person.who if known else "", names.get(person.who, ""), channel, person.share))
    return tuple(voices)
