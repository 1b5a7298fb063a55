"""Each promise of SECURITY.md names a test, and the test is there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

ROW = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<tests>(?:`\w+`(?:, )?)+) \|$", re.MULTILINE)

TABLES = re.compile(r"^\| (?!---|promise)", re.MULTILINE)

SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")

ROWS = [(row["promise"], re.findall(r"\w+", row["tests"])) for row in ROW.finditer(SECURITY)]

DEFINED = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}


def test_every_row_is_read() -> None:
    assert len(ROWS) == len(TABLES.findall(SECURITY)) > 30


@pytest.mark.parametrize("promise, tests", ROWS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_test_stands_behind_it(promise: str, tests: list[str]) -> None:
    assert tests and set(tests) <= DEFINED, promise
