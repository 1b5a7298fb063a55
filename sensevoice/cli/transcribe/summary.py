"""What a run over a folder has done, and what it left out, as lines for the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from sensevoice.cli.transcribe.batch import Batch
from sensevoice.cli.transcribe.files import Listing, name_in
from sensevoice.errors import MediaError
from sensevoice.headerless import RAW_SUFFIXES

MAX_NAMED = 50
"""Files that were left out; more are counted."""


def tell_left_out(directory: Path, listing: Listing) -> None:
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


def summarise(batch: Batch, others: int, seconds: float) -> None:
    done, skipped, failed = batch.counts["done"], batch.counts["skipped"], len(batch.failed)
    print(
        f"{done} done, {skipped} skipped, {failed} failed, {others} not media, in {seconds:.1f} s / "
        f"完成 {done}，跳过 {skipped}，失败 {failed}，非媒体 {others}"
    )
    for name in batch.failed:
        print(f"  failed / 失败: {name}")
