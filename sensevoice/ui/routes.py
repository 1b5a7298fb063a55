"""What the workbench in the browser asks the server: jobs, their rows, sound, exports and corrections.

Plain HTTP beside gradio's own routes, so that a page fetches only the rows that it lacks, any page can
look at any job of its owner, and a dropped connection loses nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sensevoice.errors import (
    BadRequest,
    JobNotFound,
    LoginNeeded,
    RowsChanged,
    SenseVoiceError,
    Unexpected,
)
from sensevoice.formats import FORMATS, render
from sensevoice.formats.finetune import finetune_bundle, is_trainable
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.edits import Change
from sensevoice.jobs.waveform import peaks_file
from sensevoice.options import Channel
from sensevoice.transcript import Segment, Span
from sensevoice.ui import rows, several
from sensevoice.ui.again import HearAgainFn, HeardAgain, each_from_its_channel
from sensevoice.ui.downloads import file_stem
from sensevoice.ui.handlers import log_unexpected
from sensevoice.ui.packed import PackedAnswers, packed, packed_response
from sensevoice.ui.parameters import clean_text, whole_number
from sensevoice.ui.playing import file_made_by, recording_response

CutFn = Callable[[Path, Sequence[Span], Channel], list[np.ndarray]]
"""Returns the float32 mono 16 kHz samples of stretches of one channel of a recording."""

STATIC = Path(__file__).with_name("workbench")

MAX_BODY_BYTES = 1 << 20
"""Corrections are text; a megabyte of it is more than anybody types."""

MAX_NAME = 200

MAX_GAP_MS = 30 * 60_000
"""Half an hour of sound is 115 MB, and a minute or two of a CPU's time."""

MODEL_ASKED_S = 0.2

Method = Callable[[Request, dict[str, Any]], "Response | Future[Response] | dict[str, Any]"]


def job_routes(runner: JobRunner, hear: HearAgainFn, cut: CutFn) -> list[BaseRoute]:
    """Return the routes below /sv, to be put before gradio's own."""
    at = JobRoutes(runner, hear, cut)
    job = "/sv/jobs/{job_id}"
    return [
        Route("/sv/labels", at.labels),
        Route("/sv/jobs", at.answer(at.jobs)),
        Route("/sv/several/zip", at.answer(at.zip)),
        Route("/sv/several/table", at.answer(at.table)),
        Route("/sv/several/csv", at.answer(at.csv)),
        Route(job, at.answer(at.job)),
        Route(job, at.answer(at.rename), methods=["PATCH"]),
        Route(job, at.answer(at.delete), methods=["DELETE"]),
        Route(f"{job}/cancel", at.answer(at.cancel), methods=["POST"]),
        Route(f"{job}/segments", at.answer(at.segments)),
        Route(f"{job}/segments/{{row:int}}", at.answer(at.edit), methods=["PATCH"]),
        Route(f"{job}/undo", at.answer(at.undo), methods=["POST"]),
        Route(f"{job}/redo", at.answer(at.redo, needs_model=True), methods=["POST"]),
        Route(f"{job}/accept", at.answer(at.accept), methods=["POST"]),
        Route(f"{job}/transcribe", at.answer(at.transcribe, needs_model=True), methods=["POST"]),
        Route(f"{job}/audio", at.answer(at.audio)),
        Route(f"{job}/peaks", at.answer(at.peaks)),
        Route(f"{job}/export", at.answer(at.export)),
        Route(f"{job}/finetune", at.answer(at.finetune)),
        Mount("/sv/static", StaticFiles(directory=STATIC, check_dir=False)),
    ]


