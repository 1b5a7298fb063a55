"""Cuts what is looked for out of recordings that have been transcribed: clips in a zip, or one reel."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sensevoice.analysis.highlights import HIGHLIGHT_NAMES
from sensevoice.cli import arguments
from sensevoice.clips import CutSettings, Made, Take, make
from sensevoice.clips.choose import found, moments
from sensevoice.clips.model import MEDIA, SUBTITLES
from sensevoice.errors import BadRecord, NothingToCut, OptionError, SenseVoiceError
from sensevoice.formats import from_dict
from sensevoice.runtime import environment

EPILOG = """
examples / 示例:
  sensevoice transcribe shows --format json --out-dir shows --recursive
  sensevoice cut shows --where "声音:掌声" --handles 2 -o reel.mp4
  sensevoice cut shows/a.mp4.json --where "退款 情绪:愤怒 说话人:客户" -o clips.zip --media mp3
  sensevoice cut shows --highlights laughter,applause -o best.mp3 --subtitles srt,vtt

DIR is a folder of JSON records beside their recordings, as the first line makes them; a recording elsewhere
is looked for in --media-dir. DIR 是 JSON 记录和录音放在一起的文件夹；录音在别处时用 --media-dir 指明。
Exit code: 0 done, 1 nothing found or failed, 2 a wrong option, 130 Ctrl-C.
"""


def argument_parser(prog: str | None = None) -> Any:
    parser = arguments.parser("Cut recordings / 剪辑录音", EPILOG, prog)
    parser.add_argument(
        "records",
        nargs="+",
        type=Path,
        metavar="DIR_OR_RECORD",
        help="folders, or JSON records / 文件夹或记录",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="*.mp4, *.mp3 … or *.zip"
    )
    parser.add_argument("--where", metavar="QUERY", help="rows, as in the search / 剪哪些行，同搜索")
    parser.add_argument(
        "--highlights",
        type=lambda text: tuple(text.replace(",", " ").split()),
        default=(),
        metavar="KINDS",
        help=f"{', '.join(HIGHLIGHT_NAMES)}, all / 关键片段",
    )
    parser.add_argument(
        "--handles", type=float, default=0.5, metavar="S", help="more at either end (0.5) / 首尾余量（秒）"
    )
    parser.add_argument(
        "--media", choices=MEDIA, help="kind of file in a zip (default mp3) / zip 里的文件类型"
    )
    parser.add_argument(
        "--subtitles",
        type=lambda text: tuple(text.replace(",", " ").split()),
        default=("srt",),
        metavar="srt,vtt,ass",
        help=f"{', '.join(SUBTITLES)} (default srt) / 字幕",
    )
    parser.add_argument("--labels", choices=("zh", "en"), default="zh", help="language of labels / 标签语言")
    parser.add_argument("--media-dir", type=Path, metavar="DIR", help="where recordings are / 录音所在文件夹")
    parser.add_argument("--recursive", action="store_true", help="sub-folders too / 包括子文件夹")
    return parser


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Cut what the arguments name; return the exit code."""
    environment.prepare()
    args = argument_parser(prog).parse_args(argv)
    try:
        return run(args)
    except SenseVoiceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nstopped, nothing was kept / 已停止，没有留下文件", file=sys.stderr)
        return 130


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    if bool(args.where) == bool(args.highlights):
        raise OptionError(
            option="where", value=args.where or "", allowed="--where QUERY | --highlights KINDS"
        )
    if not args.output.parent.is_dir():
        raise OptionError(option="output", value=str(args.output), allowed="in a folder / 已有的文件夹里")
    takes = list(_takes(args))
    wanted = found(takes, args.where) if args.where else moments(takes, _kinds(args.highlights))
    if not wanted:
        raise NothingToCut(count=0, most=1)
    with tqdm(total=100, unit="%", disable=None) as bar:  # no bar in a log
        made = make(wanted, settings, args.output, lambda fraction: _show(bar, fraction))
    _summarise(made, len(wanted))
    return 0


def settings_of(args: argparse.Namespace) -> CutSettings:
    """Return how to cut: the kind of file is that of the output's name. Raises OptionError."""
    kind = args.output.suffix.lower().removeprefix(".")
    if kind == "zip":
        return CutSettings(args.media or "mp3", "clips", args.handles, args.subtitles, args.labels)
    if kind not in MEDIA or args.media not in (None, kind):
        allowed = ", ".join(f"*.{each}" for each in (*MEDIA, "zip"))
        raise OptionError(option="output", value=args.output.name, allowed=allowed)
    return CutSettings(kind, "reel", args.handles, args.subtitles, args.labels)


def _kinds(names: Sequence[str]) -> tuple[str, ...]:
    known = (*HIGHLIGHT_NAMES, "all")
    for name in names:
        if name not in known:
            raise OptionError(option="highlights", value=name, allowed=", ".join(known))
    return tuple(HIGHLIGHT_NAMES) if "all" in names else tuple(names)


def _takes(args: argparse.Namespace) -> Iterator[Take]:
    """Yield the recordings of the records; what is no record or has none is told and left out."""
    for folder, path in _records(args):
        try:
            transcript = from_dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, BadRecord) as exc:
            print(f"{path.name}: no record / 不是记录: {exc}", file=sys.stderr)
            continue
        recording = _recording(path, folder, args.media_dir)
        if recording is None:
            print(f"{path.name}: no recording / 找不到录音 ({path.stem})", file=sys.stderr)
            continue
        yield Take(recording, recording.name, transcript, ())


def _records(args: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Yield each record with the folder that it was found in. Raises OptionError."""
    for path in args.records:
        if path.is_dir():
            inside = path.rglob("*.json") if args.recursive else path.glob("*.json")
            yield from ((path, each) for each in sorted(inside) if not each.name.startswith("."))
        elif path.is_file():
            yield path.parent, path
        else:
            allowed = "a folder or a JSON record / 文件夹或 JSON 记录"
            raise OptionError(option="records", value=str(path), allowed=allowed)


def _recording(record: Path, folder: Path, media_dir: Path | None) -> Path | None:
    """Return the recording of a record: the same name without .json, beside it or in another folder."""
    places = [record.with_suffix("")]
    if media_dir is not None:
        places.append(media_dir / record.relative_to(folder).with_suffix(""))
    return next((place for place in places if place.is_file()), None)


def _show(bar: Any, fraction: float) -> None:
    bar.update(round(100 * fraction) - bar.n)


def _summarise(made: Made, recordings: int) -> None:
    count, copied = len(made.clips), made.copied
    print(f"{count} clips of {recordings} recordings, {copied} copied without encoding: {made.path}")
    print(f"{recordings} 个录音，{count} 段，其中 {copied} 段原样复制：{made.path}")
    for path in made.beside:
        print(f"  {path}")
