"""Whether a model's files are still what they were: SHA-256 of each, recorded once, compared at each start.

funasr loads a flipped bit, foreign weights or half a file without a word. ModelScope's client compares what
it downloads with the SHA-256 of its listing; Hugging Face's compares the size alone, but names each file in
its cache by its hash, so that is compared here. A directory of the user's own is recorded as it is at its
first use; the bundled models are compared with the sums in the repository.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sensevoice.errors import ModelFileDamaged
from sensevoice.runtime.atomic import write_whole
from sensevoice.runtime.environment import user_cache

log = logging.getLogger(__name__)

RECORD = ".sensevoice-sha256.json"

SUMS = "SHA256SUMS"
"""As `sha256sum` writes it, of everything below the folder that it lies in."""

CACHED_NAME = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
"""How Hugging Face's cache names a file: as git does, or by its SHA-256 when it is a large one."""


def check(directory: Path, names: Iterable[str], force: bool = False) -> dict[str, str]:
    """Compare the named files of a model directory with their recorded sums; return the SHA-256 of each.

    What is new is recorded. A file of the same size, time and inode as at the last comparison is taken for
    the same unless `force`: a gigabyte takes a second or two. Raises ModelFileDamaged.
    """
    known = _read(directory)
    now = {name: _compared(directory, name, known.get(name, {}), force) for name in names}
    if now != known:
        _write(directory, now)
    return {name: entry["sha256"] for name, entry in now.items()}


def check_cached_names(directory: Path) -> None:
    """Compare every file that Hugging Face's cache names by its hash. Raises ModelFileDamaged."""
    for path in sorted(directory.iterdir()):
        if path.is_symlink() and path.is_file():
            _compare_with_cached_name(path, sha256(path))


def forget(directory: Path) -> None:
    """Remove what is recorded of a directory, because its files were just compared with the hub's."""
    for path in _records(directory):
        with contextlib.suppress(OSError):
            path.unlink()


def _compared(directory: Path, name: str, before: dict[str, Any], force: bool) -> dict[str, Any]:
    """Return what to record of a file. Raises ModelFileDamaged unless it is what was recorded."""
    path = directory / name
    status = path.stat()
    stamp = [status.st_size, status.st_mtime_ns, status.st_ino]
    if before.get("stamp") == stamp and "sha256" in before and not force:
        return before
    digest = sha256(path)
    _compare_with_cached_name(path, digest)
    if before.get("sha256", digest) != digest:
        reason = f"SHA-256 ≠ {RECORD}; if you changed it on purpose, delete that / 若有意替换，请删除该记录"
        raise ModelFileDamaged(path=directory, file=name, reason=reason)
    return {"stamp": stamp, "sha256": digest}


def _compare_with_cached_name(path: Path, digest: str) -> None:
    """Raise ModelFileDamaged if Hugging Face's cache names a file by another hash, and remove it there.

    Left in place, it would be linked again at the next download instead of being fetched.
    """
    target = Path(os.readlink(path)) if path.is_symlink() else path
    if target.parent.name != "blobs" or not CACHED_NAME.fullmatch(target.name):
        return
    if target.name in (digest, _git_sha1(path) if len(target.name) == 40 else digest):
        return
    with contextlib.suppress(OSError):
        (path.parent / target).unlink()
        path.unlink()
    reason = (
        "not what the hub published; removed, to be fetched again / 与模型仓库公布的不一致，已删除待重新下载"
    )
    raise ModelFileDamaged(path=path.parent, file=path.name, reason=reason)


def check_sums(directory: Path) -> dict[str, str]:
    """Compare everything that SHA256SUMS in a folder lists; return it, by name. Raises ModelFileDamaged."""
    sums: dict[str, str] = {}
    for line in (directory / SUMS).read_text("utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        if sha256(directory / name) != wanted:
            reason = f"SHA-256 ≠ {SUMS}; git checkout -- {name}"
            raise ModelFileDamaged(path=directory, file=name, reason=reason)
        sums[name] = wanted
    return sums


def write_sums(directory: Path) -> None:
    """Write SHA256SUMS anew for all files below a folder."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != SUMS)
    lines = (f"{sha256(path)}  {path.relative_to(directory).as_posix()}\n" for path in files)
    (directory / SUMS).write_text("".join(lines), encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_sha1(path: Path) -> str:
    """Return the name that git gives a file's content (a blob)."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


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
            write_whole(path, json.dumps(sums, indent=1))
        except OSError:
            continue
        return
    log.warning("%s: no place to record the SHA-256 of its files", directory)
