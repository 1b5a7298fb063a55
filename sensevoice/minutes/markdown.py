"""Minutes as Markdown; what the model wrote is text there and nothing else."""

from __future__ import annotations

import re

from sensevoice.formats.shared import pick, short_clock
from sensevoice.minutes.model import SECTIONS, KeptMinutes, Statement

TITLE = ("纪要", "Minutes")

HEADINGS = {
    "summary": ("要点", "Summary"),
    "decisions": ("决定", "Decisions"),
    "todos": ("待办", "To-dos"),
    "questions": ("未决问题", "Open questions"),
}

BY = (
    "由语言模型 {model} 根据转写整理，请核对",
    "Written by the language model {model} from the transcript; please check",
)

DROPPED = ("另有 {n} 条没有出处，未列出", "{n} more had no source and were left out")

_SYNTAX = re.compile(r"[\\`*_~|<>\[\]#!&]|^(?:[-+=]|\d+(?=[.)]))")
"""What would begin markup, an entity or, at the start of an item, another item or heading."""


def minutes_markdown(kept: KeptMinutes, locale: str) -> str:
    """Return minutes as a section with a list for each part that is not empty."""
    lines = [f"## {pick(TITLE, locale)}", "", f"*{pick(BY, locale).format(model=escaped(kept.model))}*", ""]
    for name in SECTIONS:
        if statements := kept.minutes.section(name):
            lines += [f"### {pick(HEADINGS[name], locale)}", "", *map(_item, statements), ""]
    if kept.minutes.dropped:
        lines += [f"*{pick(DROPPED, locale).format(n=kept.minutes.dropped)}*", ""]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    return _SYNTAX.sub(lambda match: _backslashed(match[0]), text)


def _backslashed(found: str) -> str:
    return f"{found}\\" if found[0].isdecimal() else f"\\{found}"


def _item(statement: Statement) -> str:
    who = f"**{escaped(statement.who)}**: " if statement.who else ""
    times = ", ".join(short_clock(cite.start_ms) for cite in statement.cites)
    return f"- {who}{escaped(statement.text)} ({times})"
