"""HTTP routes for the rows of a finished job: corrected, split, joined, taken back; and their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sensevoice.errors import BadRequest, RowChanged
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.editing.corrections import Correction, corrected
from sensevoice.jobs.editing.edits import STEPS, Change, Step
from sensevoice.jobs.editing.splitting import join, split
from sensevoice.jobs.store import Correct
from sensevoice.tags.word_times import word_places
from sensevoice.transcript import Segment
from sensevoice.ui import bodies, serialise
from sensevoice.ui.bodies import Body
from sensevoice.ui.people_routes import check_speakers
from sensevoice.ui.requested import finished_job
from sensevoice.ui.serialise import Json


class RowRoutes:
    """The handlers of the routes of rows. Each takes a request and its JSON body, and runs in a thread.

    A change names the version of the rows at which its row was seen, and holds for that row, whatever number
    it has now.
    """

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._store = runner.store

    def edit(self, request: Request, body: Body) -> Json:
        job, row = finished_job(self._store, request), int(request.path_params["row"])
        correct = self._correct(job, [bodies.correction(body)])

        def correct_it(rows: Sequence[Segment], now: Sequence[int]) -> Iterable[Change]:
            if "start_ms" in body and rows[now[0]].span.start_ms != _whole(body, "start_ms"):
                raise RowChanged()
            return correct(rows, now)

        (number,) = self._store.correct(job, [row], _lines(body), correct_it)
        segment = self._store.result(job).transcript.segments[number]
        return {"segment": serialise.segment_row(number, segment), "version": self._version(job)}

    def edit_many(self, request: Request, body: Body) -> Json:
        """Change several rows in one step: `rows` are objects with `row` and what is corrected of it."""
        job = finished_job(self._store, request)
        items, what = _items(body), bodies.text(body, "what") or "edit"
        if what not in STEPS:
            raise BadRequest(reason="what")
        correct = self._correct(job, [bodies.correction(item) for item in items])
        self._store.correct(job, [_whole(item, "row") for item in items], _lines(body), correct, what)
        return {"version": self._version(job)}

    def _correct(self, job: Job, corrections: Sequence[Correction]) -> Correct:
        """Return the function that corrects a row each. Raises BadRequest for an unknown speaker."""
        check_speakers(self._store, job, *(each.speaker for each in corrections if each.speaker))
        counting = self._store.people(job).counting

        def correct(rows: Sequence[Segment], now: Sequence[int]) -> list[Change]:
            return [
                Change(corrected(rows[number], each), number, None if each.speaker is None else counting)
                for number, each in zip(now, corrections, strict=True)
            ]

        return correct

    def split(self, request: Request, body: Body) -> Json:
        job = finished_job(self._store, request)
        row, offset = int(request.path_params["row"]), _whole(body, "at")
        self._store.correct(job, [row], _lines(body), lambda rows, now: split(rows, now[0], offset), "split")
        return {"version": self._version(job)}

    def join(self, request: Request, body: Body) -> Json:
        job, row = finished_job(self._store, request), int(request.path_params["row"])
        self._store.correct(job, [row], _lines(body), lambda rows, now: join(rows, now[0]), "join")
        return {"version": self._version(job)}

    def undo(self, request: Request, body: Body) -> Response | Json:
        job = finished_job(self._store, request)
        return self._turned(job, self._store.undo(job), "nothing_to_undo")

    def restore(self, request: Request, body: Body) -> Response | Json:
        job = finished_job(self._store, request)
        return self._turned(job, self._store.redo(job), "nothing_to_redo")

    def words(self, request: Request, body: Body) -> Json:
        """Return where the words of each row stand in its text, and when they are said."""
        job = finished_job(self._store, request)
        rows = self._store.result(job).transcript.segments
        return {"version": self._version(job), "words": [word_places(row) for row in rows]}

    def _turned(self, job: Job, step: Step | None, code: str) -> Response | Json:
        if step is None:
            return JSONResponse({"code": code}, 409)
        starts = [each.segment.span.start_ms for each in step.changes if each.segment]
        told = {"what": step.what, "rows": len(step.changes), "start_ms": min(starts, default=None)}
        if step.what in ("split", "join"):
            told["rows"] = 1
        return {"version": self._version(job), "step": told}

    def _version(self, job: Job) -> int:
        return serialise.version(self._runner, job)


def _lines(body: Body) -> int | None:
    """Return how many lines of corrections there were at a request's version; None when it names none."""
    if "version" not in body:
        return None
    version = _whole(body, "version")
    if version == 0:  # as long as a job runs; its end puts the rows in order
        raise RowChanged()
    return version - 1


def _whole(body: Body, name: str) -> int:
    """Return a whole number that is not negative. Raises BadRequest."""
    value = bodies.number(body, name)
    if value < 0:
        raise BadRequest(reason=f"{name}={value}")
    return value


def _items(body: Body) -> list[Body]:
    items = body.get("rows")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise BadRequest(reason="rows")
    return items
