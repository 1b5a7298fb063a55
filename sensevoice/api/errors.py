"""Errors in the shape that OpenAI's clients read."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sensevoice.access.pages import openai_error
from sensevoice.errors import BadQuery, BadRequest, JobNotFound, OptionError, SenseVoiceError, Unexpected
from sensevoice.jobs.model import Failure

log = logging.getLogger(__name__)

FAILED_STATUS = 422
"""For a recording that arrived whole and could not be transcribed."""

Endpoint = Callable[[Request], Awaitable[Response]]


def answering(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that answers each error of another one in OpenAI's shape."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException as error:  # which starlette makes of its MultiPartException
            return error_response(BadRequest(reason=f"multipart/form-data: {error.detail}"))
        except SenseVoiceError as error:
            return error_response(error)
        except FileNotFoundError:  # deleted while it was asked for
            return error_response(JobNotFound(job=request.path_params.get("job_id", "")))
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            return error_response(Unexpected(reference=reference))

    return answer


def error_response(error: SenseVoiceError) -> JSONResponse:
    """Return an error with its status."""
    return JSONResponse(error_shape(error), error.http_status)


def error_shape(error: SenseVoiceError) -> dict[str, Any]:
    """Return an error; one about a setting or a line of the search names it as the parameter."""
    param = str(error.data["option"]) if isinstance(error, OptionError) else None
    param = "q" if isinstance(error, BadQuery) else param
    return {"error": openai_error(error.http_status, error.code, str(error), param)}


def failure_shape(failure: Failure) -> dict[str, Any]:
    """Return why a job failed."""
    message = f"{failure.zh} / {failure.en}"
    return {"error": openai_error(FAILED_STATUS, failure.code, message, "file")}
