"""Which parts of recordings are wanted: what a line of the search finds, or the highlights."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from sensevoice.analysis.highlights import highlights
from sensevoice.clips.model import Take
from sensevoice.search.database import Database
from sensevoice.search.finding import find
from sensevoice.search.model import SHARED, Recording, rows_of
from sensevoice.search.query import parse
from sensevoice.transcript import Span

MAX_ROWS = 100_000
"""Far more than may be cut; what is over is not read."""


def found(takes: Sequence[Take], line: str) -> list[Take]:
    """Return the recordings in which a line of the search finds rows, with those as spans. Raises BadQuery.

    The same search as everywhere, in an index that is made for it and removed.
    """
    query = parse(line)
    spans: list[list[Span]] = [[] for _ in takes]
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "rows.db")
        try:
            for number, take in enumerate(takes):
                made_s = take.path.stat().st_mtime
                length_ms = take.transcript.duration_ms
                recording = Recording(str(number), SHARED, take.name, made_s, length_ms, "", str(take.path))
                database.put(recording, rows_of(take.transcript))
            for hit in find(database, query, SHARED, limit=MAX_ROWS).hits:
                spans[int(hit.recording.id)].append(Span(hit.row.start_ms, hit.row.end_ms))
        finally:
            database.close()
    return _with_spans(takes, spans)


def moments(takes: Sequence[Take], kinds: Collection[str]) -> list[Take]:
    """Return the recordings that have highlights of these kinds, with those as spans."""
    spans = [[item.span for item in highlights(take.transcript) if item.kind in kinds] for take in takes]
    return _with_spans(takes, spans)


def _with_spans(takes: Sequence[Take], spans: Sequence[Sequence[Span]]) -> list[Take]:
    return [replace(take, spans=tuple(own)) for take, own in zip(takes, spans, strict=True) if own]
