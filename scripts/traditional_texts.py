"""Make the table of the program's own texts in traditional characters: python scripts/traditional_texts.py

To be run after every change of a Chinese text, with OpenCC (requirements-dev.txt); a test fails until it was.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from _root import ROOT
from opencc import OpenCC

from sensevoice.ui.traditional import TABLE
from sensevoice.web.texts import TABLES

CONFIGURATION = "s2twp"
"""Characters and vocabulary of Taiwan."""

WORDS = {
    "質量": "品質",
    "高階": "進階",
    "概覽": "總覽",
    "導出": "匯出",
    "儲存併到": "儲存並到",
    "合并": "合併",
    "臺": "台",
}
"""Where OpenCC leaves a word that is said otherwise."""

CHINESE = re.compile("[\u4e00-\u9fff]")
NOT_ON_THE_PAGE = ("cli", "runtime")

SCRIPT_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')


def main() -> None:
    """Write the table beside the workbench."""
    TABLE.write_text(table(), "utf-8")


def table() -> str:
    """Return the table as JSON: simplified → traditional, where they differ."""
    convert = OpenCC(CONFIGURATION).convert
    found: dict[str, str] = {}
    for text in sorted(set(_texts())):
        result = convert(text)
        for word, better in WORDS.items():
            result = result.replace(word, better)
        if result != text:
            found[text] = result
    return json.dumps(found, ensure_ascii=False, indent=0) + "\n"


def _texts() -> Iterator[str]:
    """Yield every text of the source that has a Chinese character in it."""
    package = ROOT / "sensevoice"
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] not in NOT_ON_THE_PAGE:
            yield from (text for text in _in_python(path) if CHINESE.search(text) and "\n" not in text)
    for table in sorted(TABLES.glob("*.json")):
        yield from (zh for zh, _ in json.loads(table.read_text("utf-8")).values() if CHINESE.search(zh))
    for path in sorted((package / "ui" / "workbench").glob("*.js")):
        strings = SCRIPT_TEXT.findall(path.read_text("utf-8"))
        yield from filter(CHINESE.search, (json.loads(f'"{text}"') for text in strings))
    for sample in json.loads((ROOT / "sensevoice" / "demo" / "samples" / "samples.json").read_text("utf-8")):
        yield str(sample["title"]["zh"])


def _in_python(path: Path) -> Iterator[str]:
    """Yield a file's strings but its docstrings; of one that is computed, with {} for what is put in."""
    tree = ast.parse(path.read_text("utf-8"))
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(node.value)  # a docstring
        elif isinstance(node, ast.JoinedStr):
            inner.update(ast.walk(node))
            inner.discard(node)
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inner:
            yield node.value


if __name__ == "__main__":
    main()
