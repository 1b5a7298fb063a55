"""The record in OpenAI's shapes, with what only this model knows beside it.

Each segment has their required fields, and ours: language, emotion, events, speaker, channel, scores. The
model gives no probabilities of its text, so `avg_logprob` and `no_speech_prob` are 0 and `tokens` is empty;
`temperature` is 0, because nothing is drawn by chance; `seek` and `compression_ratio` are computed.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sensevoice.tags.parse import space_between
from sensevoice.transcript import Segment, Transcript

LANGUAGE_NAMES = {"zh": "chinese", "en": "english", "yue": "cantonese", "ja": "japanese", "ko": "korean"}
"""As Whisper, and so OpenAI, names them."""

UNKNOWN_SPEAKER = "?"


def spoken(segments: Iterable[Segment]) -> list[Segment]:
    """Return the rows that have text."""
    return [segment for segment in segments if segment.kind == "speech" and segment.text]


def joined(texts: Iterable[str]) -> str:
    """Return texts as one, with a space where the scripts on both sides want one."""
    result = ""
    for text in texts:
        result += space_between(result, text) + text
    return result


def json_shape(transcript: Transcript) -> dict[str, Any]:
    """Return the shape of `response_format=json`."""
    return {
        "text": joined(segment.text for segment in spoken(transcript.segments)),
        "usage": {"type": "duration", "seconds": -(-transcript.duration_ms // 1000)},
        **_completeness(transcript),
    }


def verbose_shape(transcript: Transcript, words: bool, segments: bool) -> dict[str, Any]:
    """Return the shape of `response_format=verbose_json`; sounds between the speech are in `sounds`."""
    rows = spoken(transcript.segments)
    shape: dict[str, Any] = {
        "task": "transcribe",
        "language": main_language(rows),
        "duration": transcript.duration_ms / 1000,
        **json_shape(transcript),
    }
    if segments:
        shape["segments"] = [_segment(number, row) for number, row in enumerate(rows)]
    if words:
        shape["words"] = [word for row in rows for word in _words(row)]
    shape["sounds"] = [
        {"start": item.span.start_ms / 1000, "end": item.span.end_ms / 1000, "events": _events(item)}
        for item in transcript.segments
        if item.kind == "sound" and item.events
    ]
    return shape


def diarized_shape(transcript: Transcript) -> dict[str, Any]:
    """Return the shape of `response_format=diarized_json`."""
    rows = spoken(transcript.segments)
    return {
        "task": "transcribe",
        "duration": transcript.duration_ms / 1000,
        **json_shape(transcript),
        "segments": [diarized_segment(number, row) for number, row in enumerate(rows)],
    }


def diarized_segment(number: int, row: Segment) -> dict[str, Any]:
    """Return a row as a segment with a speaker, also the event `transcript.text.segment` of a stream."""
    return {
        "type": "transcript.text.segment",
        "id": f"seg_{number}",
        "start": row.span.start_ms / 1000,
        "end": row.span.end_ms / 1000,
        "text": row.text,
        **_ours(row),
        "speaker": row.speaker or row.channel or UNKNOWN_SPEAKER,
    }


def row_shape(number: int, row: Segment) -> dict[str, Any]:
    """Return a row of a job, of speech or of sound; `words` have their times in seconds."""
    return {
        "object": "job.row",
        "id": number,
        "kind": row.kind,
        "start": row.span.start_ms / 1000,
        "end": row.span.end_ms / 1000,
        "text": row.text,
        **_ours(row),
        "words": _words(row),
        "error": row.error,
    }


def main_language(rows: Sequence[Segment]) -> str:
    """Return the name of the language that is spoken longest, "" without speech."""
    durations: Counter[str] = Counter()
    for row in rows:
        durations[row.language] += row.span.duration_ms
    code = durations.most_common(1)[0][0] if durations else ""
    return LANGUAGE_NAMES.get(code, code)


def _segment(number: int, row: Segment) -> dict[str, Any]:
    return {
        "id": number,
        "seek": row.span.start_ms // 10,  # in frames of 10 ms, as Whisper counts
        "start": row.span.start_ms / 1000,
        "end": row.span.end_ms / 1000,
        "text": row.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": _compression_ratio(row.text),
        "no_speech_prob": 0.0,
        **_ours(row),
    }


def _words(row: Segment) -> list[dict[str, Any]]:
    return [
        {"word": word.text, "start": word.span.start_ms / 1000, "end": word.span.end_ms / 1000}
        for word in row.words
    ]


def _ours(row: Segment) -> dict[str, Any]:
    return {
        "language": row.language,
        "emotion": row.emotion,
        "events": _events(row),
        "speaker": row.speaker,
        "channel": row.channel,
        "scores": [asdict(score) for score in row.scores],
    }


def _events(segment: Segment) -> list[str]:
    return [event.name for event in segment.events]


def _completeness(transcript: Transcript) -> dict[str, Any]:
    """Return up to which second the file could be read, if that is not its end."""
    until_ms = transcript.complete_until_ms
    return {} if until_ms is None else {"partial": True, "complete_until": until_ms / 1000}


def _compression_ratio(text: str) -> float:
    """Return bytes of text to bytes of it compressed, as Whisper computes it (openai/whisper, utils.py)."""
    data = text.encode()
    return round(len(data) / len(zlib.compress(data)), 4)
