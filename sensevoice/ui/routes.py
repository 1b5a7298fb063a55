"""HTTP routes of the workbench: jobs, their rows, sound, exports and corrections.

Plain HTTP beside gradio's own routes: a page fetches only the rows that it lacks, any page can show any
job of its owner, and a lost connection loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sensevoice.access import USER
from sensevoice.access.origins import visitor_address
from sensevoice.analysis.certainty import without_unsure_tags
from sensevoice.errors import BadRequest, JobNotFound, LoginNeeded, SenseVoiceError, Unexpected
from sensevoice.formats import FORMATS, render
from sensevoice.formats.finetune import finetune_bundle
from sensevoice.formats.query import render_options, sure_only
from sensevoice.formats.sheets import Counted
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.editing.channels import each_from_its_channel
from sensevoice.jobs.editing.corrections import training_rows
from sensevoice.jobs.editing.edits import Change
from sensevoice.jobs.editing.retranscribe import Proposals, RecogniseSpansFn
from sensevoice.jobs.store import MAX_NAME_CHARS
from sensevoice.minutes import MinutesMaker
from sensevoice.options import Channel
from sensevoice.search import SearchService
from sensevoice.transcript import Segment, Span
from sensevoice.ui import bodies, compare, serialise
from sensevoice.ui.bodies import Body
from sensevoice.ui.clip_routes import ClipRoutes
from sensevoice.ui.downloads import file_stem
from sensevoice.ui.handlers import log_unexpected
from sensevoice.ui.media import peaks_response, recording_response
from sensevoice.ui.minutes_routes import minutes_routes
from sensevoice.ui.people_routes import PeopleRoutes
from sensevoice.ui.row_routes import RowRoutes
from sensevoice.ui.search_routes import SearchRoutes, search_routes
from sensevoice.ui.serialise import Json
from sensevoice.ui.static_routes import static_routes

CutFn = Callable[[Path, Sequence[Span], Channel, int | None, str], list[np.ndarray]]
"""Returns the float32 mono 16 kHz samples of spans of one channel of a track of a recording."""

MODEL_POLL_S = 0.2

MAX_SPAN_MS = 30 * 60_000
"""Half an hour of sound to recognise is 115 MB, and a minute or two of a CPU's time."""

COMPRESSED = [Middleware(GZipMiddleware, compresslevel=4)]
"""For JSON alone: sound is compressed, and asked for in ranges. Level 9 takes thrice the time for a tenth
less."""

Method = Callable[[Request, Body], "Response | Future[Response] | Json"]


