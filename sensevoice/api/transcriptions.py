"""`POST /v1/audio/transcriptions` and `GET /v1/models`: each request is a job like any other.

It waits in the same line, is bounded in the same way, and is cancelled when its client leaves. Its job is
deleted afterwards, unless it is to be kept: then it belongs to whoever asked, and the page lists it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sensevoice.access import USER
from sensevoice.access.origins import visitor_address
from sensevoice.access.routes import MODELS, TRANSCRIPTIONS
from sensevoice.api import shapes
from sensevoice.api.errors import FAILED_STATUS, error_response, error_shape, failure_shape
from sensevoice.api.parameters import Parameters, parameters_of
from sensevoice.errors import BadRequest, OptionError, SenseVoiceError, Unexpected
from sensevoice.formats import FORMATS, RenderOptions, render
from sensevoice.formats.partial import with_end_note
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.model import Failure
from sensevoice.options import Options
from sensevoice.runtime.file_names import short_name
from sensevoice.tags.parse import space_between
from sensevoice.transcript import Segment, Transcript

log = logging.getLogger(__name__)

OWNER = "/v1"
"""No login contains a slash, so that jobs which are not kept are in nobody's list."""

MODEL = "sensevoice-small"

POLL_S = 0.1
"""How often a job is looked at. Waiting in a thread would take one of the few that all requests share."""

MAX_FIELDS = 200

CLIENT_LEFT = 499
"""nginx's number; nobody reads it."""

MODEL_CREATED_S = 1_719_964_800
"""SenseVoiceSmall was published on 3 July 2024."""


def api_routes(
    runner: JobRunner, uploads: Path, defaults: Options, keep: bool = False
) -> Sequence[BaseRoute]:
    """Return the routes below /v1. `uploads` is where files lie until their job has them."""
    at = Transcriptions(runner, uploads, defaults, keep)
    return (
        Route(TRANSCRIPTIONS, at.create, methods=["POST"]),
        Route(MODELS, at.models),
        Route(f"{MODELS}/{{model:path}}", at.model),
    )


class Transcriptions:
    """The handlers of the routes."""

    def __init__(self, runner: JobRunner, uploads: Path, defaults: Options, keep: bool) -> None:
        self._runner = runner
        self._uploads = uploads
        self._defaults = defaults
        self._keep = keep

    async def create(self, request: Request) -> Response:
        """Transcribe the uploaded file, and answer when that is done, or as it goes on."""
        try:
            self._runner.check()
            async with request.form(max_files=1, max_fields=MAX_FIELDS) as form:
                parameters = parameters_of(form, self._defaults)
                job = await run_in_threadpool(self._submit, parameters, request)
        except OptionError as error:
            return error_response(error, str(error.data["option"]))
        except MultiPartException as error:
            return error_response(BadRequest(reason=f"multipart/form-data: {error.message}"))
        except SenseVoiceError as error:
            return error_response(error)
        try:
            if parameters.stream:
                return StreamingResponse(self._events(job), media_type="text/event-stream")
            return await self._answer(request, job, parameters)
        except SenseVoiceError as error:
            return error_response(error)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            return error_response(Unexpected(reference=reference))

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(MODEL)]})

    async def model(self, request: Request) -> Response:
        return JSONResponse(_model(request.path_params["model"]))

    def _owner(self, request: Request) -> str:
        return (request.scope.get(USER) or "") if self._keep else OWNER

    def _submit(self, parameters: Parameters, request: Request) -> Job:
        """Put the file where its job takes it from. Raises what `submit` raises."""
        folder = self._uploads / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            path = folder / short_name(Path(parameters.file.filename or "").name, "audio")
            with path.open("wb") as file:
                shutil.copyfileobj(parameters.file.file, file, 1 << 20)
            address = visitor_address(request.client.host if request.client else None)
            return self._runner.submit(path, parameters.options, self._owner(request), address)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

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
