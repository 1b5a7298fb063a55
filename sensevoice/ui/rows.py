"""Jobs and segments as the values of JSON that the workbench in the browser draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from sensevoice.coverage import coverage
from sensevoice.errors import BadRequest
from sensevoice.formats import FORMATS, LABELS, VIEWS, Format, RenderOptions, can_be_traditional
from sensevoice.highlights import Highlight, highlight_name, highlights
from sensevoice.jobs import Job, JobRunner
from sensevoice.language_names import LANGUAGE_NAMES
from sensevoice.measures import emotion_over_time, speech_rate_over_time
from sensevoice.options import LANGUAGES, Options
from sensevoice.tags import EMOTION_NAMES, EVENT_NAMES, TagKind, kind_of, label
from sensevoice.transcript import Event, Segment, Transcript
from sensevoice.ui.parameters import clean_text
from sensevoice.ui.playing import is_film

MAX_TEXT = 10_000
"""Characters of a row: nobody says more in half a minute."""

KINDS = {
    "language": [name for name in LANGUAGES if name not in ("auto", "nospeech")],
    "emotion": list(EMOTION_NAMES),
    "event": list(EVENT_NAMES),
}
"""The tags that people can choose when they correct a row."""


def labels() -> dict[str, Any]:
    """Return every tag's name for people, the tags of each kind, and what can be exported."""
    names = [*LANGUAGE_NAMES, *EMOTION_NAMES, *EVENT_NAMES]
    return {
        "labels": {reader: {name: label(name, reader) for name in names} for reader in LABELS},
        "kinds": KINDS,
        "formats": [
            {"name": row.name, "extension": row.extension, "zh": row.zh, "en": row.en}
            for row in FORMATS.values()
        ],
        "views": list(VIEWS),
        "traditional": can_be_traditional(),
    }


def job_row(runner: JobRunner, job: Job) -> dict[str, Any]:
    """Return a line of the list of jobs, with what is known of a running one at this moment."""
    live = runner.live(job.id)
    progress = live.progress if live else None
    now = live.job if live else job
    duration_ms = now.duration_ms or (progress.total_ms if progress else None)
    return {
        "id": now.id,
        "name": now.name,
        "created_s": now.created_s,
        "duration_ms": duration_ms,
        "state": now.state,
        "fraction": progress.fraction if progress else None,
        "ahead": runner.ahead(job.id),
        "wait_s": runner.wait_s(job.id),
        "left_s": runner.left_s(live) if live else None,
        "elapsed_s": now.elapsed_s,
        "segments": len(live.segments) if live else now.segments,
        "failed": now.failed,
        "tags": [{"name": name, "count": count} for name, count in now.tags],
        "bytes": now.bytes,
        "partial": now.state != "done" or now.complete_until_ms is not None,
        "complete_until_ms": now.complete_until_ms,
        "error": asdict(now.failure) if now.failure else None,
    }


def is_partial(runner: JobRunner, job: Job) -> bool:
    """Tell whether a job has not come to its end."""
    result = runner.result(job)
    return result is None or result.partial


def job_details(runner: JobRunner, job: Job) -> dict[str, Any]:
    """Return what the page of one job shows beside its rows."""
    result = runner.result(job)
    transcript = result.transcript if result else Transcript(job.name, 0, (), options=job.options)
    return {
        "version": version(runner, job),
        "film": is_film(runner.store.folder(job.id).source),
        "diagnostics": [{"name": d.name, "zh": d.zh, "en": d.en} for d in transcript.diagnostics],
        "coverage": _coverage(transcript),
        "highlights": [_highlight(each) for each in highlights(transcript)],
        "courses": _courses(transcript),
        "settings": job.options.as_dict(),
        "model": asdict(runner.store.model),
    }


def version(runner: JobRunner, job: Job) -> int:
    """Return a number that changes whenever rows that were sent are no longer the same.

    0 while rows are only added; the end puts them in order of time, and every correction counts.
    """
    return 0 if runner.live(job.id) else 1 + runner.store.corrections(job)


def segment_rows(runner: JobRunner, job: Job, first: int, known_version: int | None) -> dict[str, Any]:
    """Return the rows from `first` on, or all of them when those that are known are out of date."""
    now = version(runner, job)
    live = runner.live(job.id)
    segments = list(live.segments) if live else runner.store.result(job).transcript.segments
    first = first if known_version in (None, now) else 0
    return {
        "from": first,
        "total": len(segments),
        "version": now,
        "state": live.job.state if live else runner.store.job(job.id, job.owner).state,
        "segments": [segment_row(row, segments[row]) for row in range(max(0, first), len(segments))],
    }


