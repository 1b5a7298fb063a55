"""Whether a model's files are still what they were: SHA-256 of each, recorded once, compared at each start.

funasr loads a flipped bit, foreign weights or half a file without a word. A download is compared by the
hub's own client with what the hub lists, so what is recorded after it is what was published; the bundled
models are compared with the sums in the repository.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sensevoice.environment import user_cache
from sensevoice.errors import ModelFileDamaged

log = logging.getLogger(__name__)

RECORD = ".sensevoice-sha256.json"

SUMS = "SHA256SUMS"
"""As `sha256sum` writes it, of everything below the folder that it lies in."""


def check(directory: Path, names: Iterable[str]) -> None:
    """Compare the named files of a model directory with their recorded sums; record what is new.

    A file of the same size and time as at the last comparison is taken for the same: a gigabyte takes a
    second or two. Raises ModelFileDamaged.
    """
    known = _read(directory)
    now: dict[str, Any] = {}
    for name in names:
        status = (directory / name).stat()
        stamp = [status.st_size, status.st_mtime_ns]
        before = known.get(name)
        if before is not None and before["stamp"] == stamp:
            now[name] = before
            continue
        now[name] = {"stamp": stamp, "sha256": sha256(directory / name)}
        if before is not None and before["sha256"] != now[name]["sha256"]:
            reason = (
                f"SHA-256 ≠ {RECORD}; if you changed it on purpose, delete that / 若有意替换，请删除该记录"
            )
            raise ModelFileDamaged(path=directory, file=name, reason=reason)
    if now != known:
        _write(directory, now)


def check_sums(directory: Path) -> None:
    """Compare everything that SHA256SUMS in a folder lists. Raises ModelFileDamaged."""
    for line in (directory / SUMS).read_text("utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        if sha256(directory / name) != wanted:
            raise ModelFileDamaged(
                path=directory, file=name, reason=f"SHA-256 ≠ {SUMS}; git checkout -- {name}"
            )


def write_sums(directory: Path) -> None:
    """Write SHA256SUMS anew for all files below a folder."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != SUMS)
    lines = (f"{sha256(path)}  {path.relative_to(directory).as_posix()}\n" for path in files)
    (directory / SUMS).write_text("".join(lines), encoding="utf-8")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _records(directory: Path) -> Iterator[Path]:
    """Yield where the record may lie: beside the model, or in the user's cache for a read-only one."""
    yield directory / RECORD
    if cache := user_cache(directory):
        yield cache / RECORD


def _read(directory: Path) -> dict[str, Any]:
    for path in _records(directory):
        try:
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):  # none yet, or one that was cut off
            continue
        if isinstance(found, dict):
            return found
    return {}


def _write(directory: Path, sums: dict[str, Any]) -> None:
    for path in _records(directory):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=path.parent, prefix=RECORD)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(sums, file, indent=1)
            os.replace(part, path)
        except OSError:
            continue
        return
    log.warning("%s: no place to record the SHA-256 of its files", directory)
