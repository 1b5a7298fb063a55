"""Searches what was said and heard: in the jobs of a page, or in the index of the folder script."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sensevoice.cli import arguments
from sensevoice.errors import IndexMissing, OptionError, SenseVoiceError
from sensevoice.formats.shared import short_clock
from sensevoice.runtime.directories import data_directory
from sensevoice.search.database import Database
from sensevoice.search.finding import ORDERS, find
from sensevoice.search.model import Found, Hit, Row
from sensevoice.search.query import parse
from sensevoice.search.service import INDEX_NAME
from sensevoice.search.shapes import hit_shape
from sensevoice.tags.labels import label

MAX_ROWS = 10_000

EPILOG = """
examples / 示例:
  sensevoice search '退款 情绪:愤怒'                          the jobs of the page on port 6006 / 页面里的任务
  sensevoice search 'refund mood:angry -test' --index night.db   what sensevoice transcribe --index wrote
  sensevoice search '说话人:客户 声音:笑声 晚于:2026-11-01' --json

A word before a colon narrows the search / 冒号前可用:
  情绪 说话人 声音 语言 声道 文件 早于 晚于 日期 长于 短于
  mood speaker sound language channel file before after date longer shorter
"-" before a term leaves rows out that have it, quotes keep words together.
“-”表示排除，引号表示连在一起。Exit code: 0 found, 1 nothing found, 2 a wrong query or option.
"""


def argument_parser(prog: str | None = None) -> Any:
    parser = arguments.parser("Search all transcripts / 搜索所有转写", EPILOG, prog)
    parser.add_argument("query", nargs="*", help="what to look for / 要找的内容")
    parser.add_argument(
        "--index", metavar="FILE", help="written by sensevoice transcribe / 批量转写写出的索引"
    )
    parser.add_argument(
        "--data-dir", metavar="DIR", help="of the page (default: by its port) / 页面的任务目录"
    )
    parser.add_argument("--port", type=int, default=6006, help="of the page (default %(default)s) / 页面端口")
    parser.add_argument("--user", default="", help="whose jobs, where people log in / 谁的任务（有登录时）")
    parser.add_argument("--order", choices=ORDERS, default="newest", help="(default %(default)s) / 排序")
    parser.add_argument("--limit", type=int, default=50, help="rows (default %(default)s) / 最多行数")
    parser.add_argument("--offset", type=int, default=0, help="rows to leave out / 跳过的行数")
    parser.add_argument(
        "--labels", choices=("zh", "en"), default="zh", help="language of the labels / 标签语言"
    )
    parser.add_argument("--json", action="store_true", help="as JSON / 以 JSON 输出")
    return parser


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Print the rows that the arguments ask for; return the exit code."""
    parser = argument_parser(prog)
    args, more = parser.parse_known_args(argv)
    if strange := [each for each in more if each.startswith("--")]:
        parser.error(f"unrecognized arguments / 未知选项: {' '.join(strange)}")
    # What begins with one dash is a term that rows are not to have.
    line = " ".join([*args.query, *more])
    try:
        code = run(args, line)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads, such as `head`, has enough; at exit Python would write once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SenseVoiceError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def run(args: argparse.Namespace, line: str) -> int:
    for name, low in (("limit", 1), ("offset", 0)):
        value = getattr(args, name)
        if not low <= value <= MAX_ROWS:
            raise OptionError(option=name, value=value, allowed=f"{low} … {MAX_ROWS}")
    query = parse(line)
    path = Path(args.index).expanduser() if args.index else _index_of_page(args)
    if not path.exists():
        raise IndexMissing(path=path)
    database = Database(path, writable=False)
    try:
        found = find(database, query, "" if args.index else args.user, args.order, args.limit, args.offset)
    except sqlite3.Error as exc:
        raise OptionError(option="index", value=str(path), allowed=f"readable / 可读 ({exc})") from exc
    finally:
        database.close()
    print(_as_json(found, line, args) if args.json else "\n".join(_table(found, args)))
    return 0 if found.rows else 1


def _index_of_page(args: argparse.Namespace) -> Path:
    return data_directory(args.data_dir, args.port) / INDEX_NAME


def _as_json(found: Found, line: str, args: argparse.Namespace) -> str:
    hits = [hit_shape(hit, args.labels) for hit in found.hits]
    content = {"query": line, "rows": found.rows, "recordings": found.recordings, "hits": hits}
    return json.dumps(content, ensure_ascii=False, indent=2)


def _table(found: Found, args: argparse.Namespace) -> Iterator[str]:
    """Yield lines for a terminal: each recording, and below it its rows."""
    zh = args.labels == "zh"
    before = ""
    for hit in found.hits:
        if hit.recording.id != before:
            before = hit.recording.id
            yield _heading(hit)
        yield "  " + "  ".join(part for part in (short_clock(hit.row.start_ms), *_parts(hit.row, zh)) if part)
    shown = f"{args.offset + 1}-{args.offset + len(found.hits)} / " if found.hits else ""
    zh_total = f"{found.rows} 行，{found.recordings} 个录音"
    yield shown + (zh_total if zh else f"rows: {found.rows}, recordings: {found.recordings}")


def _heading(hit: Hit) -> str:
    recording = hit.recording
    day = datetime.fromtimestamp(recording.created_s).strftime("%Y-%m-%d %H:%M")
    return f"{recording.path or recording.name}  ({day}{'' if recording.path else f'  ?job={recording.id}'})"


def _parts(row: Row, zh: bool) -> tuple[str, ...]:
    locale = "zh" if zh else "en"
    tags = [label(name, locale) for name in (row.emotion, *row.events)]
    return (row.who[0 if zh else 1], row.text, " ".join(f"[{tag}]" for tag in tags if tag))
