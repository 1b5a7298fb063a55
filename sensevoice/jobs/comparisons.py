"""A job's row in the table of all jobs, computed once for each version of its record and kept beside it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from sensevoice.analysis.comparison import Comparison, Voice, comparison
from sensevoice.jobs.files import UNREADABLE, JobFolder
from sensevoice.jobs.model import Job
from sensevoice.jobs.store import JobStore
from sensevoice.runtime.atomic import write_whole

SCHEMA = 1
"""Counts up whenever something else is computed, so that what was kept before is computed anew."""


def compared(store: JobStore, job: Job) -> Comparison:
    """Return a job's row in the table, under its present name. Raises as JobStore.result."""
    folder = store.folder(job.id)
    version = _version(folder)  # first: what is corrected meanwhile is computed the next time
    row = _kept(folder, version)
    if row is None:
        row = comparison(store.result(job).transcript)
        with suppress(OSError):  # a full disk costs the time alone
            write_whole(
                folder.comparison, json.dumps({"of": version, "row": asdict(row)}, ensure_ascii=False)
            )
    return replace(row, source=job.name)


def _version(folder: JobFolder) -> list[list[Any]]:
    """Return what changes whenever a record does, without reading it: its files' times and sizes."""
    version: list[list[Any]] = [["schema", SCHEMA, 0]]
    for path in (folder.record, folder.segments, folder.edits, folder.people):
        with suppress(FileNotFoundError):
            found = path.stat()
            version.append([path.name, found.st_mtime_ns, found.st_size])
    return version


def _kept(folder: JobFolder, version: list[list[Any]]) -> Comparison | None:
    try:
        data = json.loads(folder.comparison.read_text("utf-8"))
        return _row(data["row"]) if data["of"] == version else None
    except (OSError, *UNREADABLE):
        return None


def _row(values: dict[str, Any]) -> Comparison:
    emotions = tuple((str(name), int(count)) for name, count in values["emotions"])
    voices = tuple(Voice(**voice) for voice in values["voices"])
    return Comparison(**{**values, "emotions": emotions, "voices": voices})
