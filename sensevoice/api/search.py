"""`GET /v1/search` and the rules below it: what was said and heard in all recordings of whoever asks."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sensevoice.access import USER
from sensevoice.access.routes import SEARCH, SEARCH_RULES
from sensevoice.api.errors import error_response
from sensevoice.errors import BadQuery, BadRequest, OptionError, SenseVoiceError, Unexpected
from sensevoice.search import SearchService
from sensevoice.search.finding import ORDERS
from sensevoice.search.model import Hit, Row
from sensevoice.search.service import MAX_LIMIT, MAX_OFFSET, RuleCounts
from sensevoice.search.shapes import progress_shape

log = logging.getLogger(__name__)

LOCALES = ("zh", "en")

MAX_BODY_BYTES = 1 << 16

Body = Mapping[str, Any]
Method = Callable[[Request, Body], dict[str, Any]]


def search_api_routes(service: SearchService) -> Sequence[BaseRoute]:
    """Return the routes /v1/search and below."""
    at = SearchApi(service)
    rule = f"{SEARCH_RULES}/{{rule}}"
    return (
        Route(SEARCH, _answering(at.search)),
        Route(SEARCH_RULES, _answering(at.rules)),
        Route(SEARCH_RULES, _answering(at.add), methods=["POST"]),
        Route(rule, _answering(at.rule)),
        Route(rule, _answering(at.change), methods=["PATCH"]),
        Route(rule, _answering(at.remove), methods=["DELETE"]),
    )


class SearchApi:
    """The handlers of the routes; each takes a request and its JSON body, and runs in a thread."""

    def __init__(self, service: SearchService) -> None:
        self._service = service

    def search(self, request: Request, body: Body) -> dict[str, Any]:
        wanted, owner = request.query_params, _owner(request)
        line, order = wanted.get("q", ""), wanted.get("order", "newest")
        locale = wanted.get("labels", "zh")
        limit = whole_number(wanted, "limit", 50, 1, MAX_LIMIT)
        offset = whole_number(wanted, "offset", 0, 0, MAX_OFFSET)
        if locale not in LOCALES:
            raise OptionError(option="labels", value=locale, allowed=", ".join(LOCALES))
        for known in ORDERS:
            if order == known:
                found = self._service.find(owner, line, known, limit, offset)
                break
        else:
            raise OptionError(option="order", value=order, allowed=", ".join(ORDERS))
        return {
            "object": "list",
            "query": line,
            "order": order,
            "total": found.rows,
            "recordings": found.recordings,
            "offset": offset,
            "has_more": offset + len(found.hits) < found.rows,
            "progress": progress_shape(self._service.progress(owner)),
            "data": [_hit(hit, locale) for hit in found.hits],
        }

    def rules(self, request: Request, body: Body) -> dict[str, Any]:
        owner = _owner(request)
        return {
            "object": "list",
            "progress": progress_shape(self._service.progress(owner)),
            "data": [_rule(each) for each in self._service.counts(owner)],
        }

    def add(self, request: Request, body: Body) -> dict[str, Any]:
        rule = self._service.rules.add(_owner(request), _text(body, "name") or "", _text(body, "query") or "")
        return _rule(self._service.count(rule))

    def rule(self, request: Request, body: Body) -> dict[str, Any]:
        rule = self._service.rules.get(_owner(request), request.path_params["rule"])
        return _rule(self._service.count(rule))

    def change(self, request: Request, body: Body) -> dict[str, Any]:
        rule = self._service.rules.change(
            _owner(request), request.path_params["rule"], _text(body, "name"), _text(body, "query")
        )
        return _rule(self._service.count(rule))

    def remove(self, request: Request, body: Body) -> dict[str, Any]:
        id = request.path_params["rule"]
        self._service.rules.remove(_owner(request), id)
        return {"id": id, "object": "search.rule", "deleted": True}


def _answering(method: Method) -> Callable[[Request], Awaitable[Response]]:
    async def answering(request: Request) -> Response:
        try:
            body = await _body(request)
            content = await run_in_threadpool(method, request, body)
            return JSONResponse(content, headers={"Cache-Control": "no-store"})
        except OptionError as error:
            return error_response(error, str(error.data["option"]))
        except BadQuery as error:
            return error_response(error, "q" if request.method == "GET" else "query")
        except SenseVoiceError as error:
            return error_response(error)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("unexpected error, reference %s", reference)
            return error_response(Unexpected(reference=reference))

    return answering


def _owner(request: Request) -> str:
    return request.scope.get(USER) or ""


async def _body(request: Request) -> Body:
    """Return the JSON object that was sent, an empty one where none is read. Raises BadRequest."""
    if request.method not in ("POST", "PATCH"):
        return {}
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY_BYTES:
            raise BadRequest(reason="too large / 内容过大")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise BadRequest(reason="no JSON / 不是 JSON") from exc
    if not isinstance(body, dict):
        raise BadRequest(reason="no JSON object / 不是 JSON 对象")
    return body


def _text(body: Body, name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise OptionError(option=name, value=value, allowed="text / 文字")
    return value


def whole_number(wanted: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """Return a whole number among the parameters of an address. Raises OptionError."""
    text = wanted.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise OptionError(option=name, value=text[:20], allowed=f"{low} … {high}")
    return int(text)


def _hit(hit: Hit, locale: str) -> dict[str, Any]:
    recording = hit.recording
    return {
        "object": "search.result",
        "job": None if recording.path else recording.id,
        "path": recording.path or None,
        "name": recording.name,
        "created": int(recording.created_s),
        "score": hit.score,
        **_row(hit.row, locale),
        "before": _row(hit.before, locale) if hit.before else None,
        "after": _row(hit.after, locale) if hit.after else None,
    }


def _row(row: Row, locale: str) -> dict[str, Any]:
    return {
        "row": row.place,
        "start": row.start_ms / 1000,
        "end": row.end_ms / 1000,
        "text": row.text,
        "language": row.language,
        "emotion": row.emotion,
        "events": list(row.events),
        "speaker": row.speaker or None,
        "speaker_name": row.who[LOCALES.index(locale)] or None,
        "channel": row.channel or None,
    }


def _rule(counts: RuleCounts) -> dict[str, Any]:
    rule = counts.rule
    return {
        "id": rule.id,
        "object": "search.rule",
        "name": rule.name,
        "query": rule.query,
        "created": int(rule.created_s),
        "total": counts.rows,
        "recordings": dict(counts.recordings),
    }
