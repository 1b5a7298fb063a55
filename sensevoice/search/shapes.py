"""What was found, and rules, as values of JSON. Times in milliseconds; api/ has them in seconds."""

from __future__ import annotations

from typing import Any

from sensevoice.search.model import Found, Hit, Progress, Row
from sensevoice.search.query import Words, parse
from sensevoice.search.service import RuleCounts


def found_shape(found: Found, progress: Progress, line: str, locale: str) -> dict[str, Any]:
    """Return a page of what a line found; `words` are what is to be marked in the texts, in lower case."""
    words = [term.text for term in parse(line).terms if isinstance(term, Words) and not term.excluded]
    return {
        "query": line,
        "words": words,
        "rows": found.rows,
        "recordings": found.recordings,
        "progress": progress_shape(progress),
        "hits": [hit_shape(hit, locale) for hit in found.hits],
    }


def hit_shape(hit: Hit, locale: str) -> dict[str, Any]:
    """Return a row that was found: of a `job`, or of a file at a `path` that is none."""
    recording = hit.recording
    return {
        "job": None if recording.path else recording.id,
        "path": recording.path or None,
        "name": recording.name,
        "created_s": recording.created_s,
        "score": hit.score,
        **row_shape(hit.row, locale),
        "before": row_shape(hit.before, locale) if hit.before else None,
        "after": row_shape(hit.after, locale) if hit.after else None,
    }


def row_shape(row: Row, locale: str) -> dict[str, Any]:
    return {
        "row": row.place,
        "start_ms": row.start_ms,
        "end_ms": row.end_ms,
        "text": row.text,
        "language": row.language,
        "emotion": row.emotion,
        "events": list(row.events),
        "channel": row.channel or None,
        "speaker": row.speaker or None,
        "who": row.who[0 if locale == "zh" else 1],
    }


def rule_shape(counts: RuleCounts) -> dict[str, Any]:
    """Return a rule and how many rows it finds, in all and in each recording by its id."""
    rule = counts.rule
    return {
        "id": rule.id,
        "name": rule.name,
        "query": rule.query,
        "created_s": rule.created_s,
        "rows": counts.rows,
        "recordings": dict(counts.recordings),
    }


def progress_shape(progress: Progress) -> dict[str, int]:
    return {"done": progress.done, "total": progress.total}
