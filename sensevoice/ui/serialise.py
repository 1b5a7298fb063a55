"""Jobs and segments as the JSON that the workbench in the browser draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TypeAlias
from urllib.parse import quote

from starlette.responses import Response

from sensevoice.analysis.call_card import call_card
from sensevoice.analysis.certainty import without_unsure_tags
from sensevoice.analysis.coverage import coverage
from sensevoice.analysis.highlights import Highlight, highlight_name, highlights
from sensevoice.analysis.statistics import Share, emotion_over_time, shares, speech_rate_over_time
from sensevoice.errors import BadRequest
from sensevoice.formats import FORMATS, LABELS, VIEWS, Content, Format, as_bytes, can_be_traditional
from sensevoice.formats.shared import speaker_channels
from sensevoice.jobs import ActiveJob, Job, JobRunner
from sensevoice.jobs.copies import needs_copy
from sensevoice.jobs.editing.retranscribe import Proposal
from sensevoice.options import LANGUAGES, Options
from sensevoice.tags.labels import EMOTION_NAMES, EVENT_NAMES, label
from sensevoice.tags.languages import LANGUAGE_NAMES
from sensevoice.transcript import Segment, TagScore, Transcript
from sensevoice.ui.media import is_film

Json: TypeAlias = dict[str, object]
"""An object of JSON as it is sent."""

KINDS = {
    "language": [name for name in LANGUAGES if name not in ("auto", "nospeech")],
    "emotion": list(EMOTION_NAMES),
    "event": list(EVENT_NAMES),
}
"""The tags that can be chosen when a row is corrected."""


def labels() -> Json:
    """Return every tag's label, the tags of each kind, and the export formats."""
    names = [*LANGUAGE_NAMES, *EMOTION_NAMES, *EVENT_NAMES]
    return {
        "labels": {locale: {name: label(name, locale) for name in names} for locale in LABELS},
        "kinds": KINDS,
        "formats": [
            {
                "name": row.name,
                "extension": row.extension,
                "group": row.group,
                "zh": row.zh,
                "en": row.en,
            }
            for row in FORMATS.values()
        ],
        "views": list(VIEWS),
        "traditional": can_be_traditional(),
    }


def job_row(runner: JobRunner, job: Job) -> Json:
    """Return a row of the list of jobs; of a running one, its state at this moment."""
    now, live = runner.now(job)
    progress = live.progress if live else None
    duration_ms = now.duration_ms or (progress.total_ms if progress else None)
    return {
        "id": now.id,
        "name": now.name,
        "created_s": now.created_s,
        "duration_ms": duration_ms,
        "state": now.state,
        "fraction": progress.fraction if progress else None,
        "ahead": runner.queue_position(job.id),
        "left_s": runner.eta_s(live) if live else None,
        "segments": len(live.segments) if live else now.segments,
        "tags": [{"name": name, "count": count} for name, count in now.tags],
        "bytes": now.bytes,
        "partial": now.state != "done" or now.complete_until_ms is not None,
        "complete_until_ms": now.complete_until_ms,
        "kept_hours": _kept_hours(runner, now),
        "keep": now.keep,
        "error": asdict(now.failure) if now.failure else None,
    }


def _kept_hours(runner: JobRunner, job: Job) -> int | None:
    kept_s = runner.store.kept_s(job)
    return None if kept_s is None else math.ceil(kept_s / 3600)


def is_partial(runner: JobRunner, job: Job) -> bool:
    """Return whether a job has no complete result."""
    result = runner.result(job)
    return result is None or result.partial


def job_details(runner: JobRunner, job: Job, sure: bool = False) -> Json:
    """Return what the page shows of one job beside its rows, on demand without unsure tags."""
    result = runner.result(job)
    transcript = result.transcript if result else Transcript(job.name, 0, (), options=job.options)
    transcript = without_unsure_tags(transcript) if sure else transcript
    return {
        "version": version(runner, job),
        "film": is_film(runner.store.folder(job.id).source),
        "copy": needs_copy(transcript.media),
        "media": asdict(transcript.media),
        "diagnostics": [{"name": d.name, "zh": d.zh, "en": d.en} for d in transcript.diagnostics],
        "coverage": _coverage(transcript),
        "highlights": [_highlight(each) for each in highlights(transcript)],
        "courses": _timelines(transcript),
        "speakers": _speakers(transcript),
        "merged": sorted(runner.store.people(job).now.merged.items()),
        "countable": runner.store.folder(job.id).voices.exists(),
        "shares": _shares(transcript),
        "card": asdict(call_card(transcript)),
        "settings": job.options.as_dict(),
    }


