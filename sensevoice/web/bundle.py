"""Modules of a page as one script: thirty requests less when the page is opened through a tunnel.

The modules are written in one style, which is all that is understood here: each import and each export stands
on a line of its own, and imports come first, of other modules or of tables in JSON. In the bundle each module
is a function that returns what it exports, in an order in which what is imported comes before.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

_IMPORT = re.compile(r'^import (\{ [\w, ]+ \}) from "(\.[\w./]+\.js)";$', re.MULTILINE)
_TABLE = re.compile(r'^import (\w+) from "(\.[\w./]+\.json)" with \{ type: "json" \};$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function|class|const) (\w+))", re.MULTILINE)


@cache
def bundle(folder: Path, entries: tuple[str, ...]) -> str:
    """Return the script with what the modules named by `entries` export.

    Raises ValueError for a line that is not understood, and for two modules of one name.
    """
    modules = [folder / f"{name}.js" for name in entries]
    sources = _sources([*modules])
    order = TopologicalSorter({path: set(_imported(path, source)) for path, source in sources.items()})
    parts = [_part(path, sources[path]) for path in order.static_order()]
    exports = [
        f"export const {{ {', '.join(_exported(sources[path]))} }} = {_name(path)};" for path in modules
    ]
    return "\n".join([*parts, *exports, ""])


def _sources(waiting: list[Path]) -> dict[Path, str]:
    """Return the text of these files and of all that they import."""
    found: dict[Path, str] = {}
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = path.read_text("utf-8")
            waiting += _imported(path, found[path])
    if len({_name(path) for path in found}) < len(found):
        raise ValueError(f"modules of one name: {sorted(path.name for path in found)}")
    return found


def _name(path: Path) -> str:
    """Return what a module or a table is called in the script."""
    return f"$_{path.stem}" if path.suffix == ".js" else f"$_{path.stem}_table"


def _imported(path: Path, source: str) -> list[Path]:
    matches = [*_IMPORT.finditer(source), *_TABLE.finditer(source)]
    return [Path(os.path.normpath(path.parent / match[2])) for match in matches]


def _exported(source: str) -> list[str]:
    return [match[1] for match in _EXPORT.finditer(source)]


_COMMENTS = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)[\s\S])*\*/[ \t]*)$\n?", re.MULTILINE)
"""Comments on lines of their own, a quarter of the modules."""

_REMARKS = re.compile(r"(?<=[;{,)]) // [^\"'`\n]*$", re.MULTILINE)
"""Comments behind a statement. Within a string there would be a quote behind them."""

_TYPES = re.compile(r"/\*\* @(?:type|param)\b[^*]*\*/ ?")
"""Types within a line, which only the compiler of types reads."""

_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def _part(path: Path, source: str) -> str:
    if path.suffix == ".json":
        return f"const {_name(path)} = {_literal(json.loads(source))};"
    for pattern in (_COMMENTS, _REMARKS, _TYPES, _INDENT):
        source = pattern.sub("", source)
    for pattern in (_IMPORT, _TABLE):
        source = pattern.sub(lambda match: f"const {match[1]} = {_name(Path(match[2]))};", source)
    body = _EXPORT.sub("", source)
    if stray := re.search(r"^(?:import|export)\b.*", body, re.MULTILINE):
        raise ValueError(f"{path.name}: {stray[0]}")
    return f"const {_name(path)} = (() => {{\n{body}\nreturn {{ {', '.join(_exported(source))} }};\n}})();"


def _literal(table: dict[str, object]) -> str:
    """Return a table as JavaScript, quotes only around what is no name: every byte is in the first load."""
    pairs = ((key if key.isidentifier() else json.dumps(key), value) for key, value in table.items())
    rows = (f"{key}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in pairs)
    return "{" + ",\n".join(rows) + "}"
