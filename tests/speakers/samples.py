"""Who says what in the sample recordings."""

from __future__ import annotations

from collections.abc import Sequence

from tests.conftest import GOLDEN

PEOPLE = {
    "customer_call": ["S1", "S2", "S2", "S1", "S2", "S1"],
    "podcast": ["S1", "S2", "S2", "S1"],
    "talk_show": ["S1", "S1", "S1"],
}


def golden(name: str) -> str:
    """Return the tagged text of a sample without speakers."""
    return (GOLDEN / f"{name}.txt").read_text("utf-8").strip()


def golden_with_people(name: str, names: Sequence[str] = ("说话人1", "说话人2")) -> str:
    """Return the tagged text of a sample with speakers, by the names of S1, S2 …; one alone has no name."""
    people = PEOPLE[name]
    if len(set(people)) == 1:
        return golden(name)
    lines = zip(people, golden(name).splitlines(), strict=True)
    return "\n".join(f"[{names[int(person[1:]) - 1]}] {line}" for person, line in lines)
