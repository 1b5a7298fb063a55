"""Several jobs at once: their exports in a zip, and a table of when and how often each turned angry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from starlette.responses import Response

from sensevoice.errors import BadRequest
from sensevoice.formats import FORMATS, RenderOptions
from sensevoice.formats.bundle import entry_names, zip_of
from sensevoice.formats.shared import Content
from sensevoice.formats.sheets import Counted, comparisons_csv
from sensevoice.formats.workbook import comparisons_xlsx
from sensevoice.jobs import Job, JobStore
from sensevoice.jobs.comparisons import compared
from sensevoice.transcript import Transcript
from sensevoice.ui.serialise import Json

MAX_JOBS = 1000
"""More would keep the server busy for minutes; the folder script is for that."""


FileOf = Callable[[Job, Transcript], Content]
"""Returns what stands in the file of a job."""


def chosen_jobs(store: JobStore, owner: str, wanted: str | None) -> list[Job]:
    """Return the jobs with these ids, "a,b", or all that are finished. Raises BadRequest, JobNotFound."""
    if wanted is None:
        jobs = [job for job in store.jobs(owner) if job.finished]
    else:
        jobs = [store.job(job_id, owner) for job_id in wanted.split(",") if job_id]
    if len(jobs) > MAX_JOBS:
        raise BadRequest(reason=f"{len(jobs)} > {MAX_JOBS}")
    return jobs


def zip_response(store: JobStore, jobs: Sequence[Job], name: str, file_of: FileOf) -> Response:
    """Return a zip with a file of the named format for each job. Raises BadRequest."""
    if name not in FORMATS:
        raise BadRequest(reason=f"format={name[:50]}")
    transcripts = [replace(store.result(job).transcript, source=job.name) for job in jobs]
    names = entry_names(transcripts, FORMATS[name].extension)
    contents = (file_of(job, transcript) for job, transcript in zip(jobs, transcripts, strict=True))
    return download(zip_of(zip(names, contents, strict=True)), "application/zip", f"sensevoice-{name}.zip")


def table(store: JobStore, jobs: Sequence[Job]) -> Json:
    """Return a row of the comparison for each job, with its id, date and why it failed."""
    return {"rows": [_row(store, job) for job in jobs]}


def _row(store: JobStore, job: Job) -> Json:
    error = asdict(job.failure) if job.failure else None
    return {"id": job.id, "created_s": job.created_s, "error": error, **asdict(compared(store, job))}


def table_response(store: JobStore, jobs: Sequence[Job], locale: str, counted: Counted = ()) -> Response:
    """Return the rows of `table` as a CSV file. Raises OptionError for an unknown locale."""
    RenderOptions(locale=locale)
    content = comparisons_csv([compared(store, job) for job in jobs], locale, _dates(jobs), counted)
    return download(content.encode(), "text/csv; charset=utf-8", "sensevoice-jobs.csv")


def workbook_response(store: JobStore, jobs: Sequence[Job], locale: str, counted: Counted = ()) -> Response:
    """Return the rows of `table` as an Excel workbook. Raises OptionError for an unknown locale."""
    RenderOptions(locale=locale)
    content = comparisons_xlsx([compared(store, job) for job in jobs], locale, _dates(jobs), counted)
    return download(content, FORMATS["xlsx"].content_type, "sensevoice-jobs.xlsx")


def _dates(jobs: Sequence[Job]) -> list[str]:
    """Return when each job was made, to the minute, in the time of this machine."""
    return [datetime.fromtimestamp(job.created_s).isoformat(" ", "minutes") for job in jobs]


def download(content: bytes, media_type: str, name: str) -> Response:
    """Return a file to be saved; its name is ASCII."""
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
