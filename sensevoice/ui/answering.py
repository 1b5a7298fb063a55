"""From a method of a class of routes to an endpoint: the body, a thread, JSON, and errors as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sensevoice.access import USER
from sensevoice.errors import JobNotFound, LoginNeeded, SenseVoiceError, Unexpected
from sensevoice.jobs import JobRunner
from sensevoice.ui import bodies
from sensevoice.ui.bodies import Body
from sensevoice.ui.handlers import log_unexpected
from sensevoice.ui.serialise import Json

MODEL_POLL_S = 0.2

Method = Callable[[Request, Body], "Response | Future[Response] | Json"]


class Answering:
    """Makes the endpoints of routes below /sv; a method takes a request and its JSON body."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner

    def answer(self, method: Method, needs_model: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that runs a method: with the body, in a thread, and with errors as JSON."""

        def respond(request: Request, body: Body) -> Response | Future[Response]:
            answer = method(request, body)
            if isinstance(answer, Response | Future):
                return answer
            return JSONResponse(answer, headers={"Cache-Control": "no-store"})

        async def answering(request: Request) -> Response:
            try:
                request.state.owner = owner_of(request)
                body = await bodies.read_body(request)
                if needs_model:
                    await self._model_is_there()
                response = await run_in_threadpool(respond, request, body)
                if isinstance(response, Future):  # made elsewhere: no thread of these routes waits for it
                    response = await asyncio.wrap_future(response)
                return response
            except SenseVoiceError as error:
                return _failed(error)
            except FileNotFoundError:  # deleted while it was asked for
                return _failed(JobNotFound(job=request.path_params.get("job_id", "")))
            except Exception:
                return _failed(Unexpected(reference=log_unexpected()))

        return answering

    async def _model_is_there(self) -> None:
        """Wait for the models without taking a thread, of which there are few. Raises why there are none."""
        while self._runner.paused:
            self._runner.check()
            await asyncio.sleep(MODEL_POLL_S)


def owner_of(request: Request) -> str:
    """Return the login that the access policy found; empty without logins. Raises LoginNeeded."""
    user = request.scope.get(USER)
    if user is None and getattr(request.app, "auth_dependency", None) is not None:
        raise LoginNeeded()
    return user or ""


def _failed(error: SenseVoiceError) -> Response:
    content = {"code": error.code, "zh": error.message("zh"), "en": error.message("en")}
    return JSONResponse(content, error.http_status)
