"""`POST /v1/audio/transcriptions` and `GET /v1/models`: each request is a job like any other.

It waits in the same line, is bounded in the same way, and is cancelled when its client leaves. Its job is
deleted afterwards, unless it is to be kept: then it belongs to whoever asked, and the page lists it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sensevoice.access.routes import MODELS, TRANSCRIPTIONS
from sensevoice.api import shapes
from sensevoice.api.errors import FAILED_STATUS, answering, error_shape, failure_shape
from sensevoice.api.intake import Intake, address_of, owner_of
from sensevoice.api.parameters import Parameters, parameters_of, read_form
from sensevoice.errors import SenseVoiceError
from sensevoice.formats import FORMATS, RenderOptions, render
from sensevoice.formats.partial import with_end_note
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.model import Failure
from sensevoice.options import Options
from sensevoice.tags.parse import space_between
from sensevoice.transcript import Segment, Transcript

OWNER = "/v1"
"""No login contains a slash, so that jobs which are not kept are in nobody's list."""

MODEL = "sensevoice-small"

POLL_S = 0.1
"""How often a job is looked at. Waiting in a thread would take one of the few that all requests share."""

CLIENT_LEFT = 499
"""nginx's number; nobody reads it."""

MODEL_CREATED_S = 1_719_964_800
"""SenseVoiceSmall was published on 3 July 2024."""


class Transcriptions:
    """The handlers of the routes. With `keep`, jobs stay with whoever asked for them."""

    def __init__(self, runner: JobRunner, intake: Intake, defaults: Options, keep: bool) -> None:
        self._runner = runner
        self._intake = intake
        self._defaults = defaults
        self._keep = keep

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route(TRANSCRIPTIONS, answering(self.create), methods=["POST"]),
            Route(MODELS, self.models),
            Route(f"{MODELS}/{{model:path}}", self.model),
        )

    async def create(self, request: Request) -> Response:
        """Transcribe the uploaded file, and answer when that is done, or as it goes on."""
        self._runner.check()
        async with read_form(request) as form:
            parameters = parameters_of(form, self._defaults)
            job = await run_in_threadpool(self._submit, parameters, request)
        if parameters.stream:
            return StreamingResponse(self._events(job), media_type="text/event-stream")
        return await self._answer(request, job, parameters)

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(MODEL)]})

    async def model(self, request: Request) -> Response:
        return JSONResponse(_model(request.path_params["model"]))

    def _submit(self, parameters: Parameters, request: Request) -> Job:
        owner = owner_of(request) if self._keep else OWNER
        return self._intake.upload(parameters.file, parameters.options, owner, address_of(request))

    async def _answer(self, request: Request, job: Job, parameters: Parameters) -> Response:
        try:
            while self._runner.live(job.id) is not None:
                self._runner.check()
                if await request.is_disconnected():
                    return Response(status_code=CLIENT_LEFT)
                await asyncio.sleep(POLL_S)
            ended = await run_in_threadpool(self._ended, job)
            if isinstance(ended, Failure):
                return JSONResponse(failure_shape(ended), FAILED_STATUS)
            return _shaped(ended, parameters)
        finally:
            await asyncio.shield(run_in_threadpool(self._forget, job))

    async def _events(self, job: Job) -> AsyncIterator[str]:
        """Yield the rows as they are recognised, as server-sent events."""
        sent: list[Segment] = []
        try:
            while live := self._runner.live(job.id):
                self._runner.check()
                for row in _unsent(list(live.segments), sent):
                    yield _row_events(row, sent)
                await asyncio.sleep(POLL_S)
            ended = await run_in_threadpool(self._ended, job)
            if isinstance(ended, Failure):
                yield _event(failure_shape(ended))
                return
            for row in _unsent(ended.segments, sent):
                yield _row_events(row, sent)
            yield _event({"type": "transcript.text.done", **shapes.json_shape(ended)})
        except SenseVoiceError as error:
            yield _event(error_shape(error))
        finally:
            await asyncio.shield(run_in_threadpool(self._forget, job))

    def _ended(self, job: Job) -> Transcript | Failure:
        """Return what has become of a job."""
        ended = self._runner.store.job(job.id, job.owner)
        return ended.failure or self._runner.store.result(ended).transcript

    def _forget(self, job: Job) -> None:
        """Cancel a job that still runs, and delete it unless it is to be kept."""
        self._runner.cancel(job)
        if not self._keep:
            self._runner.delete(job)


def _shaped(transcript: Transcript, parameters: Parameters) -> Response:
    """Return the answer in the format that was asked for."""
    wanted = parameters.response_format
    if wanted == "verbose_json":
        return JSONResponse(shapes.verbose_shape(transcript, parameters.word_times, parameters.segment_times))
    if wanted == "diarized_json":
        return JSONResponse(shapes.diarized_shape(transcript))
    if wanted == "json":
        return JSONResponse(shapes.json_shape(transcript))
    if wanted == "text":
        noted = with_end_note(transcript, RenderOptions().locale)  # the other shapes have a field for it
        return PlainTextResponse(shapes.json_shape(noted)["text"] + "\n")
    return PlainTextResponse(
        render(transcript, wanted, RenderOptions()), media_type=FORMATS[wanted].mime_type
    )


def _unsent(rows: Sequence[Segment], sent: Sequence[Segment]) -> list[Segment]:
    """Return the rows of speech that are still to be sent; those of split channels come in another order."""
    known = {(row.channel, row.span) for row in sent}
    return [row for row in shapes.spoken(rows) if (row.channel, row.span) not in known]


def _row_events(row: Segment, sent: list[Segment]) -> str:
    """Return a row as the two events that tell of it, and add it to those that were sent."""
    number, before = len(sent), sent[-1].text if sent else ""
    sent.append(row)
    delta = {
        "type": "transcript.text.delta",
        "delta": space_between(before, row.text) + row.text,
        "segment_id": f"seg_{number}",
    }
    return _event(delta) + _event(shapes.diarized_segment(number, row))


def _event(data: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": MODEL_CREATED_S, "owned_by": "FunAudioLLM"}
