"""HTTP routes for several jobs at once: a zip of exports, and the table that sets them side by side."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from sensevoice.formats.shared import Content
from sensevoice.formats.sheets import Counted
from sensevoice.jobs import Job, JobStore
from sensevoice.minutes import MinutesMaker, exported
from sensevoice.transcript import Transcript
from sensevoice.ui import compare
from sensevoice.ui.bodies import Body
from sensevoice.ui.search_routes import SearchRoutes
from sensevoice.ui.serialise import Json


class CompareRoutes:
    """The handlers of these routes. Each takes a request and its JSON body, and runs in a thread."""

    def __init__(self, store: JobStore, search: SearchRoutes | None, minutes: MinutesMaker | None) -> None:
        self._store = store
        self._search = search
        self._minutes = minutes

    def zip(self, request: Request, body: Body) -> Response:
        wanted = request.query_params
        name = wanted.get("format", "txt")

        def file_of(job: Job, transcript: Transcript) -> Content:
            return exported(job, transcript, name, wanted, self._minutes)

        return compare.zip_response(self._store, self._chosen_jobs(request), name, file_of)

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
        return self._search.counted(request.state.owner, jobs) if self._search else ()

    def _chosen_jobs(self, request: Request) -> list[Job]:
        return compare.chosen_jobs(self._store, request.state.owner, request.query_params.get("jobs"))
