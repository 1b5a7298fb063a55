"""Search and rules of a running program: the jobs' own index, and one that a folder script has written."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sensevoice.jobs import Job, JobStore
from sensevoice.search.database import Database
from sensevoice.search.finding import Order, counts, find
from sensevoice.search.follow import Follower
from sensevoice.search.model import SHARED, Found, Hit, Progress
from sensevoice.search.query import Made, parse
from sensevoice.search.rules import Rule, Rules

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

INDEX_NAME = "search.sqlite3"
RULES_NAME = "search_rules.json"

MAX_LIMIT = 200
MAX_OFFSET = 10_000

KEPT_COUNTS = 500
"""Counts of rules in memory; those of a thousand recordings take 100 kB."""

DAY_S = 60.0
"""For how long counts are kept of a rule in which there are days, which go on."""


@dataclass(frozen=True)
class RuleCounts:
    """A rule and how many rows it finds: in all, and in each recording in which there are any, by its id."""

    rule: Rule
    rows: int
    recordings: Mapping[str, int]


@dataclass(frozen=True)
class RuleMatch:
    """A new recording in which a rule finds something."""

    rule: Rule
    job: Job
    rows: int


class SearchService:
    """Search over the jobs of a store and, with `index`, over the recordings in a file of the folder script.

    Methods may be called from several threads. Raises NotAnIndex for a file that is none.
    """

    def __init__(self, store: JobStore, index: Path | None = None) -> None:
        self.rules = Rules(store.directory / RULES_NAME)
        self._shared = Database(index, writable=False) if index else None
        self._callbacks: list[Callable[[RuleMatch], None]] = []
        self._kept: OrderedDict[tuple[object, ...], Mapping[str, int]] = OrderedDict()
        self._follower = Follower(store, store.directory / INDEX_NAME, self._check_rules)

    @property
    def shared(self) -> bool:
        """Whether there are recordings that are no jobs."""
        return self._shared is not None

    def on_match(self, callback: Callable[[RuleMatch], None]) -> None:
        """Call a function with each new recording that matches a rule of its owner, in the index's thread.

        It should return soon, and what it raises is logged. Recordings that were there before their rule, or
        are edited, call nothing.
        """
        self._callbacks.append(callback)

    def find(self, owner: str, line: str, order: Order = "newest", limit: int = 50, offset: int = 0) -> Found:
        """Return a page of the rows of an owner that a line asks for. Raises BadQuery."""
        query = parse(line)
        if self._shared is None:
            return self._asked(lambda database: find(database, query, owner, order, limit, offset), NOTHING)
        upto = limit + offset
        own = self._asked(lambda database: find(database, query, owner, order, upto), NOTHING)
        others = find(self._shared, query, SHARED, order, upto)
        hits = sorted((*own.hits, *others.hits), key=_by(order))[offset:upto]
        return Found(tuple(hits), own.rows + others.rows, own.recordings + others.recordings)

    def progress(self, owner: str) -> Progress:
        """Return how many of an owner's recordings are in the index as they are now."""
        return self._follower.progress(owner)

    def wait(self, timeout_s: float) -> bool:
        """Return whether all that has happened so far is in the index, at once or within a time."""
        return self._follower.wait(timeout_s)

    def counts(self, owner: str) -> list[RuleCounts]:
        """Return every rule of an owner with what a search for it finds now."""
        return [self.count(rule) for rule in self.rules.of(owner)]

    def count(self, rule: Rule) -> RuleCounts:
        """Return what a search for a rule finds now."""
        found = self._counted(rule)
        return RuleCounts(rule, sum(found.values()), found)

    def close(self) -> None:
        self._follower.close()
        if self._shared is not None:
            self._shared.close()

    def _counted(self, rule: Rule) -> Mapping[str, int]:
        query = parse(rule.query)
        dated = any(isinstance(term, Made) for term in query.terms)
        moment = time.time() // DAY_S if dated else 0
        key = (rule.owner, rule.query, moment, self._state())
        if key in self._kept:
            return self._kept[key]
        nothing: Mapping[str, int] = {}
        found = self._asked(lambda database: counts(database, query, rule.owner), nothing)
        if self._shared is not None:
            found = {**found, **counts(self._shared, query, SHARED)}
        self._kept[key] = found
        while len(self._kept) > KEPT_COUNTS:
            self._kept.popitem(last=False)
        return found

    def _state(self) -> tuple[object, ...]:
        """Return what is another one after each change of an index."""
        own = self._follower.database
        state: list[object] = [id(own), own.changes if own else 0]
        if self._shared is not None:
            state.append(self._shared.state())
        return tuple(state)

    def _asked(self, ask: Callable[[Database], _Answer], nothing: _Answer) -> _Answer:
        """Return an answer of the jobs' index; nothing while it is being made, see `progress`."""
        database = self._follower.database
        if database is None:
            return nothing
        try:
            return ask(database)
        except sqlite3.OperationalError:
            if database is self._follower.database:
                raise
            return nothing  # it is being made anew
        except sqlite3.DatabaseError as exc:
            log.warning("the search index is damaged: %s", exc)
            self._follower.make_anew()
            return nothing

    def _check_rules(self, job: Job) -> None:
        """Tell of the rules that find something in a recording that is new in the index."""
        database = self._follower.database
        rules = self.rules.of(job.owner) if self._callbacks else []
        for rule in rules:
            if database is None:
                return
            rows = counts(database, parse(rule.query), job.owner, job.id).get(job.id, 0)
            if rows:
                self._call(RuleMatch(rule, job, rows))

    def _call(self, match: RuleMatch) -> None:
        for callback in self._callbacks:
            try:
                callback(match)
            except Exception:
                log.exception("rule %s: what follows from a match failed", match.rule.id)


NOTHING = Found((), 0, 0)


def _by(order: Order) -> Callable[[Hit], tuple[float, float, int]]:
    """Return the key by which the hits of two indexes are put in order."""

    def key(hit: Hit) -> tuple[float, float, int]:
        score = -hit.score if order == "score" else 0.0
        return score, -hit.recording.created_s, hit.row.place

    return key
