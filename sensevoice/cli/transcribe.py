"""Transcribes every audio and video file of a folder, and goes on where an earlier run ended."""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sensevoice.analysis.highlights import HIGHLIGHT_NAMES
from sensevoice.cli import arguments, startup
from sensevoice.cli.batch import (
    DoneList,
    Listing,
    list_media,
    name_in,
    output_name,
    remove_leftovers,
    settings_key,
    write_whole,
)
from sensevoice.errors import CardLost, MediaError, OptionError, SenseVoiceError
from sensevoice.formats import FORMATS, NAMES, VIEWS, RenderOptions, check_traditional, render
from sensevoice.headerless import RAW_SUFFIXES
from sensevoice.jobs.running.checkpoint import checking
from sensevoice.models.loader import ModelSettings
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.runtime import environment
from sensevoice.search.files import FileIndex
from sensevoice.transcribe.pipeline import Update, iter_updates, transcript_of
from sensevoice.transcript import ModelInfo, Transcript

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


WRITE_EVERY_S = 2.0
"""How often the file of all results is written anew: a thousand short recordings finish in a minute."""


MAX_NAMED = 50
"""Files that were left out; more are counted."""


log = logging.getLogger(__name__)

UpdatesOf = Callable[[Path, Options], Iterator[Update]]


class Stopped(Exception):
    """Ends the files under way when the run ends early."""


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


class Batch:
    """One run over a folder."""

    def __init__(
        self, args: argparse.Namespace, options: Options, model: ModelInfo, updates_of: UpdatesOf
    ) -> None:
        self._args = args
        self._updates_of = updates_of
        self._options = options
        self._render = render_options(args)
        self._formats = formats_of(args)
        target = args.out_dir or args.output.parent
        target.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        state = (
            target / ".sensevoice-done.db"
            if args.out_dir
            else args.output.with_name(f".{args.output.name}.db")
        )
        # Only what was asked for is part of the key: results made before these settings came stay done.
        extras = [name for name in ("captions", "traditional") if getattr(args, name)]
        editing = (args.names, args.fps, args.start_timecode, args.handles, args.kinds)
        extras += [] if args.precision == "auto" else [f"precision={args.precision}"]
        extras += [str(editing)] if editing != ("name", "", "", 0.0, ()) else []
        extras += [] if args.tags else ["no tags"]
        extras += ["table"] if args.table else []
        formats = " ".join(self._formats)
        key = settings_key(self._options, model, formats, args.view, args.labels, *extras)
        self._done = DoneList(state, key)
        self._key = settings_key(self._options, model)
        self._index = FileIndex(args.index) if args.index else None
        self._stopped = threading.Event()
        self._written_s = -WRITE_EVERY_S
        self.failed: list[str] = []
        self.counts = {"done": 0, "skipped": 0}

    def run(self, files: tuple[Path, ...]) -> None:
        todo = []
        for path in files:
            name = name_in(self._args.directory, path)
            with suppress(OSError):  # it has vanished; trying to read it will say so
                self._done.rename(path, name)
                if self._index:
                    self._index.rename(path, name, self._key)
            if self._is_done(path, name):
                self.counts["skipped"] += 1
            else:
                todo.append((path, name))
        with (
            tqdm(
                total=len(files),
                initial=len(files) - len(todo),
                unit="file",
                dynamic_ncols=True,
                disable=None,  # no bar in a log
            ) as bar,
            ThreadPoolExecutor(self._args.jobs, thread_name_prefix="file") as pool,
        ):
            try:
                self._run(iter(todo), pool, bar)
            finally:
                self._stopped.set()
        if self._args.output and (self.counts["skipped"] or self.counts["done"]):
            self._write_all()

    def _run(self, todo: Iterator[tuple[Path, str]], pool: ThreadPoolExecutor, bar: Any) -> None:
        """Keep `--jobs` files under way; write what is finished, in this thread alone."""
        running: dict[Future[tuple[os.stat_result, Transcript]], tuple[Path, str]] = {}
        while True:
            for path, name in itertools.islice(todo, self._args.jobs - len(running)):
                running[pool.submit(self._transcribe, path, name, bar)] = (path, name)
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                path, name = running.pop(future)
                try:
                    self._finish(path, name, *future.result(), bar)
                except (SenseVoiceError, OSError, sqlite3.OperationalError) as error:
                    self.failed.append(name)
                    bar.write(f"{name}: {error}", file=sys.stderr)
                bar.update(1)

    def close(self) -> None:
        self._done.close()
        if self._index:
            self._index.close()

    def _is_done(self, path: Path, name: str) -> bool:
        try:
            indexed = self._index is None or self._index.holds(path, self._key)
            written = all(target.exists() for target in self._targets(name).values())
            return indexed and self._done.holds(path) and written
        except OSError:  # it has vanished; trying to read it will say so
            return False

    def _transcribe(self, path: Path, name: str, bar: Any) -> tuple[os.stat_result, Transcript]:
        def go_on() -> None:
            if self._stopped.is_set():
                raise Stopped

        def show(progress: Progress) -> None:
            go_on()
            bar.set_postfix_str(f"{name[-40:]} {100 * (progress.fraction or 0):.0f} %")

        before = path.stat()
        with checking(go_on):
            while True:
                try:
                    return before, transcript_of(self._updates_of(path, self._options), show)
                except CardLost:
                    log.info("%s begins again on another card", name)

    def _finish(
        self, path: Path, name: str, before: os.stat_result, transcript: Transcript, bar: Any
    ) -> None:
        for segment in transcript.failed():
            bar.write(f"{name}: {segment.span.start_ms} ms: {segment.error}", file=sys.stderr)
        if _has_changed(path, before):
            grew = "changed while it was read; the next run reads it again / 读取时文件有变化，下次会重新处理"
            bar.write(f"{name}: {grew}", file=sys.stderr)
        self._write(path, name, before, transcript)
        if transcript.failed():
            self.failed.append(name)  # what was heard is written, and the next run tries again
        else:
            self.counts["done"] += 1

    def _targets(self, name: str) -> dict[str, Path]:
        """Return the file of each format."""
        # The whole name stays: a.mp3 and a.wav must not write the same file.
        if not self._args.out_dir:
            return {"txt": Path(self._args.output)}
        folder = Path(self._args.out_dir)
        return {each: folder / output_name(name, FORMATS[each].extension) for each in self._formats}

    def _write(self, path: Path, name: str, before: os.stat_result, transcript: Transcript) -> None:
        whole = not transcript.failed()
        if self._index:
            self._index.add(path, name, transcript, before, self._key if whole else "")
        if self._args.out_dir:
            for each, target in self._targets(name).items():
                write_whole(target, render(transcript, each, self._render))
            self._done.add(path, name, "", whole, before)
            return
        self._done.add(path, name, str(render(transcript, "txt", self._render)), whole, before)
        if time.monotonic() - self._written_s >= WRITE_EVERY_S:
            self._write_all()

    def _write_all(self) -> None:
        self._written_s = time.monotonic()
        entries = self._done.entries()
        write_whole(self._args.output, (f"=== {name} ===\n{body.rstrip()}\n\n" for name, body in entries))


