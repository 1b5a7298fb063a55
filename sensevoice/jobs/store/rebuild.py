"""What a job's folder says of the job, also when parts of it are missing, damaged, or of another version.

A folder that holds a recording or anything that was heard is always a job: one that cannot be read is set
aside as failed, with its reason, and nothing of it is removed.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sensevoice.errors import JobDamaged, SenseVoiceError
from sensevoice.jobs.files import UNREADABLE, JobFolder
from sensevoice.jobs.model import Failure, Job, JobState, from_dict
from sensevoice.options import Options

log = logging.getLogger(__name__)

NOBODY = ""
"""Owner of a job of which nobody knows whose it is: a login never sees it, only a page without logins."""

_Value = TypeVar("_Value")


def job_in(folder: JobFolder, earlier: Mapping[str, Any] | None) -> tuple[Job, bool] | None:
    """Return the job in a folder and whether its entry there says the same; None when nothing is in it.

    `earlier` is what the database of an earlier version says of it.
    """
    if not _holds_anything(folder):
        return None
    try:
        return folder.read_job(), True
    except FileNotFoundError as exc:
        reason: Exception = exc
    except (SenseVoiceError, *UNREADABLE) as exc:
        reason = exc
        folder.put_aside(folder.job)
    try:
        if earlier is not None:
            return from_dict(earlier), False
    except (SenseVoiceError, *UNREADABLE) as exc:
        reason = exc
    return _set_aside(folder, earlier or _readable(folder.put_aside_path(folder.job)), reason), False


def _holds_anything(folder: JobFolder) -> bool:
    """Return whether there is a recording, a record, or a row: else a kill came between two steps."""
    return folder.has_source or folder.record.exists() or folder.segments.exists()


def _set_aside(folder: JobFolder, told: Mapping[str, Any], reason: Exception) -> Job:
    """Return a job of what is still known. With a whole record it is done, as far as anybody can tell."""
    done = folder.record.exists()
    missing = isinstance(reason, FileNotFoundError)
    why = "missing / 缺失" if missing else f"{type(reason).__name__}: {str(reason)[:100]}"
    state: JobState = "done" if done else "failed"
    path = folder.source if folder.has_source else folder.record
    log.warning("job %s: its entry is %s; kept as %s: %s", folder.path.name, why, state, folder.path)
    return Job(
        id=folder.path.name,
        name=_told(told, "name", str) or (path.name if folder.has_source else folder.path.name),
        owner=_told(told, "owner", str) or NOBODY,
        state=state,
        created_s=_told(told, "created_s", float) or folder.path.stat().st_mtime,
        options=Options(),
        finished_s=_told(told, "finished_s", float) or folder.path.stat().st_mtime,
        bytes=folder.size_bytes(),
        keep=_told(told, "keep", bool) or False,
        failure=None if done else Failure.of(JobDamaged(file=folder.job.name, reason=why)),
    )


def _told(told: Mapping[str, Any], name: str, kind: Callable[[Any], _Value]) -> _Value | None:
    try:
        return kind(told[name])
    except (KeyError, TypeError, ValueError):
        return None


def _readable(path: Path) -> Mapping[str, Any]:
    """Return what can still be read of a damaged entry."""
    try:
        data = json.loads(path.read_text("utf-8", "replace"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def earlier_index(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the database in which earlier versions kept the list, as far as it can be read."""
    if not path.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return {str(row["id"]): _as_entry(row) for row in database.execute("SELECT * FROM jobs")}
    except (sqlite3.Error, IndexError) as exc:
        log.warning("the list of an earlier version cannot be read (%s); the folders are", exc)
        return {}


def remove_earlier_index(path: Path) -> None:
    """Remove that database, all of which is in the folders now."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _as_entry(row: sqlite3.Row) -> dict[str, Any]:
    entry = dict(row)
    for name in ("options", "tags", "failure"):
        try:
            entry[name] = json.loads(entry[name]) if entry.get(name) else None
        except (TypeError, ValueError):
            entry[name] = "?"  # found out when the job is read
    return entry
