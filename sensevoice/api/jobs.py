"""`/v1/jobs`: long recordings, which nobody waits for on one connection.

A job belongs to whoever asked for it, is in the page's library, and is kept like every other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sensevoice.access.routes import JOB, JOBS
from sensevoice.api.errors import Endpoint, answering
from sensevoice.api.intake import Intake, address_of, owner_of
from sensevoice.api.job_shapes import MAX_LISTED, MAX_ROWS, job_shape, page, part_of, status_of
from sensevoice.api.parameters import JobParameters, job_parameters_of, read_form
from sensevoice.api.shapes import row_shape
from sensevoice.errors import OptionError, SenseVoiceError
from sensevoice.formats import FORMATS
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.model import whole_until_ms
from sensevoice.minutes import MinutesMaker, exported
from sensevoice.options import Options
from sensevoice.runtime.file_names import short_stem
from sensevoice.transcript import Transcript
from sensevoice.webhooks import WebhookSender

NEVER_CACHED = {"Cache-Control": "no-store"}

CREATED = 201

WHOLE = re.compile(r"-?[0-9]{1,18}")


class Jobs:
    """The handlers of the routes. `defaults` are the settings of the page."""

    def __init__(
        self,
        runner: JobRunner,
        intake: Intake,
        defaults: Options,
        hooks: WebhookSender | None = None,
        minutes: MinutesMaker | None = None,
    ) -> None:
        self._runner = runner
        self._store = runner.store
        self._intake = intake
        self._defaults = defaults
        self._hooks = hooks
        self._minutes = minutes

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route(JOBS, answering(self.create), methods=["POST"]),
            Route(JOBS, in_a_thread(self.listed)),
            Route(JOB, in_a_thread(self.job)),
            Route(JOB, in_a_thread(self.delete), methods=["DELETE"]),
            Route(f"{JOB}/cancel", in_a_thread(self.cancel), methods=["POST"]),
            Route(f"{JOB}/rows", in_a_thread(self.rows)),
            Route(f"{JOB}/record", in_a_thread(self.record)),
        )

    async def create(self, request: Request) -> Response:
        """Take a recording in: an upload, or one of the media directory; answer with its job."""
        self._runner.check()
        async with read_form(request, or_json=True) as form:
            wanted = job_parameters_of(form, self._defaults)
            job = await run_in_threadpool(self._submit, wanted, request)
        headers = {**NEVER_CACHED, "Location": f"{request.scope.get('root_path', '')}{JOBS}/{job.id}"}
        return JSONResponse(self._shape(job), CREATED, headers)

    def _submit(self, wanted: JobParameters, request: Request) -> Job:
        if not wanted.webhook_url:
            return self._take_in(wanted, request)
        hooks = self._hooks_to(wanted.webhook_url)
        job = self._take_in(wanted, request)
        try:
            hooks.tell_of_end(job, wanted.webhook_url)
        except SenseVoiceError:  # nobody would be told of a job that was asked for on that condition
            self._runner.delete(job)
            raise
        return job

    def _hooks_to(self, url: str) -> WebhookSender:
        """Return what sends messages, if it sends any there. Raises OptionError."""
        if self._hooks is None:
            raise OptionError(option="webhook_url", value=url[:200], allowed="--webhook-host")
        self._hooks.check(url)
        return self._hooks

    def _take_in(self, wanted: JobParameters, request: Request) -> Job:
        owner, address = owner_of(request), address_of(request)
        if wanted.file is None:
            return self._intake.media(wanted.media, wanted.options, owner, address)
        return self._intake.upload(wanted.file, wanted.options, owner, address)

    def listed(self, request: Request) -> dict[str, Any]:
        """Return a page of the owner's jobs, the newest first: `after`, `limit`, `order`."""
        wanted = request.query_params
        limit = whole_number(wanted, "limit", 20, 1, MAX_LISTED)
        jobs = self._store.jobs(owner_of(request))
        part, has_more = part_of(jobs, wanted.get("after", ""), limit, wanted.get("order", "desc"))
        return page([self._shape(job) for job in part], has_more)

    def job(self, request: Request) -> dict[str, Any]:
        return self._shape(self._job(request))

    def delete(self, request: Request) -> dict[str, Any]:
        """Cancel a job that still runs, and remove all of it."""
        job = self._job(request)
        self._runner.delete(job)
        return {"id": job.id, "object": "job", "deleted": True}

    def cancel(self, request: Request) -> dict[str, Any]:
        """End a job at its next step; its rows stay. A job that has ended is left as it is."""
        self._runner.cancel(self._job(request))
        return self._shape(self._job(request))

    def rows(self, request: Request) -> dict[str, Any]:
        """Return a page of rows behind number `after`: also while the job runs, as they come.

        The end of a job puts the rows in order, and corrections change them: then `version` is another, and
        whoever sends the one that they know gets all rows anew.
        """
        job, wanted = self._job(request), request.query_params
        limit = whole_number(wanted, "limit", 1000, 1, MAX_ROWS)
        first = whole_number(wanted, "after", -1, -1) + 1
        now, live = self._runner.now(job)
        version = 0 if live else 1 + self._store.corrections(now)
        if whole_number(wanted, "version", version, 0) != version:
            first = 0
        rows = list(live.segments if live else self._store.result(job).transcript.segments)
        part = [row_shape(first + place, row) for place, row in enumerate(rows[first : first + limit])]
        more = {"total": len(rows), "version": version, "status": status_of(now, live)}
        return {**page(part, first + limit < len(rows)), **more}

    def record(self, request: Request) -> Response:
        """Return what there is of a job in one of the export formats, with the options of an export."""
        job, wanted = self._job(request), request.query_params
        name, transcript = wanted.get("format", "json"), self._transcript(job)
        content = exported(job, transcript, name, wanted, self._minutes)
        form = FORMATS[name]
        partial = ".partial" if transcript.complete_until_ms is not None else ""
        file_name = f"{short_stem(job.name, 'transcript')}{partial}{form.extension}"
        headers = {**NEVER_CACHED, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name)}"}
        return Response(content, media_type=form.content_type, headers=headers)

    def _transcript(self, job: Job) -> Transcript:
        """Return the record of a job, of one that still runs as far as it has come."""
        result = self._runner.result(job)
        transcript = result.transcript if result else Transcript(job.name, 0, (), options=job.options)
        transcript = replace(transcript, source=job.name)
        if job.state == "done" or transcript.complete_until_ms is not None:
            return transcript
        return replace(transcript, complete_until_ms=whole_until_ms(transcript.segments))

    def _job(self, request: Request) -> Job:
        """Return a job of whoever asks. Raises JobNotFound for anybody else's."""
        return self._store.job(request.path_params["job_id"], owner_of(request))

    def _shape(self, job: Job) -> dict[str, Any]:
        webhooks = self._hooks.of(job) if self._hooks else []
        return {**job_shape(self._runner, job), "webhooks": webhooks}


def in_a_thread(method: Callable[[Request], Response | dict[str, Any]]) -> Endpoint:
    """Return the endpoint that runs a method in a thread."""

    async def run(request: Request) -> Response:
        answer = await run_in_threadpool(method, request)
        return answer if isinstance(answer, Response) else JSONResponse(answer, headers=NEVER_CACHED)

    return answering(run)


def whole_number(wanted: Mapping[str, str], name: str, default: int, least: int, most: int = 1 << 53) -> int:
    """Return a whole number among the parameters of an address. Raises OptionError."""
    text = wanted.get(name)
    if text is None:
        return default
    if WHOLE.fullmatch(text) and least <= int(text) <= most:
        return int(text)
    raise OptionError(option=name, value=text[:100], allowed=f"{least} … {most}")