def segment_row(row: int, segment: Segment) -> dict[str, Any]:
    return {
        "index": row,
        "kind": segment.kind,
        "start_ms": segment.span.start_ms,
        "end_ms": segment.span.end_ms,
        "language": segment.language,
        "emotion": segment.emotion,
        "events": [{"name": event.name, "trend": event.trend} for event in segment.events],
        "text": segment.text,
        "channel": segment.channel,
        "error": segment.error,
        "edited": segment.original is not None,
        # They are about what the model heard, not about what a person made of it.
        "scores": [] if segment.original else [asdict(score) for score in segment.scores],
    }


def corrected(segment: Segment, wanted: Mapping[str, Any]) -> Segment:
    """Return a segment with the text and tags that a person gave it. Raises BadRequest."""
    values: dict[str, Any] = {}
    if "text" in wanted:
        values["text"] = clean_text(wanted["text"], MAX_TEXT)
    for kind in ("language", "emotion"):
        if kind in wanted:
            values[kind] = _tag(kind, wanted[kind]) if wanted[kind] else ""
    if "events" in wanted:
        if not isinstance(wanted["events"], list):
            raise BadRequest(reason="events")
        names = [item.get("name") if isinstance(item, Mapping) else item for item in wanted["events"]]
        kept = {event.name: event for event in segment.events}
        values["events"] = tuple(
            kept.get(name) or Event(name) for name in (_tag("event", name) for name in names)
        )
    if values.get("text", segment.text) != segment.text:
        # Where tags stood inside the old text means nothing in the new one.
        values["inline"] = ()
        events = values.get("events", segment.events)
        values["events"] = tuple(replace(event, offset=None) for event in events)
    return replace(segment, error=None, **values)


def chosen(runner: JobRunner, job: Job, wanted: str | None) -> Transcript:
    """Return a job's transcript, or only the rows that are named: `3,5,8`. Raises BadRequest."""
    result = runner.result(job)
    transcript = result.transcript if result else Transcript(job.name, 0, (), options=Options())
    transcript = replace(transcript, source=job.name)
    if wanted is None:
        return transcript
    try:
        numbers = [int(part) for part in wanted.split(",") if part]
        segments = tuple(transcript.segments[number] for number in sorted(set(numbers)))
    except (ValueError, IndexError) as exc:
        raise BadRequest(reason=f"rows={wanted[:50]}") from exc
    return replace(transcript, segments=segments)


def render_options(wanted: Mapping[str, str]) -> RenderOptions:
    """Return how the parameters of an address want an export. Raises OptionError."""
    return RenderOptions(
        view=wanted.get("view", "tagged"),
        labels=wanted.get("labels", "zh"),
        traditional=wanted.get("traditional") == "1",
        captions=wanted.get("captions") == "1",
    )


def file_response(content: str, stem: str, kind: Format) -> Response:
    """Return a text as a download with a name in any script (RFC 6266)."""
    name = quote(f"{stem}{kind.extension}", safe="")
    return Response(
        content.encode(),
        media_type=f"{kind.mime_type}; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"},
    )


def _tag(kind: str, name: Any) -> str:
    if kind_of(str(name)) is not TagKind(kind):
        raise BadRequest(reason=f"{kind}: {str(name)[:50]}")
    return str(name)


def _coverage(transcript: Transcript) -> dict[str, Any]:
    found = coverage(transcript)
    return {
        "speech_ms": found.speech_ms,
        "sound_ms": found.sound_ms,
        "total_ms": found.duration_ms,
        "gaps": [{"start_ms": gap.start_ms, "end_ms": gap.end_ms} for gap in found.gaps],
    }


def _courses(transcript: Transcript) -> dict[str, Any]:
    if not transcript.duration_ms:
        return {"emotions": [], "rates": []}
    emotions = [
        {
            "start_ms": each.span.start_ms,
            "emotions": each.emotions,
            "speech_ms": sum(ms for _, ms in each.emotions),
        }
        for each in emotion_over_time(transcript)
    ]
    rates = [
        {
            "start_ms": each.span.start_ms,
            "characters_per_minute": each.characters_per_minute,
            "words_per_minute": each.words_per_minute,
        }
        for each in speech_rate_over_time(transcript)
    ]
    return {"emotions": emotions, "rates": rates}


def _highlight(found: Highlight) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "zh": highlight_name(found.kind, "zh"),
        "en": highlight_name(found.kind, "en"),
        "start_ms": found.span.start_ms,
        "end_ms": found.span.end_ms,
        "segment": found.index,
        "text": found.text,
    }
