"""HTTP routes of the workbench for the minutes of a job; there are none without a language model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from sensevoice.jobs import JobRunner
from sensevoice.minutes import MinutesMaker
from sensevoice.ui import bodies
from sensevoice.ui.bodies import Body
from sensevoice.ui.requested import job_of
from sensevoice.ui.serialise import Json


def minutes_routes(
    runner: JobRunner, maker: MinutesMaker | None, path: str, answer: Callable[..., Any]
) -> list[BaseRoute]:
    """Return the routes at a path; `answer` makes an endpoint of a method."""
    if maker is None:
        return []
    at = MinutesRoutes(runner, maker)
    return [
        Route(path, answer(at.read)),
        Route(path, answer(at.make), methods=["POST"]),
        Route(path, answer(at.cancel), methods=["DELETE"]),
    ]


class MinutesRoutes:
    """The handlers of the routes. Each takes a request and its JSON body, and runs in a thread."""

    def __init__(self, runner: JobRunner, maker: MinutesMaker) -> None:
        self._store = runner.store
        self._maker = maker

    def read(self, request: Request, body: Body) -> Json:
        return self._maker.shape(job_of(self._store, request))

    def make(self, request: Request, body: Body) -> Json:
        job = job_of(self._store, request)
        self._maker.start(job, bodies.text(body, "language") or "zh")
        return self._maker.shape(job)

    def cancel(self, request: Request, body: Body) -> Json:
        job = job_of(self._store, request)
        self._maker.cancel(job)
        return self._maker.shape(job)
