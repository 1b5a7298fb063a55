"""Jobs as the JSON of the endpoint: times in seconds, an `object` in each, and lists in pages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sensevoice.errors import JobNotFound, OptionError
from sensevoice.jobs import ActiveJob, Job, JobRunner
from sensevoice.jobs.model import Failure

STATUS = {"live": "in_progress", "running": "in_progress", "waiting": "in_progress", "done": "completed"}
"""Where the words of this program differ from those of OpenAI's background jobs."""

MAX_LISTED = 100

MAX_ROWS = 5000

ORDERS = ("desc", "asc")


def job_shape(runner: JobRunner, job: Job) -> dict[str, Any]:
    """Return what is known of a job at this moment.

    `waiting` says why a job that has begun does not go on, `error` why one failed.
    """
    now, live = runner.now(job)
    progress = live.progress if live else None
    duration_ms = now.duration_ms or (progress.total_ms if progress else None)
    eta_s = runner.eta_s(live) if live else None
    failure = _failure(now.failure)
    return {
        "id": now.id,
        "object": "job",
        "name": now.name,
        "status": status_of(now, live),
        "created_at": int(now.created_s),
        "finished_at": _whole(now.finished_s if now.finished else None),
        "expires_at": _expires(runner, now),
        "duration": _seconds(duration_ms),
        "progress": 1.0 if now.state == "done" else (progress.fraction if progress else None),
        "eta_seconds": None if eta_s is None else round(eta_s, 1),
        "queue_position": runner.queue_position(job.id),
        "rows": len(live.segments) if live else now.segments,
        "failed_rows": now.failed,
        "partial": now.state != "done" or now.complete_until_ms is not None,
        "complete_until": _seconds(now.complete_until_ms),
        "tags": dict(now.tags),
        "error": failure if now.state == "failed" else None,
        "waiting": failure if now.state == "waiting" else None,
        "settings": now.options.as_dict(),
    }


def status_of(now: Job, live: ActiveJob | None) -> str:
    """Return the status of a job at a moment."""
    return "cancelling" if live and live.cancelled else STATUS.get(now.state, now.state)


def page(items: Sequence[dict[str, Any]], has_more: bool) -> dict[str, Any]:
    """Return a page of a list."""
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }


def part_of(jobs: Sequence[Job], after: str, limit: int, order: str) -> tuple[list[Job], bool]:
    """Return the jobs of a page, and whether more follow; `jobs` begin with the newest.

    Raises OptionError, and JobNotFound for an `after` that is not among them.
    """
    if order not in ORDERS:
        raise OptionError(option="order", value=order[:100], allowed=", ".join(ORDERS))
    ordered = list(jobs) if order == "desc" else list(reversed(jobs))
    if after:
        ids = [job.id for job in ordered]
        if after not in ids:
            raise JobNotFound(job=after)
        ordered = ordered[ids.index(after) + 1 :]
    return ordered[:limit], len(ordered) > limit


def _failure(failure: Failure | None) -> dict[str, str] | None:
    if failure is None:
        return None
    return {"code": failure.code, "message": f"{failure.zh} / {failure.en}"}


def _expires(runner: JobRunner, job: Job) -> int | None:
    kept_s = runner.store.kept_s(job)
    return None if kept_s is None else int(time.time() + kept_s)


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else time_ms / 1000


def _whole(time_s: float | None) -> int | None:
    return None if time_s is None else int(time_s)
