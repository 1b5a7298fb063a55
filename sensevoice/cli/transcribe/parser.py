"""The options of `sensevoice transcribe`, and what they say of the files to be written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sensevoice.analysis.highlights import HIGHLIGHT_NAMES
from sensevoice.cli import arguments
from sensevoice.formats import FORMATS, NAMES, VIEWS, RenderOptions

EPILOG = """
examples / 示例:
  python scripts/batch_transcribe.py recordings -o results.txt
  python scripts/batch_transcribe.py recordings --recursive --format srt --out-dir subtitles
  python scripts/batch_transcribe.py recordings --formats docx xlsx json --out-dir documents
  python scripts/batch_transcribe.py calls -o calls.txt --channel split --language zh
  python scripts/batch_transcribe.py calls -o calls.txt --index calls.db   then / 之后: sensevoice search

Run again, it goes on where it was: files that are done are skipped unless they or the settings changed.
再次运行会跳过已完成的文件（除非文件或设置有变化）。Exit code: 0 all done, 1 some failed or
nothing was media, 130 Ctrl-C.
"""


def argument_parser(prog: str | None = None) -> Any:
    parser = arguments.parser("Transcribe a folder / 批量转写文件夹", EPILOG, prog)
    parser.add_argument("directory", type=Path, help="folder with recordings / 录音所在文件夹")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="one text file for all / 汇总文本文件"
    )
    parser.add_argument(
        "--out-dir", type=Path, metavar="DIR", help="one file each, in this folder / 每个录音一个文件"
    )
    parser.add_argument(
        "--index",
        type=Path,
        metavar="FILE",
        help="also write a search index, for sensevoice search and the page's --index / 同时写出搜索索引",
    )
    parser.add_argument(
        "--format", choices=sorted(FORMATS), default="txt", help="for --out-dir (default txt)"
    )
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=sorted(FORMATS),
        default=[],
        metavar="NAME",
        help="several at once, such as docx xlsx json, for --out-dir / 同时写多种格式",
    )
    parser.add_argument(
        "--no-tags",
        dest="tags",
        action="store_false",
        help="docx, xlsx: without language, emotion, sounds / 不写标签",
    )
    parser.add_argument("--table", action="store_true", help="docx: rows in a table / 用表格")
    parser.add_argument(
        "--view", choices=VIEWS, default="tagged", help="kind of text (default tagged) / 文本样式"
    )
    parser.add_argument(
        "--labels", choices=("zh", "en"), default="zh", help="language of the labels / 标签语言"
    )
    parser.add_argument("--captions", action="store_true", help="subtitles name sounds, too / 听障字幕")
    parser.add_argument(
        "--names",
        choices=NAMES,
        default="name",
        help="who speaks, in SRT and LRC / 说话人标注方式",
    )
    parser.add_argument("--fps", default="", metavar="RATE", help="of EDL and markers, not the file's / 帧率")
    parser.add_argument(
        "--start-timecode",
        default="",
        metavar="HH:MM:SS:FF",
        help="the same / 起始时码",
    )
    parser.add_argument(
        "--handles", type=float, default=0.0, metavar="S", help="seconds more at either end / 首尾余量（秒）"
    )
    parser.add_argument(
        "--kinds",
        type=lambda text: tuple(text.replace(",", " ").split()),
        default=(),
        metavar="laughter,applause",
        help=f"which highlights: {', '.join(HIGHLIGHT_NAMES)} (default all) / 亮点种类",
    )
    parser.add_argument("--traditional", action="store_true", help="traditional Chinese (OpenCC) / 繁体中文")
    parser.add_argument(
        "--jobs",
        type=int,
        default=2,
        metavar="N",
        help="files at a time (default %(default)s) / 同时处理的文件数",
    )
    parser.add_argument("--recursive", action="store_true", help="sub-folders too / 包括子文件夹")
    arguments.add_model_arguments(parser)
    arguments.add_fleet_arguments(parser)
    arguments.add_option_arguments(parser)
    return parser


def render_options(args: argparse.Namespace) -> RenderOptions:
    return RenderOptions(
        args.view,
        args.labels,
        args.traditional,
        args.captions,
        names=args.names,
        fps=args.fps,
        start_timecode=args.start_timecode,
        handles_s=args.handles,
        kinds=args.kinds,
        tags=args.tags,
        table=args.table,
    )


def formats_of(args: argparse.Namespace) -> list[str]:
    """Return the names of the formats to be written, each once."""
    return list(dict.fromkeys(args.formats or [args.format]))
