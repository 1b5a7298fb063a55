"""What minutes are: statements, each with the rows of the record that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from sensevoice.transcript import Span

SectionName = Literal["summary", "decisions", "todos", "questions"]

SECTIONS: tuple[SectionName, ...] = get_args(SectionName)

Known = Mapping[int, Span]
"""The rows that a statement may cite, by their number, and when each is."""


@dataclass(frozen=True)
class Cite:
    """A row as it was when the minutes were made; its time still holds when rows have other numbers."""

    row: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Statement:
    """`who` is named for a to-do alone. There is always a row that it rests on."""

    text: str
    cites: tuple[Cite, ...]
    who: str = ""


@dataclass(frozen=True)
class Minutes:
    """The statements of each section; `dropped` counts those that rested on no row that was shown."""

    summary: tuple[Statement, ...] = ()
    decisions: tuple[Statement, ...] = ()
    todos: tuple[Statement, ...] = ()
    questions: tuple[Statement, ...] = ()
    dropped: int = 0

    def section(self, name: SectionName) -> tuple[Statement, ...]:
        statements: tuple[Statement, ...] = getattr(self, name)
        return statements


@dataclass(frozen=True)
class KeptMinutes:
    """Minutes as they are kept with a job: by which model, when, in which language ("zh" or "en").

    `version` counts the corrections of the record at that time.
    """

    minutes: Minutes
    model: str
    made_s: float
    locale: str
    version: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> KeptMinutes:
        """Return what `as_dict` gave. Raises KeyError, TypeError, ValueError or AttributeError."""
        kept = data["minutes"]
        sections = {name: tuple(map(_statement, kept[name])) for name in SECTIONS}
        minutes = Minutes(**sections, dropped=int(kept["dropped"]))
        made_s, version = float(data["made_s"]), int(data["version"])
        return cls(minutes, str(data["model"]), made_s, str(data["locale"]), version)


def _statement(data: Mapping[str, Any]) -> Statement:
    cites = tuple(
        Cite(int(each["row"]), int(each["start_ms"]), int(each["end_ms"])) for each in data["cites"]
    )
    return Statement(str(data["text"]), cites, str(data["who"]))
