"""Transcribes every audio and video file of a folder, and goes on where an earlier run ended."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Sequence

from sensevoice.cli import arguments, startup
from sensevoice.cli.transcribe.batch import Batch, UpdatesOf
from sensevoice.cli.transcribe.files import list_media
from sensevoice.cli.transcribe.parser import argument_parser, formats_of, render_options
from sensevoice.cli.transcribe.summary import summarise, tell_left_out
from sensevoice.errors import OptionError, SenseVoiceError
from sensevoice.formats import check_traditional
from sensevoice.models.loader import ModelSettings
from sensevoice.runtime import environment
from sensevoice.search.files import FileIndex
from sensevoice.transcribe.pipeline import iter_updates
from sensevoice.transcript import ModelInfo


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
    _check(args)
    options = arguments.options(args)
    _check_results(args)
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
        summarise(batch, listing.others, time.perf_counter() - started_s)
        tell_left_out(args.directory, listing)
    return 1 if batch.failed or not listing.files else 0


def _check(args: argparse.Namespace) -> None:
    """Raise OptionError for a folder that is not there, or files that cannot be written."""
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


def _check_results(args: argparse.Namespace) -> None:
    """Raise an error for what cannot be made of the transcripts, before the models are loaded."""
    render_options(args)
    if args.traditional:
        check_traditional()
    if args.index:
        FileIndex(args.index).close()  # raises NotAnIndex for another file


def _models(args: argparse.Namespace, settings: ModelSettings) -> tuple[ModelInfo, UpdatesOf]:
    """Return the models, here or in a fleet, and what transcribes a recording with them."""
    if args.ray:
        fleet = startup.join_fleet(settings, args.ray, args.ray_workers)
        return fleet.info, fleet.transcribe
    recognizer = startup.load(settings).scheduled()
    return recognizer.info, lambda path, options: iter_updates(path, recognizer.share(), options)
