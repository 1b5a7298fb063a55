"""The job that a request names, in a state that allows what is asked."""

from __future__ import annotations

from starlette.requests import Request

from sensevoice.errors import BadRequest
from sensevoice.jobs import Job, JobStore


def job_of(store: JobStore, request: Request) -> Job:
    """Return the job, which has to be of whoever asks. Raises JobNotFound."""
    return store.job(request.path_params["job_id"], request.state.owner)


def recorded_job(store: JobStore, request: Request) -> Job:
    """Return the job unless it is still being recorded: what is made of its sound is made once."""
    job = job_of(store, request)
    if job.state == "live":
        raise BadRequest(reason="still being recorded / 还在录音")
    return job


def finished_job(store: JobStore, request: Request) -> Job:
    """Return the job if it is finished: only then the numbers of rows are final. Raises BadRequest."""
    job = job_of(store, request)
    if not job.finished:
        raise BadRequest(reason="the job is not finished / 任务还没有完成")
    return job