def _has_changed(path: Path, before: os.stat_result) -> bool:
    try:
        now = path.stat()
    except OSError:  # gone: what was read is what there is
        return False
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Transcribe what the arguments name; return the exit code."""
    environment.prepare()
    args = argument_parser(prog).parse_args(argv)
    try:
        return run(args)
    except SenseVoiceError as error:
        return startup.fail(error)
    except KeyboardInterrupt:
        print("\nstopped; run again to go on / 已停止，再次运行会接着处理", file=sys.stderr)
        return 130


def run(args: argparse.Namespace) -> int:
    if not args.directory.is_dir():
        raise OptionError(option="directory", value=str(args.directory), allowed="a folder / 文件夹")
    if bool(args.output) == bool(args.out_dir):
        raise OptionError(option="output", value="", allowed="-o FILE | --out-dir DIR")
    if args.output and formats_of(args) != ["txt"]:
        wanted = " ".join(formats_of(args))
        raise OptionError(option="format", value=wanted, allowed="txt (-o), or / 或 --out-dir")
    target = args.output or args.out_dir
    if target.is_dir() if args.output else target.exists() and not target.is_dir():
        raise OptionError(option="output", value=str(target), allowed="-o FILE | --out-dir DIR")
    if args.jobs < 1:
        raise OptionError(option="jobs", value=args.jobs, allowed="≥ 1")
    options = arguments.options(args)
    render_options(args)  # a wrong value is told before the models are loaded
    if args.traditional:
        check_traditional()
    if args.index:
        FileIndex(args.index).close()  # another file is told before the models are loaded
    listing = list_media(args.directory, args.recursive, options.raw_format)
    settings = arguments.model_settings(args)
    startup.announce_versions()
    model, updates_of = _models(args, settings)
    try:
        batch = Batch(args, options, model, updates_of)
    except (OSError, sqlite3.Error) as exc:
        target = args.output or args.out_dir
        raise OptionError(option="output", value=str(target), allowed=f"writable / 可写 ({exc})") from exc
    started_s = time.perf_counter()
    try:
        batch.run(listing.files)
    finally:
        batch.close()
        _summarise(batch, listing.others, time.perf_counter() - started_s)
        _tell_left_out(args.directory, listing)
    return 1 if batch.failed or not listing.files else 0


def _models(args: argparse.Namespace, settings: ModelSettings) -> tuple[ModelInfo, UpdatesOf]:
    """Return the models, here or in a fleet, and what transcribes a recording with them."""
    if args.ray:
        fleet = startup.join_fleet(settings, args.ray, args.ray_workers)
        return fleet.info, fleet.transcribe
    recognizer = startup.load(settings).scheduled()
    return recognizer.info, lambda path, options: iter_updates(path, recognizer.share(), options)


def _tell_left_out(directory: Path, listing: Listing) -> None:
    """Name what was left out, with the reason: a recording among it would be missed otherwise."""
    for path, reason in listing.left_out[:MAX_NAMED]:
        print(f"  not media / 非媒体: {name_in(directory, path)}: {_reason(path, reason)}")
    if listing.others > MAX_NAMED:
        print(f"  … {listing.others - MAX_NAMED} more / 另有 {listing.others - MAX_NAMED} 个")
    if not listing.files:
        print("nothing to transcribe in this folder / 文件夹里没有可以转写的文件", file=sys.stderr)


def _reason(path: Path, error: MediaError) -> str:
    if path.suffix.lower() in RAW_SUFFIXES:
        return "no header: say what it is by --raw-format / 没有文件头，请用 --raw-format 指明格式"
    return str(error)


def _summarise(batch: Batch, others: int, seconds: float) -> None:
    done, skipped, failed = batch.counts["done"], batch.counts["skipped"], len(batch.failed)
    print(
        f"{done} done, {skipped} skipped, {failed} failed, {others} not media, in {seconds:.1f} s / "
        f"完成 {done}，跳过 {skipped}，失败 {failed}，非媒体 {others}"
    )
    for name in batch.failed:
        print(f"  failed / 失败: {name}")
