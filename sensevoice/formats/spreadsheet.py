"""Excel workbooks of plain tables: the only importer of XlsxWriter.

Text is never a formula, a link or a number; times are numbers that spreadsheets show and add up as times.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sensevoice.formats.shared import one_line, pick

MS_PER_DAY = 86_400_000
"""Spreadsheets count times in days."""

MAX_CELL_CHARS = 16_383
"""Excel takes 32,767 UTF-16 units, of which a character may need two; what is over is lost there silently."""

MAX_WIDTH = 60

TIME_FORMAT = "[h]:mm:ss.000"
"""Hours go on counting after 24."""

EPOCH = datetime(1980, 1, 1)
"""In place of the time of making, so that the same tables give the same bytes; also the earliest in a zip."""

CONTINUED = ("（续）", "(continued)")


@dataclass(frozen=True)
class Time:
    """A time or a duration in milliseconds."""

    ms: int


@dataclass(frozen=True)
class Percent:
    """A part of a whole, between 0 and 1."""

    fraction: float


Cell: TypeAlias = str | int | float | Time | Percent | None


@dataclass(frozen=True)
class Sheet:
    """A table with a name for its tab, a heading for each column, and rows of as many cells."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def workbook_bytes(sheets: Sequence[Sheet], title: str, locale: str) -> bytes:
    """Return a workbook with these sheets, in their order. Names of sheets are at most 31 characters."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    book = Workbook(
        file,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": one_line(title), "author": "SenseVoice", "created": EPOCH})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "number": book.add_format({"valign": "top"}),
        "time": book.add_format({"num_format": TIME_FORMAT, "valign": "top"}),
        "percent": book.add_format({"num_format": "0.0%", "valign": "top"}),
    }
    for sheet in sheets:
        _write_sheet(book.add_worksheet(sheet.name), sheet, formats, locale)
    book.close()
    return file.getvalue()


def _write_sheet(page: Any, sheet: Sheet, formats: dict[str, Any], locale: str) -> None:
    columns = len(sheet.header)
    rows = [[*_continued(row)] for row in sheet.rows]
    widest = max([columns, *map(len, rows)])
    header = [*sheet.header, *[pick(CONTINUED, locale)] * (widest - columns)]
    for column, name in enumerate(header):
        page.write_string(0, column, name, formats["head"])
        page.set_column(column, column, _width([name, *(row[column] for row in rows if column < len(row))]))
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            _write_cell(page, number, column, cell, formats)
    page.freeze_panes(1, 0)
    if rows:
        page.autofilter(0, 0, len(rows), columns - 1)


def _continued(row: Sequence[Cell]) -> Iterator[Cell]:
    """Yield the cells of a row, and behind them what is over of those that are too long."""
    over: list[str] = []
    for cell in row:
        if isinstance(cell, str):
            text = one_line(cell)
            yield text[:MAX_CELL_CHARS]
            over += [
                text[at : at + MAX_CELL_CHARS] for at in range(MAX_CELL_CHARS, len(text), MAX_CELL_CHARS)
            ]
        else:
            yield cell
    yield from over


def _write_cell(page: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    if cell in (None, ""):
        return
    if isinstance(cell, str):
        page.write_string(row, column, cell, formats["text"])
    elif isinstance(cell, Time):
        page.write_number(row, column, cell.ms / MS_PER_DAY, formats["time"])
    elif isinstance(cell, Percent):
        page.write_number(row, column, cell.fraction, formats["percent"])
    else:
        page.write_number(row, column, cell, formats["number"])


def _width(cells: Sequence[Cell]) -> int:
    """Return a column's width in characters of the default font, of which a Chinese one takes two."""
    return min(MAX_WIDTH, 3 + max(map(_cell_width, cells), default=0))


def _cell_width(cell: Cell) -> int:
    if isinstance(cell, str):
        shown = cell[:MAX_WIDTH]
        return sum(1 if ord(char) < 0x1100 else 2 for char in shown)  # from here on wide letters begin
    return 12 if isinstance(cell, Time) else 8
