"""One run over a folder: some files at a time, each written when it is finished."""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sensevoice.cli.transcribe.files import (
    DoneList,
    name_in,
    output_name,
    remove_leftovers,
    settings_key,
    write_whole,
)
from sensevoice.cli.transcribe.parser import formats_of, render_options
from sensevoice.errors import CardLost, SenseVoiceError
from sensevoice.formats import FORMATS, render
from sensevoice.jobs.running.checkpoint import checking
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.search.files import FileIndex
from sensevoice.transcribe.pipeline import Update, transcript_of
from sensevoice.transcript import ModelInfo, Transcript

WRITE_EVERY_S = 2.0
"""How often the file of all results is written anew: a thousand short recordings finish in a minute."""

log = logging.getLogger(__name__)

UpdatesOf = Callable[[Path, Options], Iterator[Update]]


class Stopped(Exception):
    """Ends the files under way when the run ends early."""


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
        self._done = DoneList(state, _key_of(args, options, model))
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


def _key_of(args: argparse.Namespace, options: Options, model: ModelInfo) -> str:
    """Return a key of all that a result depends on beside its recording."""
    # Only what was asked for is part of the key: results made before these settings came stay done.
    extras = [name for name in ("captions", "traditional") if getattr(args, name)]
    editing = (args.names, args.fps, args.start_timecode, args.handles, args.kinds)
    extras += [] if args.precision == "auto" else [f"precision={args.precision}"]
    extras += [str(editing)] if editing != ("name", "", "", 0.0, ()) else []
    extras += [] if args.tags else ["no tags"]
    extras += ["table"] if args.table else []
    formats = " ".join(formats_of(args))
    return settings_key(options, model, formats, args.view, args.labels, *extras)


def _has_changed(path: Path, before: os.stat_result) -> bool:
    try:
        now = path.stat()
    except OSError:  # gone: what was read is what there is
        return False
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
