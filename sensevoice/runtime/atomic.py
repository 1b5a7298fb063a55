"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sensevoice.runtime.file_names import cut_to_bytes

LEFTOVER = ".sensevoice-part"
"""Ends the name of a file while it is written; no other program's files end so."""

MAX_PREFIX_BYTES = 120
"""Of the name of the target; with the random part and LEFTOVER, file systems' limit of 255 is far."""


@contextmanager
def replacing(path: Path, mode: int = 0o600, sync: bool = True) -> Iterator[Path]:
    """Yield an empty file beside `path`, to be written in the block, which then replaces `path`.

    Its content is on the disk before it gets the name, so that even a power failure leaves the old file or
    the new one; without `sync` that holds for the death of this process alone. When the block raises, it is
    removed and `path` stays as it is. Raises OSError.
    """
    prefix = f".{cut_to_bytes(path.name, MAX_PREFIX_BYTES)}."
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=LEFTOVER)
    part = Path(name)
    try:
        os.fchmod(handle, mode)
        yield part
        if sync:
            os.fsync(handle)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def write_whole(
    path: Path, content: str | bytes | Iterable[str], mode: int = 0o600, sync: bool = True
) -> None:
    """Write a file by `replacing`: bytes as they are, text as UTF-8.

    What UTF-8 cannot hold, as in some file names, is escaped.
    """
    with replacing(path, mode, sync) as part:
        if isinstance(content, bytes):
            part.write_bytes(content)
            return
        with part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines([content] if isinstance(content, str) else content)


def remove_leftovers(directory: Path) -> None:
    """Remove what a killed process was writing in a directory."""
    for leftover in directory.glob(f".*{LEFTOVER}"):
        leftover.unlink(missing_ok=True)
