"""HTTP routes for the search over all recordings and its rules, as the library shows them."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from sensevoice.errors import BadQuery, OptionError
from sensevoice.formats.sheets import Counted
from sensevoice.jobs import Job
from sensevoice.search import SearchService
from sensevoice.search.finding import ORDERS
from sensevoice.search.query import MAX_CHARS
from sensevoice.search.rules import MAX_NAME_CHARS
from sensevoice.search.service import MAX_LIMIT, MAX_OFFSET
from sensevoice.search.shapes import found_shape, progress_shape, rule_shape
from sensevoice.ui import bodies
from sensevoice.ui.bodies import Body
from sensevoice.ui.serialise import Json

log = logging.getLogger(__name__)

PAGE_ROWS = 50


def search_routes(at: SearchRoutes | None, answer: Callable[..., Any]) -> list[BaseRoute]:
    """Return the routes of these handlers; `answer` makes an endpoint of a method."""
    if at is None:
        return []
    rule = "/sv/rules/{rule}"
    compressed = [Middleware(GZipMiddleware, compresslevel=4)]
    return [
        Route("/sv/search", answer(at.search), middleware=compressed),
        Route("/sv/rules", answer(at.rules)),
        Route("/sv/rules", answer(at.add), methods=["POST"]),
        Route(rule, answer(at.rename), methods=["PATCH"]),
        Route(rule, answer(at.remove), methods=["DELETE"]),
    ]


class SearchRoutes:
    """The handlers of the routes. Each takes a request and its JSON body, and runs in a thread."""

    def __init__(self, service: SearchService) -> None:
        self._service = service

    def search(self, request: Request, body: Body) -> Json:
        """Return a page of the rows that a line asks for, newest recordings first or best rows first.

        A line that cannot be read has a `problem`: half a line is no error while somebody types.
        """
        wanted, owner = request.query_params, request.state.owner
        line, order = wanted.get("q", ""), wanted.get("order", "newest")
        chosen = next((known for known in ORDERS if known == order), None)
        if chosen is None:
            raise OptionError(option="order", value=order, allowed=", ".join(ORDERS))
        offset = min(MAX_OFFSET, max(0, bodies.query_number(wanted, "offset") or 0))
        limit = min(MAX_LIMIT, max(1, bodies.query_number(wanted, "limit") or PAGE_ROWS))
        try:
            found = self._service.find(owner, line, chosen, limit, offset)
        except BadQuery as error:
            return {"problem": {"zh": error.message("zh"), "en": error.message("en")}}
        return found_shape(found, self._service.progress(owner), line, wanted.get("labels", "zh"))

    def rules(self, request: Request, body: Body) -> Json:
        return self.rules_of(request.state.owner)

    def rules_of(self, owner: str) -> Json:
        """Return the rules of an owner with their counts; none while the index cannot be read."""
        progress = progress_shape(self._service.progress(owner))
        try:
            rules = [rule_shape(each) for each in self._service.counts(owner)]
        except sqlite3.Error as exc:
            log.warning("the rules are not counted: %s", exc)
            rules = []
        return {"rules": rules, "progress": progress, "shared": self._service.shared}

    def counted(self, owner: str, jobs: Sequence[Job]) -> Counted:
        """Return the rules of an owner by name, with how many rows each finds in each job."""
        rules = self._service.counts(owner)
        return [(each.rule.name, [each.recordings.get(job.id, 0) for job in jobs]) for each in rules]

    def add(self, request: Request, body: Body) -> Json:
        """Keep a search as a rule: `query`, and a `name` if it is to have one of its own."""
        name, line = bodies.text(body, "name", MAX_NAME_CHARS), bodies.text(body, "query", MAX_CHARS + 1)
        self._service.rules.add(request.state.owner, name, line)
        return self.rules_of(request.state.owner)

    def rename(self, request: Request, body: Body) -> Json:
        name = bodies.text(body, "name", MAX_NAME_CHARS)
        self._service.rules.change(request.state.owner, request.path_params["rule"], name)
        return self.rules_of(request.state.owner)

    def remove(self, request: Request, body: Body) -> Json:
        self._service.rules.remove(request.state.owner, request.path_params["rule"])
        return self.rules_of(request.state.owner)
