"""HTTP routes that cut recordings: begun, followed, cancelled, and taken away as a zip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from sensevoice.analysis.certainty import without_unsure_tags
from sensevoice.clips import CutSettings, Take
from sensevoice.clips.running import Cut, Cuts
from sensevoice.errors import BadRequest
from sensevoice.jobs import JobStore
from sensevoice.ui import bodies
from sensevoice.ui.bodies import Body
from sensevoice.ui.serialise import Json

MAX_TAKES = 100
"""Recordings in one cut; the script is for more."""


class ClipRoutes:
    """The handlers of the routes; each takes a request and its JSON body, and runs in a thread."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._cuts = Cuts(store)

    def start(self, request: Request, body: Body) -> Json:
        """Begin a cut of `takes`, each a `job` and its `spans`; the rest as in CutSettings, with `labels`."""
        owner, sure = request.state.owner, body.get("sure") is True
        wanted = bodies.objects(body, "takes")
        if not 1 <= len(wanted) <= MAX_TAKES:
            raise BadRequest(reason=f"takes: 1 … {MAX_TAKES}")
        takes = [self._take(each, owner, sure) for each in wanted]
        first = bodies.text(wanted[0], "job")
        return cut_shape(self._cuts.start(owner, first, takes, _settings(body)))

    def state(self, request: Request, body: Body) -> Json:
        return cut_shape(self._cut(request))

    def cancel(self, request: Request, body: Body) -> Json:
        self._cuts.cancel(request.path_params["cut_id"], request.state.owner)
        return {}

    def file(self, request: Request, body: Body) -> Response:
        cut = self._cut(request)
        if cut.state != "done":
            raise BadRequest(reason="not done yet / 还没有完成")
        name = quote(cut.name, safe="")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Cache-Control": "no-store",
        }
        stat = cut.path.stat()
        return FileResponse(cut.path, stat_result=stat, media_type="application/zip", headers=headers)

    def _cut(self, request: Request) -> Cut:
        return self._cuts.cut(request.path_params["cut_id"], request.state.owner)

    def _take(self, wanted: Body, owner: str, sure: bool) -> Take:
        job = self._store.job(bodies.text(wanted, "job"), owner)
        if not job.finished:
            raise BadRequest(reason="the job is not finished / 任务还没有完成")
        transcript = replace(self._store.result(job).transcript, source=job.name, options=job.options)
        shown = without_unsure_tags(transcript) if sure else transcript
        spans = tuple(bodies.span(each) for each in bodies.objects(wanted, "spans"))
        return Take(self._store.folder(job.id).source, job.name, shown, spans)


def cut_shape(cut: Cut) -> Json:
    """Return a cut as the page is told of it."""
    error = cut.error
    return {
        "id": cut.id,
        "state": cut.state,
        "fraction": cut.fraction,
        "name": cut.name,
        "clips": len(cut.made.clips) if cut.made else None,
        "copied": cut.made.copied if cut.made else None,
        "error": None if error is None else {lang: error.message(lang) for lang in ("zh", "en")},
    }


def _settings(body: Body) -> CutSettings:
    given: Mapping[str, object] = {
        name: body[name] for name in ("media", "form", "handles_s") if name in body
    }
    subtitles = tuple(str(each) for each in bodies.items(body, "subtitles"))
    handles_s = given.get("handles_s", 0.5)
    if isinstance(handles_s, bool) or not isinstance(handles_s, int | float):
        raise BadRequest(reason="handles_s")
    return CutSettings(
        media=str(given.get("media", "mp3")),
        form=str(given.get("form", "reel")),
        handles_s=float(handles_s),
        subtitles=subtitles,
        locale=bodies.text(body, "labels") or "zh",
    )
