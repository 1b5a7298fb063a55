"""Searches kept under a name, for each owner: in a file of their own, because the index can be made anew."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from sensevoice.errors import BadRequest, RuleNotFound
from sensevoice.runtime.atomic import write_whole
from sensevoice.search.query import parse

log = logging.getLogger(__name__)

MAX_RULES = 50
"""Of one owner: each is a search over all recordings whenever they change."""

MAX_NAME_CHARS = 60


@dataclass(frozen=True)
class Rule:
    """A search with a name; `query` is its line. `webhook_url` is told of new recordings that match."""

    id: str
    owner: str
    name: str
    query: str
    created_s: float
    webhook_url: str = ""


class Rules:
    """The rules in one file. Methods may be called from several threads.

    A file that cannot be read is put aside, never written over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rules = self._read()

    def of(self, owner: str) -> list[Rule]:
        """Return the rules of an owner, the oldest first."""
        with self._lock:
            return [rule for rule in self._rules if rule.owner == owner]

    def get(self, owner: str, id: str) -> Rule:
        """Return a rule. Raises RuleNotFound, also for one of somebody else's."""
        for rule in self.of(owner):
            if rule.id == id:
                return rule
        raise RuleNotFound(rule=id)

    def add(self, owner: str, name: str, line: str, webhook_url: str = "") -> Rule:
        """Keep a search. Without a name, the line is its name. Raises BadQuery, BadRequest, OSError."""
        parse(line)
        if len(self.of(owner)) >= MAX_RULES:
            raise BadRequest(reason=f"at most {MAX_RULES} rules / 最多 {MAX_RULES} 条规则")
        id, name = secrets.token_urlsafe(6), _name(name or line)
        rule = Rule(id, owner, name, line.strip(), time.time(), webhook_url)
        self._write(lambda rules: [*rules, rule])
        return rule

    def change(
        self,
        owner: str,
        id: str,
        name: str | None = None,
        line: str | None = None,
        webhook_url: str | None = None,
    ) -> Rule:
        """Change what is given of a rule. Raises RuleNotFound, BadQuery, OSError."""
        rule = self.get(owner, id)
        if line is not None:
            parse(line)
            rule = replace(rule, query=line.strip())
        if name is not None:
            rule = replace(rule, name=_name(name or rule.query))
        if webhook_url is not None:
            rule = replace(rule, webhook_url=webhook_url)
        self._write(lambda rules: [rule if each.id == id else each for each in rules])
        return rule

    def remove(self, owner: str, id: str) -> None:
        """Forget a rule. Raises RuleNotFound, OSError."""
        self.get(owner, id)
        self._write(lambda rules: [each for each in rules if each.id != id])

    def _write(self, change: Callable[[list[Rule]], list[Rule]]) -> None:
        with self._lock:
            rules = change(self._rules)
            data = {"rules": [asdict(rule) for rule in rules]}
            write_whole(self._path, json.dumps(data, ensure_ascii=False, indent=1))
            self._rules = rules

    def _read(self) -> list[Rule]:
        try:
            data = json.loads(self._path.read_text("utf-8"))
            return [_rule(item) for item in data["rules"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            aside = self._path.with_name(self._path.name + ".damaged")
            log.warning("the rules cannot be read (%s); put aside as %s", exc, aside)
            try:
                self._path.replace(aside)
            except OSError:
                log.warning("it could not be put aside")
            return []


def _rule(item: dict[str, object]) -> Rule:
    known = {each.name for each in fields(Rule)}
    values = {name: value for name, value in item.items() if name in known}
    created_s = float(str(values.pop("created_s", 0)))
    id, owner, name, query = (str(values[field]) for field in ("id", "owner", "name", "query"))
    return Rule(id, owner, name, query, created_s, str(values.get("webhook_url", "")))


def _name(name: str) -> str:
    return " ".join(name.split())[:MAX_NAME_CHARS]
