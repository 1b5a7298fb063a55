"""HTTP routes of the workbench: jobs, their rows, sound, exports and corrections.

Plain HTTP beside gradio's own routes: a page fetches only the rows that it lacks, any page can show any
job of its owner, and a lost connection loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sensevoice.errors import BadRequest
from sensevoice.formats import FORMATS
from sensevoice.formats.finetune import finetune_bundle
from sensevoice.formats.query import sure_only
from sensevoice.jobs import JobRunner
from sensevoice.jobs.editing.channels import each_from_its_channel
from sensevoice.jobs.editing.corrections import training_rows
from sensevoice.jobs.editing.retranscribe import RecogniseSpansFn
from sensevoice.jobs.store import MAX_NAME_CHARS
from sensevoice.minutes import MinutesMaker, exported
from sensevoice.options import Channel
from sensevoice.search import SearchService
from sensevoice.transcript import Span
from sensevoice.ui import bodies, compare, serialise
from sensevoice.ui.answering import Answering
from sensevoice.ui.bodies import Body
from sensevoice.ui.clip_routes import ClipRoutes
from sensevoice.ui.compare_routes import CompareRoutes
from sensevoice.ui.downloads import file_stem
from sensevoice.ui.media import peaks_response, recording_response
from sensevoice.ui.minutes_routes import minutes_routes
from sensevoice.ui.people_routes import PeopleRoutes
from sensevoice.ui.recognise_routes import RecogniseRoutes
from sensevoice.ui.requested import finished_job, job_of, recorded_job
from sensevoice.ui.row_routes import RowRoutes
from sensevoice.ui.search_routes import SearchRoutes, search_routes
from sensevoice.ui.serialise import Json
from sensevoice.ui.static_routes import static_routes

CutFn = Callable[[Path, Sequence[Span], Channel, int | None, str], list[np.ndarray]]
"""Returns the float32 mono 16 kHz samples of spans of one channel of a track of a recording."""

COMPRESSED = [Middleware(GZipMiddleware, compresslevel=4)]
"""For JSON alone: sound is compressed, and asked for in ranges. Level 9 takes thrice the time for a tenth
less."""


def job_routes(
    runner: JobRunner,
    recognise: RecogniseSpansFn,
    cut: CutFn,
    minutes: MinutesMaker | None = None,
    search: SearchService | None = None,
) -> list[BaseRoute]:
    """Return the routes below /sv, which must come before gradio's own."""
    searches = SearchRoutes(search) if search else None
    answer = Answering(runner).answer
    at = JobRoutes(runner, cut, minutes, searches)
    anew, several = RecogniseRoutes(runner, recognise), CompareRoutes(runner.store, searches, minutes)
    rows, people, clips = RowRoutes(runner), PeopleRoutes(runner), ClipRoutes(runner.store)
    job, one_cut = "/sv/jobs/{job_id}", "/sv/cuts/{cut_id}"
    return [
        Route("/sv/labels", at.labels, middleware=COMPRESSED),
        Route("/sv/jobs", answer(at.jobs), middleware=COMPRESSED),
        Route("/sv/several/zip", answer(several.zip)),
        Route("/sv/several/table", answer(several.table), middleware=COMPRESSED),
        Route("/sv/several/csv", answer(several.csv)),
        Route("/sv/several/xlsx", answer(several.xlsx)),
        Route(job, answer(at.job), middleware=COMPRESSED),
        Route(job, answer(at.alter), methods=["PATCH"]),
        Route(job, answer(at.delete), methods=["DELETE"]),
        Route(f"{job}/cancel", answer(at.cancel), methods=["POST"]),
        Route(f"{job}/segments", answer(at.segments), middleware=COMPRESSED),
        Route(f"{job}/people", answer(people.change), methods=["PATCH"]),
        Route(f"{job}/segments", answer(rows.edit_many), methods=["PATCH"]),
        Route(f"{job}/segments/{{row:int}}", answer(rows.edit), methods=["PATCH"]),
        Route(f"{job}/segments/{{row:int}}/split", answer(rows.split), methods=["POST"]),
        Route(f"{job}/segments/{{row:int}}/join", answer(rows.join), methods=["POST"]),
        Route(f"{job}/words", answer(rows.words), middleware=COMPRESSED),
        Route(f"{job}/undo", answer(rows.undo), methods=["POST"]),
        Route(f"{job}/restore", answer(rows.restore), methods=["POST"]),
        Route(f"{job}/again", answer(anew.again), methods=["POST"]),
        Route(f"{job}/redo", answer(anew.redo, needs_model=True), methods=["POST"]),
        Route(f"{job}/accept", answer(anew.accept), methods=["POST"]),
        Route(f"{job}/transcribe", answer(anew.transcribe, needs_model=True), methods=["POST"]),
        Route(f"{job}/audio", answer(at.audio)),
        Route(f"{job}/peaks", answer(at.peaks), middleware=COMPRESSED),
        Route(f"{job}/export", answer(at.export)),
        Route(f"{job}/finetune", answer(at.finetune)),
        Route("/sv/cuts", answer(clips.start), methods=["POST"]),
        Route(one_cut, answer(clips.state)),
        Route(one_cut, answer(clips.cancel), methods=["DELETE"]),
        Route(f"{one_cut}/file", answer(clips.file)),
        *minutes_routes(runner, minutes, f"{job}/minutes", answer),
        *search_routes(searches, answer),
        *static_routes(),
    ]