def _speakers(transcript: Transcript) -> list[Json]:
    channels = speaker_channels(transcript)
    return [{**asdict(speaker), "channel": channels[speaker.id]} for speaker in transcript.speakers]


def version(runner: JobRunner, job: Job) -> int:
    """Return a number that changes whenever rows that were sent are out of date.

    0 while rows are only added; the end of the job sorts them by time, and every correction counts up. -1
    while it is being recorded: afterwards all of it is recognised anew.
    """
    return _version_of(runner, *runner.now(job))


def _version_of(runner: JobRunner, now: Job, live: ActiveJob | None) -> int:
    if live is not None:
        return -1 if now.state == "live" else 0
    return 1 + runner.store.corrections(now)


def segment_rows(runner: JobRunner, job: Job, first: int, known_version: int | None) -> Json:
    """Return the rows from `first` on, or all of them when those of `known_version` are out of date."""
    now, live = runner.now(job)
    at = _version_of(runner, now, live)  # before the rows: what changes meanwhile is seen the next time
    segments = list(live.segments) if live else runner.store.result(job).transcript.segments
    first = first if known_version in (None, at) else 0
    return {
        "from": first,
        "total": len(segments),
        "version": at,
        "state": now.state,
        "segments": [segment_row(row, segments[row]) for row in range(max(0, first), len(segments))],
    }


def segment_row(row: int, segment: Segment) -> Json:
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
        "speaker": segment.speaker,
        "error": segment.error,
        "edited": segment.original is not None,
        # Scores belong to what the model wrote, not to a correction.
        "scores": [] if segment.original else [_score(score) for score in segment.scores],
        **({"terms": [asdict(term) for term in segment.terms]} if segment.terms else {}),
    }


def _score(score: TagScore) -> Json:
    # asdict() copies what it returns, and takes ten times as long for the thousands of a long job.
    return {"kind": score.kind, "name": score.name, "score": score.score}


def proposal(proposed: Proposal, rows: Sequence[Segment]) -> Json:
    """Return the rows of a proposal, and the segments that would replace them."""
    return {
        "old": [segment_row(rows.index(old), old) for old in proposed.old],
        "new": [segment_row(number, new) for number, new in enumerate(proposed.new)],
    }


def chosen(runner: JobRunner, job: Job, wanted: str | None) -> Transcript:
    """Return a job's transcript, or only the rows named, such as "3,5,8". Raises BadRequest."""
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


def file_response(content: Content, stem: str, form: Format) -> Response:
    """Return a file as a download with a name in any script (RFC 6266)."""
    name = quote(f"{stem}{form.extension}", safe="")
    return Response(
        as_bytes(content),
        media_type=form.content_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"},
    )


def _coverage(transcript: Transcript) -> Json:
    result = coverage(transcript)
    return {
        "speech_ms": result.speech_ms,
        "sound_ms": result.sound_ms,
        "total_ms": result.duration_ms,
        "gaps": [{"start_ms": gap.start_ms, "end_ms": gap.end_ms} for gap in result.gaps],
    }


def _timelines(transcript: Transcript) -> Json:
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


def _shares(transcript: Transcript) -> Json:
    """Return the shares of speech and file as (name, fraction), longest first; no name is neutral."""
    found = shares(transcript)

    def pairs(items: Sequence[Share]) -> list[tuple[str, float]]:
        return [(item.name or "NEUTRAL", item.fraction) for item in items]

    return {
        "languages": pairs(found.languages),
        "emotions": pairs(found.emotions),
        "events": pairs(found.events),
    }


def _highlight(item: Highlight) -> Json:
    return {
        "kind": item.kind,
        "zh": highlight_name(item.kind, "zh"),
        "en": highlight_name(item.kind, "en"),
        "start_ms": item.span.start_ms,
        "end_ms": item.span.end_ms,
        "text": item.text,
    }
