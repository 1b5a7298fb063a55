"""The script behind the figures in docs/benchmarks.md, on a few rows: what it asks is answered."""

from __future__ import annotations

import pytest
from search_speed import QUERIES, main


def test_every_query_of_the_table_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "400", "--rounds", "1"]) == 0
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    found = {cells[1].strip(): int(cells[3].replace(",", "")) for cells in lines[2:]}
    assert list(found) == [what for what, _ in QUERIES]
    assert found["nothing"] == 0 and found["what most rows lack"] > 300 and found["one letter"] > 10
