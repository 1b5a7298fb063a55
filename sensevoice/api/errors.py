"""Errors in the shape that OpenAI's clients read."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from sensevoice.access.pages import openai_error
from sensevoice.errors import SenseVoiceError
from sensevoice.jobs.model import Failure

FAILED_STATUS = 422
"""For a recording that arrived whole and could not be transcribed."""


def error_response(error: SenseVoiceError, param: str | None = None) -> JSONResponse:
    """Return an error with its status; `param` is the parameter that it is about."""
    return JSONResponse(error_shape(error, param), error.http_status)


def error_shape(error: SenseVoiceError, param: str | None = None) -> dict[str, Any]:
    return {"error": openai_error(error.http_status, error.code, str(error), param)}


def failure_shape(failure: Failure) -> dict[str, Any]:
    """Return why a job failed."""
    message = f"{failure.zh} / {failure.en}"
    return {"error": openai_error(FAILED_STATUS, failure.code, message, "file")}
