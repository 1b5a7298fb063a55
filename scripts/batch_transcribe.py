#!/usr/bin/env python3
"""Transcribe every audio and video file of a folder. Try --help."""

from __future__ import annotations

import argparse
import itertools
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sensevoice.runtime import environment

environment.prepare()

from tqdm import tqdm  # noqa: E402  (the environment has to be in order first)

from sensevoice.cli import arguments, startup  # noqa: E402
from sensevoice.cli.batch import DoneList, list_media, name_in, remove_leftovers, settings_key, write_whole  # noqa: E402
from sensevoice.errors import OptionError, SenseVoiceError  # noqa: E402
from sensevoice.formats import FORMATS, VIEWS, RenderOptions, check_traditional, render  # noqa: E402
from sensevoice.models.loader import scheduled  # noqa: E402
from sensevoice.options import Options  # noqa: E402
from sensevoice.progress import Progress  # noqa: E402
from sensevoice.protocols import Recognizer  # noqa: E402
from sensevoice.transcribe.pipeline import transcribe  # noqa: E402
from sensevoice.transcript import Transcript  # noqa: E402

EPILOG = """
examples / 示例:
  python scripts/batch_transcribe.py recordings -o results.txt
  python scripts/batch_transcribe.py recordings --recursive --format srt --out-dir subtitles
  python scripts/batch_transcribe.py calls -o calls.txt --channel split --language zh

Run again, it goes on where it was: files that are done are skipped unless they or the settings changed.
再次运行会跳过已完成的文件（除非文件或设置有变化）。Exit code: 0 all done, 1 some failed, 130 Ctrl-C.
"""


def argument_parser() -> Any:
    parser = arguments.parser("Transcribe a folder / 批量转写文件夹", EPILOG)
    parser.add_argument("directory", type=Path, help="folder with recordings / 录音所在文件夹")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="one text file for all / 汇总文本文件"
    )
    parser.add_argument(
        "--out-dir", type=Path, metavar="DIR", help="one file each, in this folder / 每个录音一个文件"
    )
    parser.add_argument(
        "--format", choices=sorted(FORMATS), default="txt", help="for --out-dir (default txt)"
    )
    parser.add_argument(
        "--view", choices=VIEWS, default="tagged", help="kind of text (default tagged) / 文本样式"
    )
    parser.add_argument(
        "--labels", choices=("zh", "en"), default="zh", help="language of the labels / 标签语言"
    )
    parser.add_argument(
        "--names", action="store_true", help="SRT says who speaks, with --speakers / SRT 写出名字"
    )
    parser.add_argument("--captions", action="store_true", help="name sounds during speech too / 听障字幕")
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
    arguments.add_option_arguments(parser)
    return parser


WRITE_EVERY_S = 2.0
"""How often the file of all results is written anew: a thousand short recordings finish in a minute."""


class Stopped(Exception):
    """Ends the files under way when the run ends early."""


class Batch:
    """One run over a folder."""

    def __init__(self, args: argparse.Namespace, options: Options, recognizer: Recognizer) -> None:
        self._args = args
        self._recognizer = recognizer
        self._options = options
        self._render = RenderOptions(args.view, args.labels, args.traditional, args.captions, args.names)
        target = args.out_dir or args.output.parent
        target.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        state = (
            target / ".sensevoice-done.db"
            if args.out_dir
            else args.output.with_name(f".{args.output.name}.db")
        )
        # Only what was asked for is part of the key: results made before these settings came stay done.
        extras = [name for name in ("captions", "traditional", "names") if getattr(args, name)]
        key = settings_key(self._options, recognizer.info, args.format, args.view, args.labels, *extras)
        self._done = DoneList(state, key)
        self._stopped = threading.Event()
        self._written_s = -WRITE_EVERY_S
        self.failed: list[str] = []
        self.counts = {"done": 0, "skipped": 0}

    def run(self, files: tuple[Path, ...]) -> None:
        todo = []
        for path in files:
            name = name_in(self._args.directory, path)
            if self._is_done(path, name):
                self.counts["skipped"] += 1
            else:
                todo.append((path, name))
        with (
            tqdm(total=len(files), initial=len(files) - len(todo), unit="file", dynamic_ncols=True) as bar,
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
                except (SenseVoiceError, OSError) as error:
                    self.failed.append(name)
                    bar.write(f"{name}: {error}", file=sys.stderr)
                bar.update(1)

    def close(self) -> None:
        self._done.close()

    def _is_done(self, path: Path, name: str) -> bool:
        try:
            return self._done.holds(path) and self._target(name).exists()
        except OSError:  # it has vanished; trying to read it will say so
            return False

    def _transcribe(self, path: Path, name: str, bar: Any) -> tuple[os.stat_result, Transcript]:
        def show(progress: Progress) -> None:
            if self._stopped.is_set():
                raise Stopped
            bar.set_postfix_str(f"{name[-40:]} {100 * (progress.fraction or 0):.0f} %")

        before = path.stat()
        return before, transcribe(path, self._recognizer, self._options, show)

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

    def _target(self, name: str) -> Path:
        # The whole name stays: a.mp3 and a.wav must not write the same file.
        if not self._args.out_dir:
            return Path(self._args.output)
        return Path(self._args.out_dir) / (name + FORMATS[self._args.format].extension)

    def _write(self, path: Path, name: str, before: os.stat_result, transcript: Transcript) -> None:
        text = render(transcript, self._args.format, self._render)
        whole = not transcript.failed()
        if self._args.out_dir:
            write_whole(self._target(name), [text])
            self._done.add(path, name, "", whole, before)
            return
        self._done.add(path, name, text, whole, before)
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


def main() -> int:
    args = argument_parser().parse_args()
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
    if args.output and args.format != "txt":
        raise OptionError(option="format", value=args.format, allowed="txt (-o), or / 或 --out-dir")
    if args.jobs < 1:
        raise OptionError(option="jobs", value=args.jobs, allowed="≥ 1")
    options = arguments.options(args)
    if args.traditional:
        check_traditional()
    listing = list_media(args.directory, args.recursive)
    settings = arguments.model_settings(args)
    startup.announce_versions()
    try:
        batch = Batch(args, options, scheduled(startup.load(settings)))
    except (OSError, sqlite3.Error) as exc:
        target = args.output or args.out_dir
        raise OptionError(option="output", value=str(target), allowed=f"writable / 可写 ({exc})") from exc
    started_s = time.perf_counter()
    try:
        batch.run(listing.files)
    finally:
        batch.close()
        _summarise(batch, listing.others, time.perf_counter() - started_s)
    return 1 if batch.failed else 0


def _summarise(batch: Batch, others: int, seconds: float) -> None:
    done, skipped, failed = batch.counts["done"], batch.counts["skipped"], len(batch.failed)
    print(
        f"{done} done, {skipped} skipped, {failed} failed, {others} not media, in {seconds:.1f} s / "
        f"完成 {done}，跳过 {skipped}，失败 {failed}，非媒体 {others}"
    )
    for name in batch.failed:
        print(f"  failed / 失败: {name}")


if __name__ == "__main__":
    sys.exit(main())
