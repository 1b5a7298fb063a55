"""`GET /v1/search` and the rules below it: what was said and heard in all recordings of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sensevoice.access.http.json_bodies import read_object
from sensevoice.access.routes import SEARCH, SEARCH_RULES
from sensevoice.api.errors import answering
from sensevoice.api.intake import owner_of
from sensevoice.api.jobs import NEVER_CACHED, in_a_thread, whole_number
from sensevoice.errors import OptionError
from sensevoice.search import RuleMatch, SearchService
from sensevoice.search.finding import ORDERS
from sensevoice.search.model import Hit, Row
from sensevoice.search.service import MAX_LIMIT, MAX_OFFSET, RuleCounts
from sensevoice.search.shapes import progress_shape
from sensevoice.webhooks import WebhookSender

LOCALES = ("zh", "en")

MATCHED = "rule.matched"
"""Type of the message that a new recording matches a rule."""

Body = Mapping[str, object]


class SearchApi:
    """The handlers of the routes. Without `hooks` no rule has a webhook."""

    def __init__(self, service: SearchService, hooks: WebhookSender | None = None) -> None:
        self._service = service
        self._hooks = hooks

    def routes(self) -> Sequence[BaseRoute]:
        rule = f"{SEARCH_RULES}/{{rule}}"
        return (
            Route(SEARCH, in_a_thread(self.search)),
            Route(SEARCH_RULES, in_a_thread(self.rules)),
            Route(SEARCH_RULES, answering(self.add), methods=["POST"]),
            Route(rule, in_a_thread(self.rule)),
            Route(rule, answering(self.change), methods=["POST"]),
            Route(rule, in_a_thread(self.remove), methods=["DELETE"]),
        )

    def search(self, request: Request) -> dict[str, Any]:
        """Return a page of rows: `q`, `order`, `limit`, `offset`, `labels` for the names of who speaks."""
        wanted, owner = request.query_params, owner_of(request)
        line, locale = wanted.get("q", ""), wanted.get("labels", "zh")
        limit = whole_number(wanted, "limit", 50, 1, MAX_LIMIT)
        offset = whole_number(wanted, "offset", 0, 0, MAX_OFFSET)
        if locale not in LOCALES:
            raise OptionError(option="labels", value=locale[:20], allowed=", ".join(LOCALES))
        order = next((known for known in ORDERS if known == wanted.get("order", ORDERS[0])), None)
        if order is None:
            raise OptionError(option="order", value=wanted["order"][:20], allowed=", ".join(ORDERS))
        found = self._service.find(owner, line, order, limit, offset)
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

    def rules(self, request: Request) -> dict[str, Any]:
        owner = owner_of(request)
        return {
            "object": "list",
            "progress": progress_shape(self._service.progress(owner)),
            "data": [_rule(each) for each in self._service.counts(owner)],
        }

    async def add(self, request: Request) -> Response:
        """Keep a search: `query`, and if wanted a `name` and a `webhook_url`."""
        body = await read_object(request)
        return await self._changed(lambda: self._add(owner_of(request), body))

    def _add(self, owner: str, body: Body) -> RuleCounts:
        url = self._checked(_text(body, "webhook_url") or "")
        rule = self._service.rules.add(
            owner, _text(body, "name") or "", _text(body, "query") or "", webhook_url=url
        )
        return self._service.count(rule)

    def rule(self, request: Request) -> dict[str, Any]:
        rule = self._service.rules.get(owner_of(request), request.path_params["rule"])
        return _rule(self._service.count(rule))

    async def change(self, request: Request) -> Response:
        """Give a rule another `name`, `query` or `webhook_url`; an empty one takes the webhook away."""
        body, id = await read_object(request), request.path_params["rule"]
        return await self._changed(lambda: self._change(owner_of(request), id, body))

    def _change(self, owner: str, id: str, body: Body) -> RuleCounts:
        url = _text(body, "webhook_url")
        name, line = _text(body, "name"), _text(body, "query")
        rule = self._service.rules.change(owner, id, name, line, None if url is None else self._checked(url))
        return self._service.count(rule)

    def remove(self, request: Request) -> dict[str, Any]:
        id = request.path_params["rule"]
        self._service.rules.remove(owner_of(request), id)
        return {"id": id, "object": "search.rule", "deleted": True}

    async def _changed(self, work: Callable[[], RuleCounts]) -> Response:
        return JSONResponse(_rule(await run_in_threadpool(work)), headers=NEVER_CACHED)

    def _checked(self, url: str) -> str:
        """Return the address of a webhook that may be sent there, "" for none. Raises OptionError."""
        if url and self._hooks is None:
            raise OptionError(option="webhook_url", value=url[:200], allowed="--webhook-host")
        if url and self._hooks is not None:
            self._hooks.check(url)
        return url


def telling(hooks: WebhookSender) -> Callable[[RuleMatch], None]:
    """Return what sends a message for each match of a rule that has a webhook."""

    def tell(match: RuleMatch) -> None:
        rule = match.rule
        if rule.webhook_url:
            data = {"rule": {"id": rule.id, "name": rule.name, "query": rule.query}, "rows": match.rows}
            job = {"id": match.job.id, "object": "job", "name": match.job.name}
            hooks.send(match.job, rule.webhook_url, MATCHED, {**data, "job": job})

    return tell


def _text(body: Body, name: str) -> str | None:
    """Return a text in a body, None when it is missing. Raises OptionError."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise OptionError(option=name, value=value, allowed="text / 文字")
    return value


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
        "webhook_url": rule.webhook_url or None,
        "created": int(rule.created_s),
        "total": counts.rows,
        "recordings": dict(counts.recordings),
    }
