"""`/v1/jobs/{id}/minutes`: asked for, followed, read and removed; there is nothing here without --llm-url."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sensevoice.access.http.json_bodies import read_object
from sensevoice.access.routes import JOB
from sensevoice.api.errors import answering
from sensevoice.api.intake import owner_of
from sensevoice.errors import NoSuchAddress
from sensevoice.jobs import Job, JobStore
from sensevoice.minutes import MinutesMaker

ACCEPTED = 202


class MinutesRoutes:
    """The handlers of the route; `maker` is None when there is no language model."""

    def __init__(self, store: JobStore, maker: MinutesMaker | None) -> None:
        self._store = store
        self._maker = maker

    def routes(self) -> Sequence[BaseRoute]:
        path = f"{JOB}/minutes"
        return (
            Route(path, answering(self.read)),
            Route(path, answering(self.make), methods=["POST"]),
            Route(path, answering(self.remove), methods=["DELETE"]),
        )

    async def read(self, request: Request) -> Response:
        maker, job = await self._asked(request)
        return JSONResponse(await run_in_threadpool(_shape, maker, job))

    async def make(self, request: Request) -> Response:
        """Begin to make minutes, in the `language` of the body: "zh", which is the default, or "en"."""
        maker, job = await self._asked(request)
        locale = str((await read_object(request)).get("language") or "zh")
        await run_in_threadpool(maker.start, job, locale)
        return JSONResponse(await run_in_threadpool(_shape, maker, job), ACCEPTED)

    async def remove(self, request: Request) -> Response:
        maker, job = await self._asked(request)
        await run_in_threadpool(maker.forget, job)
        return JSONResponse({"object": "job.minutes", "job": job.id, "deleted": True})

    async def _asked(self, request: Request) -> tuple[MinutesMaker, Job]:
        """Return the maker and the job of whoever asks. Raises NoSuchAddress, JobNotFound."""
        if self._maker is None:
            raise NoSuchAddress()
        return self._maker, self._store.job(request.path_params["job_id"], owner_of(request))


def _shape(maker: MinutesMaker, job: Job) -> dict[str, Any]:
    shape = maker.shape(job)
    error = shape["error"]
    if error is not None:
        shape["error"] = {"code": error["code"], "message": f"{error['zh']} / {error['en']}"}
    return shape
