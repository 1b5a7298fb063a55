"""The whole record as JSON, and back; docs/json-format.md describes every field."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from sensevoice.errors import BadRecord
from sensevoice.formats.shared import RenderOptions
from sensevoice.formats.tagged import tagged
from sensevoice.options import Options
from sensevoice.transcript import (
    Diagnostic,
    Event,
    InlineTag,
    Media,
    ModelInfo,
    Piece,
    Replacement,
    Segment,
    Span,
    Speaker,
    TagScore,
    Transcript,
    Word,
)

_Value = TypeVar("_Value")

SCHEMA_VERSION = 1
"""Incremented when a field changes its meaning or is removed, not when one is added."""


def to_dict(transcript: Transcript, options: RenderOptions | None = None) -> dict[str, Any]:
    """Return the record as values of JSON; `text` is the tagged transcript in the options' locale."""
    locale = (options or RenderOptions()).locale
    data = {
        "schema_version": SCHEMA_VERSION,
        "source": transcript.source,
        "duration_ms": transcript.duration_ms,
        "partial": transcript.complete_until_ms is not None,
        "complete_until_ms": transcript.complete_until_ms,
        "text": tagged(transcript, locale),
        "raw": transcript.raw,
        "segments": [segment_to_dict(segment) for segment in transcript.segments],
        "diagnostics": [_diagnostic_to_dict(diagnostic) for diagnostic in transcript.diagnostics],
        "settings": transcript.options.as_dict(),
        "model": asdict(transcript.model),
        "media": {**asdict(transcript.media), "tracks": [asdict(track) for track in transcript.media.tracks]},
    }
    if transcript.speakers:
        data["speakers"] = [asdict(speaker) for speaker in transcript.speakers]
    return data


def json_text(transcript: Transcript, options: RenderOptions) -> str:
    """Return the record as a JSON file."""
    return json.dumps(to_dict(transcript, options), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def from_dict(data: Mapping[str, Any]) -> Transcript:
    """Return the record that `to_dict` wrote.

    Unknown fields are ignored, so that later versions may add some. Raises BadRecord for another schema
    version or a missing or unreadable field, OptionError for a setting that is not allowed.
    """
    try:
        version = data["schema_version"]
        if version != SCHEMA_VERSION:
            raise BadRecord(reason=f"schema_version {version!r} ≠ {SCHEMA_VERSION}")
        return Transcript(
            source=data["source"],
            duration_ms=data["duration_ms"],
            segments=_each(segment_from_dict, data["segments"]),
            diagnostics=_each(_diagnostic_from_dict, data["diagnostics"]),
            options=Options.kept(data["settings"]),
            model=ModelInfo(**_known(data["model"], ModelInfo)),
            media=Media.from_dict(data.get("media", {})),
            complete_until_ms=data.get("complete_until_ms"),
            speakers=_each(lambda item: Speaker(**_known(item, Speaker)), data.get("speakers", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise BadRecord(reason=f"{type(exc).__name__}: {exc}") from exc


def segment_to_dict(segment: Segment) -> dict[str, Any]:
    """Return a segment as values of JSON; only a corrected one has `original`, one with terms `terms`."""
    data: dict[str, Any] = {
        "kind": segment.kind,
        "start_ms": segment.span.start_ms,
        "end_ms": segment.span.end_ms,
        "language": segment.language,
        "emotion": segment.emotion,
        "events": [asdict(event) for event in segment.events],
        "inline": [asdict(tag) for tag in segment.inline],
        "text": segment.text,
        "raw": segment.raw,
        "words": [
            {"text": word.text, "start_ms": word.span.start_ms, "end_ms": word.span.end_ms}
            for word in segment.words
        ],
        "channel": segment.channel,
        "error": segment.error,
        "scores": [asdict(score) for score in segment.scores],
        "pieces": [_piece_to_dict(piece) for piece in segment.pieces],
        "speaker": segment.speaker,
    }
    if segment.terms:
        data["terms"] = [asdict(term) for term in segment.terms]
    if segment.original is not None:
        data["original"] = segment_to_dict(segment.original)
    return data


def segment_from_dict(data: Mapping[str, Any]) -> Segment:
    """Return the segment that `segment_to_dict` wrote. Raises KeyError, TypeError or ValueError."""
    return Segment(
        kind=data["kind"],
        span=_span(data),
        text=data["text"],
        raw=data["raw"],
        language=data["language"],
        emotion=data["emotion"],
        events=_each(lambda item: Event(**_known(item, Event)), data["events"]),
        inline=_each(lambda item: InlineTag(**_known(item, InlineTag)), data["inline"]),
        words=_each(lambda item: Word(item["text"], _span(item)), data["words"]),
        channel=data["channel"],
        error=data["error"],
        scores=_scores(data),
        pieces=_each(_piece_from_dict, data.get("pieces", ())),
        speaker=data.get("speaker"),
        original=segment_from_dict(data["original"]) if data.get("original") else None,
        terms=_each(lambda item: Replacement(**_known(item, Replacement)), data.get("terms", ())),
    )


def _piece_to_dict(piece: Piece) -> dict[str, Any]:
    return {
        "start_ms": piece.span.start_ms,
        "end_ms": piece.span.end_ms,
        "language": piece.language,
        "emotion": piece.emotion,
        "scores": [asdict(score) for score in piece.scores],
    }


def _piece_from_dict(data: Mapping[str, Any]) -> Piece:
    return Piece(_span(data), data["language"], data["emotion"], _scores(data))


def _scores(data: Mapping[str, Any]) -> tuple[TagScore, ...]:
    return _each(lambda item: TagScore(**_known(item, TagScore)), data.get("scores", ()))


def _diagnostic_to_dict(diagnostic: Diagnostic) -> dict[str, Any]:
    # JSON has neither infinity (the level of digital silence) nor NaN.
    finite = math.isfinite(diagnostic.value)
    return {**asdict(diagnostic), "value": diagnostic.value if finite else None}


def _diagnostic_from_dict(data: Mapping[str, Any]) -> Diagnostic:
    value = math.nan if data["value"] is None else float(data["value"])
    return Diagnostic(data["name"], value, data["zh"], data["en"])


def _span(data: Mapping[str, Any]) -> Span:
    return Span(data["start_ms"], data["end_ms"])


def _each(
    read: Callable[[Mapping[str, Any]], _Value], items: Iterable[Mapping[str, Any]]
) -> tuple[_Value, ...]:
    return tuple(read(item) for item in items)


def _known(data: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Return the fields that the dataclass has."""
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
