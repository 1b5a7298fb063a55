"""The texts of the pages, each written once, in Chinese and in English, in the JSON files of tables/.

A file is an area: what the form says ("page"), what the server fills in ("server"), the workbench, live
recording and its captions; "shared" and "languages" are what several of them say. The scripts import the same
files (bundle.py). The sentences of errors are in errors.py.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

TABLES = Path(__file__).with_name("tables")


@cache
def texts(area: str) -> dict[str, tuple[str, str]]:
    """Return the table of an area: key → Chinese, English. Raises OSError when there is none."""
    table: dict[str, list[str]] = json.loads((TABLES / f"{area}.json").read_text("utf-8"))
    return {key: (zh, en) for key, (zh, en) in table.items()}
