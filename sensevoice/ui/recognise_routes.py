"""HTTP routes by which recordings, rows and spans are recognised once more."""

from __future__ import annotations

from starlette.requests import Request

from sensevoice.access.origins import visitor_address
from sensevoice.errors import BadRequest
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.editing.edits import Change
from sensevoice.jobs.editing.retranscribe import Proposals, RecogniseSpansFn
from sensevoice.transcript import Segment, Span
from sensevoice.ui import bodies, serialise
from sensevoice.ui.bodies import Body
from sensevoice.ui.requested import finished_job, job_of
from sensevoice.ui.serialise import Json

MAX_SPAN_MS = 30 * 60_000
"""Half an hour of sound to recognise is 115 MB, and a minute or two of a CPU's time."""


class RecogniseRoutes:
    """The handlers of these routes. Each takes a request and its JSON body, and runs in a thread."""

    def __init__(self, runner: JobRunner, recognise: RecogniseSpansFn) -> None:
        self._runner = runner
        self._store = runner.store
        self._recognise = recognise
        self._proposals = Proposals(runner.store, recognise)

    def again(self, request: Request, body: Body) -> Json:
        """Recognise a recording anew, as another job, with other options; see bodies.AGAIN_SETTINGS."""
        job = job_of(self._store, request)
        source = self._store.folder(job.id).source
        address = visitor_address(request.client.host if request.client else None)
        again = self._runner.submit(source, bodies.again_options(body, job.options), job.owner, address)
        return serialise.job_row(self._runner, self._runner.rename(again, job.name))

    def redo(self, request: Request, body: Body) -> Json:
        """Recognise some rows anew with other settings; nothing is kept until it is accepted."""
        job = finished_job(self._store, request)
        rows, wanted = self._segments(job), bodies.numbers(body, "rows")
        options = bodies.retranscribe_options(body, job.options)
        rejoin = "merge_length_s" in body
        key, proposals = self._proposals.propose(job, rows, wanted, options, rejoin)
        return {"id": key, "proposals": [serialise.proposal(each, rows) for each in proposals]}

    def accept(self, request: Request, body: Body) -> Json:
        job = finished_job(self._store, request)
        key, chosen = bodies.text(body, "id"), bodies.numbers(body, "chosen")
        self._store.change(job, self._proposals.accepted(job, self._segments(job), key, chosen), "accept")
        return {"version": serialise.version(self._runner, job)}

    def transcribe(self, request: Request, body: Body) -> Json:
        """Recognise a span that was left out, and keep what is in it as rows of their own."""
        job = finished_job(self._store, request)
        source = self._store.folder(job.id).source
        segments = self._recognise(source, [self._span(job, body)], job.options)
        if len(segments) > 1:  # of a long span, the parts in which nothing was heard
            segments = [each for each in segments if each.text or each.events or each.error]
        if segments:
            self._store.change(job, [Change(segment) for segment in segments], "transcribe")
        return {"version": serialise.version(self._runner, job), "segments": len(segments)}

    def _span(self, job: Job, body: Body) -> Span:
        """Return the span in a body, cut to the recording. Raises BadRequest."""
        wanted = bodies.span(body)
        end_ms = min(wanted.end_ms, self._store.result(job).transcript.duration_ms)
        if wanted.start_ms >= end_ms:
            raise BadRequest(reason=f"start_ms={wanted.start_ms}")
        if end_ms - wanted.start_ms > MAX_SPAN_MS:
            raise BadRequest(reason="at most 30 min at once / 一次最多 30 分钟")
        return Span(wanted.start_ms, end_ms)

    def _segments(self, job: Job) -> tuple[Segment, ...]:
        return self._store.result(job).transcript.segments
