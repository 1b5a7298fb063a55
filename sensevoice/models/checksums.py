"""Whether a model's files are still what they were: SHA-256 of each, recorded once, compared at each start.

funasr loads a flipped bit, foreign weights or half a file without a word. What a download should be is
recorded as the hub lists it, before anything is compared; a directory of the user's own is recorded as
it is at its first use; the bundled models are compared with the sums in the repository.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensevoice.errors import ModelFileDamaged
from sensevoice.runtime.environment import user_cache

log = logging.getLogger(__name__)

RECORD = ".sensevoice-sha256.json"

SUMS = "SHA256SUMS"
"""As `sha256sum` writes it, of everything below the folder that it lies in."""


@dataclass(frozen=True)
class Listed:
    """A file as a hub lists it: its size in bytes, and its SHA-256 or what git calls it."""

    size: int
    sha256: str | None = None
    git_sha1: str | None = None


def expect(directory: Path, files: Mapping[str, Listed]) -> None:
    """Record what a hub lists, so that from now on `check` accepts nothing else under these names."""
    known = _read(directory)
    for name, listed in files.items():
        hashes = {"sha256": listed.sha256, "git_sha1": listed.git_sha1}
        known[name] = {"stamp": None, "listed": {"size": listed.size, **hashes}}
    _write(directory, known)


def check(directory: Path, names: Iterable[str]) -> None:
    """Compare the named files of a model directory with their recorded sums; record what is new.

    A file of the same size and time as at the last comparison is taken for the same: a gigabyte takes a
    second or two. Raises ModelFileDamaged.
    """
    known = _read(directory)
    now = {name: _compared(directory, name, known.get(name, {})) for name in names}
    if now != known:
        _write(directory, now)


def _compared(directory: Path, name: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return what to record of a file. Raises ModelFileDamaged unless it is what was recorded."""
    path = directory / name
    status = path.stat()
    stamp = [status.st_size, status.st_mtime_ns]
    if before.get("stamp") == stamp and "sha256" in before:
        return before
    digest = sha256(path)
    if "listed" in before:
        _compare_with_hub(path, digest, Listed(**before["listed"]))
    if before.get("sha256", digest) != digest:
        reason = f"SHA-256 ≠ {RECORD}; if you changed it on purpose, delete that / 若有意替换，请删除该记录"
        raise ModelFileDamaged(path=directory, file=name, reason=reason)
    return {**before, "stamp": stamp, "sha256": digest}


def _compare_with_hub(path: Path, digest: str, listed: Listed) -> None:
    """Raise ModelFileDamaged unless a file, and the SHA-256 it was found to have, are what the hub lists."""
    size = path.stat().st_size
    if size != listed.size:
        reason = f"{size} ≠ {listed.size} bytes on the hub / 大小与模型仓库公布的不一致"
    elif listed.sha256 and digest != listed.sha256.lower():
        reason = "SHA-256 ≠ the hub's / 与模型仓库公布的 SHA-256 不一致"
    elif listed.git_sha1 and git_sha1(path) != listed.git_sha1:
        reason = "SHA-1 ≠ the hub's / 与模型仓库公布的 SHA-1 不一致"
    else:
        return
    raise ModelFileDamaged(path=path.parent, file=path.name, reason=reason)


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


def git_sha1(path: Path) -> str:
    """Return the name that git gives a file's content (a blob), by which Hugging Face lists small files."""
    content = path.read_bytes()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _records(directory: Path) -> Iterator[Path]:
    """Yield where the record may lie: beside the model, or in the user's cache for a read-only one."""
    yield directory / RECORD
    if cache := user_cache(directory):
        yield cache / RECORD


def _read(directory: Path) -> dict[str, Any]:
    for path in _records(directory):
        try:
            result = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):  # none yet, or one that was cut off
            continue
        if isinstance(result, dict):
            return result
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