class JobRoutes:
    """The handlers of the routes. Each method takes a request and its JSON body, and runs in a thread."""

    def __init__(
        self,
        runner: JobRunner,
        cut: CutFn,
        minutes: MinutesMaker | None,
        search: SearchRoutes | None,
    ) -> None:
        self._runner = runner
        self._minutes = minutes
        self._search = search
        self._store = runner.store
        self._cut = cut

    async def labels(self, request: Request) -> Response:
        return JSONResponse({**serialise.labels(), "minutes": self._minutes is not None})

    def jobs(self, request: Request, body: Body) -> Json:
        listed = self._store.jobs(request.state.owner)
        rules = self._search.rules_of(request.state.owner) if self._search else {}
        return {"jobs": [serialise.job_row(self._runner, job) for job in listed], **rules}

    def job(self, request: Request, body: Body) -> Json:
        job = job_of(self._store, request)
        details = serialise.job_details(self._runner, job, sure_only(request.query_params))
        return {**serialise.job_row(self._runner, job), **details}

    def alter(self, request: Request, body: Body) -> Json:
        """Give a job another `name`, or `keep` it until somebody deletes it."""
        job = job_of(self._store, request)
        if "keep" in body:
            job = self._runner.keep(job, bodies.flag(body, "keep"))
        if "name" in body:
            job = self._runner.rename(job, bodies.text(body, "name", MAX_NAME_CHARS))
        return serialise.job_row(self._runner, job)

    def delete(self, request: Request, body: Body) -> Json:
        self._runner.delete(job_of(self._store, request))
        return {}

    def cancel(self, request: Request, body: Body) -> Json:
        self._runner.cancel(job_of(self._store, request))
        return {}

    def segments(self, request: Request, body: Body) -> Json:
        first = bodies.query_number(request.query_params, "from") or 0
        version = bodies.query_number(request.query_params, "version")
        return serialise.segment_rows(self._runner, job_of(self._store, request), first, version)

    def audio(self, request: Request, body: Body) -> Response | Future[Response]:
        job = recorded_job(self._store, request)
        as_opus = request.query_params.get("as") == "opus"
        return recording_response(self._store.folder(job.id), as_opus, job.options)

    def peaks(self, request: Request, body: Body) -> Response | Future[Response]:
        job = recorded_job(self._store, request)
        first = bodies.query_number(request.query_params, "from") or 0
        # Of one that failed there is what had come; the page may have asked while it still went on.
        now, live = self._runner.now(job)
        as_far_as_it_is = now.state == "failed" or live is not None
        return peaks_response(self._store.folder(job.id), job.options, first, as_far_as_it_is)

    def export(self, request: Request, body: Body) -> Response:
        job, wanted = job_of(self._store, request), request.query_params
        name = wanted.get("format", "txt")
        transcript = serialise.chosen(self._runner, job, wanted.get("rows"))
        content = exported(job, transcript, name, wanted, self._minutes)
        return serialise.file_response(
            content, file_stem(job.name, serialise.is_partial(self._runner, job)), FORMATS[name]
        )

    def finetune(self, request: Request, body: Body) -> Response:
        """Return the corrected rows with their clips, in the form for fine-tuning SenseVoice."""
        job = finished_job(self._store, request)
        rows = training_rows(self._store.result(job).transcript.segments)
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