class JobRoutes:
    """The answers. Each method takes a request and its JSON body and runs in a thread of its own."""

    def __init__(self, runner: JobRunner, hear: HearAgainFn, cut: CutFn) -> None:
        self._runner = runner
        self._store = runner.store
        self._hear = hear
        self._cut = cut
        self._again = HeardAgain(runner.store, hear)
        self._packed = PackedAnswers()

    def answer(self, method: Method, needs_model: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """Return the route's function around a method: its body, its thread, and its errors as JSON."""

        async def answering(request: Request) -> Response:
            try:
                request.state.owner = owner_of(request)
                body = await _body(request)
                if needs_model:
                    await self._model_is_there()
                given = await run_in_threadpool(method, request, body)
                if isinstance(given, Future):  # made elsewhere: no thread of ours waits for it
                    given = await asyncio.wrap_future(given)
            except SenseVoiceError as error:
                return _failed(error)
            except FileNotFoundError:  # deleted while it was asked for
                return _failed(JobNotFound(job=request.path_params.get("job_id")))
            except Exception:
                return _failed(Unexpected(reference=log_unexpected()))
            headers = {"Cache-Control": "no-store"}
            return given if isinstance(given, Response) else JSONResponse(given, headers=headers)

        return answering

    async def _model_is_there(self) -> None:
        """Wait for the models without a thread, of which there are few. Raises what kept them away."""
        while self._runner.held:
            self._runner.check()
            await asyncio.sleep(MODEL_ASKED_S)

    async def labels(self, request: Request) -> Response:
        return JSONResponse(rows.labels())

    def jobs(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        listed = self._store.jobs(request.state.owner)
        return {"jobs": [rows.job_row(self._runner, job) for job in listed]}

    def job(self, request: Request, body: dict[str, Any]) -> Response:
        job = self._job(request)

        def told() -> dict[str, Any]:
            return {**rows.job_row(self._runner, job), **rows.job_details(self._runner, job)}

        return self._kept(request, job, told)

    def rename(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        name = clean_text(body.get("name", ""), MAX_NAME)
        return rows.job_row(self._runner, self._runner.rename(self._job(request), name))

    def delete(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        self._runner.delete(self._job(request))
        return {}

    def cancel(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        self._runner.cancel(self._job(request))
        return {}

    def segments(self, request: Request, body: dict[str, Any]) -> Response:
        wanted = request.query_params
        first = whole_number(wanted, "from", 0)
        version = whole_number(wanted, "version") if "version" in wanted else None
        job = self._job(request)
        return self._kept(
            request, job, lambda: rows.segment_rows(self._runner, job, first, version), (first, version)
        )

    def _kept(
        self,
        request: Request,
        job: Job,
        tell: Callable[[], dict[str, Any]],
        more: tuple[int | None, ...] = (),
    ) -> Response:
        """Answer about a job; when it no longer changes by itself, with the answer of last time."""
        version = self._version(job)
        if not job.finished or not version:
            return packed_response(request, packed(tell()))
        return self._packed.answer(request, (job, version, more), tell)

    def edit(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Correct a row; with `version`, only if the rows are still those that the person saw."""
        job, row = self._finished(request), int(request.path_params["row"])
        if "version" in body and whole_number(body, "version") != self._version(job):
            raise RowsChanged()
        segments = self._segments(job)
        if not 0 <= row < len(segments):
            raise BadRequest(reason=f"row {row}")
        self._store.change(job, [Change(rows.corrected(segments[row], body), row)])
        return {"segment": rows.segment_row(row, self._segments(job)[row]), "version": self._version(job)}

    def undo(self, request: Request, body: dict[str, Any]) -> Response | dict[str, Any]:
        job = self._finished(request)
        if not self._store.undo(job):
            return JSONResponse({"code": "nothing_to_undo"}, 409)
        return {"version": self._version(job)}

    def redo(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Recognise some rows anew with other settings; nothing is kept until it is accepted."""
        job = self._finished(request)
        return self._again.propose(job, self._segments(job), body)

    def accept(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        job = self._finished(request)
        self._store.change(job, self._again.accepted(job, self._segments(job), body))
        return {"version": self._version(job)}

    def transcribe(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Recognise a stretch that was left out, and keep it as a row of its own."""
        job = self._finished(request)
        span = self._span(job, body)
        heard = self._hear(self._store.folder(job.id).source, [span], job.options)
        if len(heard) > 1:  # of a long one, the parts in which nothing is
            heard = [segment for segment in heard if segment.text or segment.events or segment.error]
        if heard:
            self._store.change(job, [Change(segment) for segment in heard])
        return {"version": self._version(job), "segments": len(heard)}

    def _span(self, job: Job, body: dict[str, Any]) -> Span:
        """Return the stretch that a body names, within the recording. Raises BadRequest."""
        start_ms, end_ms = whole_number(body, "start_ms"), whole_number(body, "end_ms")
        end_ms = min(end_ms, self._store.result(job).transcript.duration_ms)
        if not 0 <= start_ms < end_ms:
            raise BadRequest(reason=f"start_ms={start_ms}, end_ms={end_ms}")
        if end_ms - start_ms > MAX_GAP_MS:
            raise BadRequest(reason=f"at most {MAX_GAP_MS // 60_000} min at once / 一次最多 30 分钟")
        return Span(start_ms, end_ms)

    def audio(self, request: Request, body: dict[str, Any]) -> Response | Future[Response]:
        folder = self._store.folder(self._job(request).id)
        return recording_response(folder, as_opus=request.query_params.get("as") == "opus")

    def peaks(self, request: Request, body: dict[str, Any]) -> Future[Response]:
        folder = self._store.folder(self._job(request).id)
        return file_made_by(peaks_file, folder, "application/json")

    def export(self, request: Request, body: dict[str, Any]) -> Response:
        job, wanted = self._job(request), request.query_params
        name = wanted.get("format", "txt")
        options = rows.render_options(wanted)
        transcript = rows.chosen(self._runner, job, wanted.get("rows"))
        content = render(transcript, name, options)
        return rows.file_response(
            content, file_stem(job.name, rows.is_partial(self._runner, job)), FORMATS[name]
        )

    def finetune(self, request: Request, body: dict[str, Any]) -> Response:
        """Return the corrected rows with their clips, as SenseVoice is trained further with."""
        job = self._finished(request)
        rows = [row for row in self._segments(job) if row.original is not None and is_trainable(row)]
        if not rows:
            raise BadRequest(reason="no corrected row / 没有修改过的片段")
        source = self._store.folder(job.id).source
        clips = each_from_its_channel(
            rows, job.options, lambda spans, channel: self._cut(source, spans, channel)
        )
        content = finetune_bundle(list(zip(rows, clips, strict=True)), Path(job.name).stem)
        return several.download(content, "application/zip", "sensevoice-finetune.zip")

    def zip(self, request: Request, body: dict[str, Any]) -> Response:
        wanted = request.query_params
        options = rows.render_options(wanted)
        return several.zip_response(self._store, self._several(request), wanted.get("format", "txt"), options)

    def table(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return several.table(self._store, self._several(request))

    def csv(self, request: Request, body: dict[str, Any]) -> Response:
        labels = request.query_params.get("labels", "zh")
        return several.table_response(self._store, self._several(request), labels)

    def _several(self, request: Request) -> list[Job]:
        return several.chosen_jobs(self._store, request.state.owner, request.query_params.get("jobs"))

    def _job(self, request: Request) -> Job:
        return self._store.job(request.path_params["job_id"], request.state.owner)

    def _finished(self, request: Request) -> Job:
        """Return a job that can be corrected: its rows no longer move."""
        job = self._job(request)
        if not job.finished:
            raise BadRequest(reason="the job is not finished / 任务还没有完成")
        return job

    def _segments(self, job: Job) -> tuple[Segment, ...]:
        return self._store.result(job).transcript.segments

    def _version(self, job: Job) -> int:
        return rows.version(self._runner, job)


def owner_of(request: Request) -> str:
    """Return the login behind a request, empty without logins. Raises LoginNeeded.

    As gradio does it: the cookie that its login sets names a token of a user.
    """
    app = request.app
    if app.auth is None:
        return ""
    cookies = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    token = next((request.cookies[name] for name in cookies if name in request.cookies), None)
    user = app.tokens.get(token)
    if user is None:
        raise LoginNeeded()
    return str(user)


async def _body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request's body. Raises BadRequest."""
    if request.method in ("GET", "HEAD"):
        return {}
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY_BYTES:
            raise BadRequest(reason="too large / 内容过大")
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError) as exc:  # lists in lists without end
        raise BadRequest(reason="no JSON / 不是 JSON") from exc
    if not isinstance(body, dict):
        raise BadRequest(reason="no JSON object / 不是 JSON 对象")
    return body


def _failed(error: SenseVoiceError) -> Response:
    content = {"code": error.code, "zh": error.message("zh"), "en": error.message("en")}
    return JSONResponse(content, error.http_status)