def job_routes(
    runner: JobRunner,
    recognise: RecogniseSpansFn,
    cut: CutFn,
    minutes: MinutesMaker | None = None,
    search: SearchService | None = None,
) -> list[BaseRoute]:
    """Return the routes below /sv, which must come before gradio's own."""
    at = JobRoutes(runner, recognise, cut, minutes, SearchRoutes(search) if search else None)
    rows, people, clips = RowRoutes(runner), PeopleRoutes(runner), ClipRoutes(runner.store)
    job, one_cut = "/sv/jobs/{job_id}", "/sv/cuts/{cut_id}"
    return [
        Route("/sv/labels", at.labels, middleware=COMPRESSED),
        Route("/sv/jobs", at.answer(at.jobs), middleware=COMPRESSED),
        Route("/sv/several/zip", at.answer(at.zip)),
        Route("/sv/several/table", at.answer(at.table), middleware=COMPRESSED),
        Route("/sv/several/csv", at.answer(at.csv)),
        Route("/sv/several/xlsx", at.answer(at.xlsx)),
        Route(job, at.answer(at.job), middleware=COMPRESSED),
        Route(job, at.answer(at.alter), methods=["PATCH"]),
        Route(job, at.answer(at.delete), methods=["DELETE"]),
        Route(f"{job}/cancel", at.answer(at.cancel), methods=["POST"]),
        Route(f"{job}/segments", at.answer(at.segments), middleware=COMPRESSED),
        Route(f"{job}/people", at.answer(people.change), methods=["PATCH"]),
        Route(f"{job}/segments", at.answer(rows.edit_many), methods=["PATCH"]),
        Route(f"{job}/segments/{{row:int}}", at.answer(rows.edit), methods=["PATCH"]),
        Route(f"{job}/segments/{{row:int}}/split", at.answer(rows.split), methods=["POST"]),
        Route(f"{job}/segments/{{row:int}}/join", at.answer(rows.join), methods=["POST"]),
        Route(f"{job}/words", at.answer(rows.words), middleware=COMPRESSED),
        Route(f"{job}/undo", at.answer(rows.undo), methods=["POST"]),
        Route(f"{job}/restore", at.answer(rows.restore), methods=["POST"]),
        Route(f"{job}/again", at.answer(at.again), methods=["POST"]),
        Route(f"{job}/redo", at.answer(at.redo, needs_model=True), methods=["POST"]),
        Route(f"{job}/accept", at.answer(at.accept), methods=["POST"]),
        Route(f"{job}/transcribe", at.answer(at.transcribe, needs_model=True), methods=["POST"]),
        Route(f"{job}/audio", at.answer(at.audio)),
        Route(f"{job}/peaks", at.answer(at.peaks), middleware=COMPRESSED),
        Route(f"{job}/export", at.answer(at.export)),
        Route(f"{job}/finetune", at.answer(at.finetune)),
        Route("/sv/cuts", at.answer(clips.start), methods=["POST"]),
        Route(one_cut, at.answer(clips.state)),
        Route(one_cut, at.answer(clips.cancel), methods=["DELETE"]),
        Route(f"{one_cut}/file", at.answer(clips.file)),
        *minutes_routes(runner, minutes, f"{job}/minutes", at.answer),
        *search_routes(at.search, at.answer),
        *static_routes(),
    ]


