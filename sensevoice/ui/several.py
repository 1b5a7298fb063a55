"""Several jobs together: one zip of all, and a table of which turned angry, when and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from starlette.responses import Response

from sensevoice.errors import BadRequest
from sensevoice.formats import FORMATS, RenderOptions, render
from sensevoice.formats.bundle import bundle
from sensevoice.formats.sheets import comparisons_csv
from sensevoice.jobs import Job, JobStore
from sensevoice.measures import compare
from sensevoice.transcript import Transcript

MAX_JOBS = 1000
"""More would keep the server busy for minutes; the folder script is for that."""


def chosen_jobs(store: JobStore, owner: str, wanted: str | None) -> list[Job]:
    """Return the finished jobs that are named, `a,b`, or all of them. Raises BadRequest, JobNotFound."""
    if wanted is None:
        jobs = [job for job in store.jobs(owner) if job.finished]
    else:
        jobs = [store.job(job_id, owner) for job_id in wanted.split(",") if job_id]
    if len(jobs) > MAX_JOBS:
        raise BadRequest(reason=f"{len(jobs)} > {MAX_JOBS}")
    return jobs


def zip_response(store: JobStore, jobs: Sequence[Job], name: str, options: RenderOptions) -> Response:
    """Return a zip with one file for each job."""
    if name not in FORMATS:
        raise BadRequest(reason=f"format={name[:50]}")
    content = bundle(
        _transcripts(store, jobs), FORMATS[name].extension, lambda record: render(record, name, options)
    )
    return download(content, "application/zip", f"sensevoice-{name}.zip")


def table(store: JobStore, jobs: Sequence[Job]) -> dict[str, Any]:
    """Return a row for each job, with the job's id."""
    found = compare(_transcripts(store, jobs))
    return {"rows": [{"id": job.id, **asdict(row)} for job, row in zip(jobs, found, strict=True)]}


def table_response(store: JobStore, jobs: Sequence[Job], labels: str) -> Response:
    """Return the same as a CSV file."""
    RenderOptions(labels=labels)  # which says what is allowed
    content = comparisons_csv(compare(_transcripts(store, jobs)), labels)
    return download(content.encode(), "text/csv; charset=utf-8", "sensevoice-jobs.csv")


def download(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


def _transcripts(store: JobStore, jobs: Sequence[Job]) -> list[Transcript]:
    return [replace(store.result(job).transcript, source=job.name) for job in jobs]