class JobRoutes:
    """The handlers of the routes. Each method takes a request and its JSON body, and runs in a thread."""

    def __init__(
        self,
        runner: JobRunner,
        recognise: RecogniseSpansFn,
        cut: CutFn,
        minutes: MinutesMaker | None,
        search: SearchRoutes | None = None,
    ) -> None:
        self._runner = runner
        self._minutes = minutes
        self.search = search
        self._store = runner.store
        self._recognise = recognise
        self._cut = cut
        self._proposals = Proposals(runner.store, recognise)

    def answer(self, method: Method, needs_model: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that runs a method: with the body, in a thread, and with errors as JSON."""

        def respond(request: Request, body: Body) -> Response | Future[Response]:
            answer = method(request, body)
            if isinstance(answer, Response | Future):
                return answer
            return JSONResponse(answer, headers={"Cache-Control": "no-store"})

        async def answering(request: Request) -> Response:
            try:
                request.state.owner = owner_of(request)
                body = await bodies.read_body(request)
                if needs_model:
                    await self._model_is_there()
                response = await run_in_threadpool(respond, request, body)
                if isinstance(response, Future):  # made elsewhere: no thread of these routes waits for it
                    response = await asyncio.wrap_future(response)
                return response
            except SenseVoiceError as error:
                return _failed(error)
            except FileNotFoundError:  # deleted while it was asked for
                return _failed(JobNotFound(job=request.path_params.get("job_id", "")))
            except Exception:
                return _failed(Unexpected(reference=log_unexpected()))

        return answering

    async def _model_is_there(self) -> None:
        """Wait for the models without taking a thread, of which there are few. Raises why there are none."""
        while self._runner.paused:
            self._runner.check()
            await asyncio.sleep(MODEL_POLL_S)

    async def labels(self, request: Request) -> Response:
        return JSONResponse({**serialise.labels(), "minutes": self._minutes is not None})

    def jobs(self, request: Request, body: Body) -> Json:
        listed = self._store.jobs(request.state.owner)
        rules = self.search.rules_of(request.state.owner) if self.search else {}
        return {"jobs": [serialise.job_row(self._runner, job) for job in listed], **rules}

    def job(self, request: Request, body: Body) -> Json:
        job = self._job(request)
        details = serialise.job_details(self._runner, job, sure_only(request.query_params))
        return {**serialise.job_row(self._runner, job), **details}

    def alter(self, request: Request, body: Body) -> Json:
        """Give a job another `name`, or `keep` it until somebody deletes it."""
        job = self._job(request)
        if "keep" in body:
            job = self._runner.keep(job, bodies.flag(body, "keep"))
        if "name" in body:
            job = self._runner.rename(job, bodies.text(body, "name", MAX_NAME_CHARS))
        return serialise.job_row(self._runner, job)

    def delete(self, request: Request, body: Body) -> Json:
        self._runner.delete(self._job(request))
        return {}

    def cancel(self, request: Request, body: Body) -> Json:
        self._runner.cancel(self._job(request))
        return {}

    def segments(self, request: Request, body: Body) -> Json:
        first = bodies.query_number(request.query_params, "from") or 0
        version = bodies.query_number(request.query_params, "version")
        return serialise.segment_rows(self._runner, self._job(request), first, version)

    def again(self, request: Request, body: Body) -> Json:
        """Recognise a recording anew, as another job, with other options; see bodies.AGAIN_SETTINGS."""
        job = self._job(request)
        source = self._store.folder(job.id).source
        address = visitor_address(request.client.host if request.client else None)
        again = self._runner.submit(source, bodies.again_options(body, job.options), job.owner, address)
        return serialise.job_row(self._runner, self._runner.rename(again, job.name))

    def redo(self, request: Request, body: Body) -> Json:
        """Recognise some rows anew with other settings; nothing is kept until it is accepted."""
        job = self._finished(request)
        rows, wanted = self._segments(job), bodies.numbers(body, "rows")
        options = bodies.retranscribe_options(body, job.options)
        rejoin = "merge_length_s" in body
        key, proposals = self._proposals.propose(job, rows, wanted, options, rejoin)
        return {"id": key, "proposals": [serialise.proposal(each, rows) for each in proposals]}

    def accept(self, request: Request, body: Body) -> Json:
        job = self._finished(request)
        key, chosen = bodies.text(body, "id"), bodies.numbers(body, "chosen")
        self._store.change(job, self._proposals.accepted(job, self._segments(job), key, chosen), "accept")
        return {"version": self._version(job)}

    def transcribe(self, request: Request, body: Body) -> Json:
        """Recognise a span that was left out, and keep what is in it as rows of their own."""
        job = self._finished(request)
        source = self._store.folder(job.id).source
        segments = self._recognise(source, [self._span(job, body)], job.options)
        if len(segments) > 1:  # of a long span, the parts in which nothing was heard
            segments = [each for each in segments if each.text or each.events or each.error]
        if segments:
            self._store.change(job, [Change(segment) for segment in segments], "transcribe")
        return {"version": self._version(job), "segments": len(segments)}

    def _span(self, job: Job, body: Body) -> Span:
        """Return the span in a body, cut to the recording. Raises BadRequest."""
        wanted = bodies.span(body)
        end_ms = min(wanted.end_ms, self._store.result(job).transcript.duration_ms)
        if wanted.start_ms >= end_ms:
            raise BadRequest(reason=f"start_ms={wanted.start_ms}")
        if end_ms - wanted.start_ms > MAX_SPAN_MS:
            raise BadRequest(reason="at most 30 min at once / 一次最多 30 分钟")
        return Span(wanted.start_ms, end_ms)

    def audio(self, request: Request, body: Body) -> Response | Future[Response]:
        job = self._recorded(request)
        as_opus = request.query_params.get("as") == "opus"
        return recording_response(self._store.folder(job.id), as_opus, job.options)

    def peaks(self, request: Request, body: Body) -> Response | Future[Response]:
        job = self._recorded(request)
        first = bodies.query_number(request.query_params, "from") or 0
        # Of one that failed there is what had come; the page may have asked while it still went on.
        now, live = self._runner.now(job)
        as_far_as_it_is = now.state == "failed" or live is not None
        return peaks_response(self._store.folder(job.id), job.options, first, as_far_as_it_is)

    def export(self, request: Request, body: Body) -> Response:
        job, wanted = self._job(request), request.query_params
        name = wanted.get("format", "txt")
        options = render_options(wanted)
        transcript = serialise.chosen(self._runner, job, wanted.get("rows"))
        if sure_only(wanted):
            transcript = without_unsure_tags(transcript)
        content = render(transcript, name, options)
        if name == "markdown" and isinstance(content, str) and self._minutes is not None:
            content = self._minutes.in_markdown(job, content, options.locale)
        return serialise.file_response(
            content, file_stem(job.name, serialise.is_partial(self._runner, job)), FORMATS[name]
        )

    def finetune(self, request: Request, body: Body) -> Response:
        """Return the corrected rows with their clips, in the form for fine-tuning SenseVoice."""
        job = self._finished(request)
        rows = training_rows(self._segments(job))
        if not rows:
            raise BadRequest(reason="no corrected row / 没有修改过的片段")
        source = self._store.folder(job.id).source
        clips = each_from_its_channel(
            rows,
            job.options,
            lambda spans, channel: self._cut(
                source, spans, channel, job.options.stream_index, job.options.raw_format
            ),
        )
        content = finetune_bundle(list(zip(rows, clips, strict=True)), Path(job.name).stem)
        return compare.download(content, "application/zip", "sensevoice-finetune.zip")

    def zip(self, request: Request, body: Body) -> Response:
        wanted = request.query_params
        options = render_options(wanted)
        return compare.zip_response(
            self._store, self._chosen_jobs(request), wanted.get("format", "txt"), options
        )

    def table(self, request: Request, body: Body) -> Json:
        return compare.table(self._store, self._chosen_jobs(request))

    def csv(self, request: Request, body: Body) -> Response:
        locale = request.query_params.get("labels", "zh")
        jobs = self._chosen_jobs(request)
        return compare.table_response(self._store, jobs, locale, self._counted(request, jobs))

    def xlsx(self, request: Request, body: Body) -> Response:
        locale = request.query_params.get("labels", "zh")
        jobs = self._chosen_jobs(request)
        return compare.workbook_response(self._store, jobs, locale, self._counted(request, jobs))

    def _counted(self, request: Request, jobs: Sequence[Job]) -> Counted:
        """Return how many rows each rule of whoever asks finds in each job."""
        return self.search.counted(request.state.owner, jobs) if self.search else ()

    def _chosen_jobs(self, request: Request) -> list[Job]:
        return compare.chosen_jobs(self._store, request.state.owner, request.query_params.get("jobs"))

    def _job(self, request: Request) -> Job:
        return self._store.job(request.path_params["job_id"], request.state.owner)

    def _recorded(self, request: Request) -> Job:
        """Return the job unless it is still being recorded: what is made of its sound is made once."""
        job = self._job(request)
        if job.state == "live":
            raise BadRequest(reason="still being recorded / 还在录音")
        return job

    def _finished(self, request: Request) -> Job:
        """Return the job if it is finished: only then the numbers of rows are final. Raises BadRequest."""
        job = self._job(request)
        if not job.finished:
            raise BadRequest(reason="the job is not finished / 任务还没有完成")
        return job

    def _segments(self, job: Job) -> tuple[Segment, ...]:
        return self._store.result(job).transcript.segments

    def _version(self, job: Job) -> int:
        return serialise.version(self._runner, job)


def owner_of(request: Request) -> str:
    """Return the login that the access policy found; empty without logins. Raises LoginNeeded."""
    user = request.scope.get(USER)
    if user is None and getattr(request.app, "auth_dependency", None) is not None:
        raise LoginNeeded()
    return user or ""


def _failed(error: SenseVoiceError) -> Response:
    content = {"code": error.code, "zh": error.message("zh"), "en": error.message("en")}
    return JSONResponse(content, error.http_status)
