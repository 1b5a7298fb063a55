"""Where the graph of a model is kept, so that only the first start has to make it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sensevoice.recognise import onnx_graph
from sensevoice.runtime.environment import user_cache

PART_SUFFIX = ".part"


def key_of(files: list[Path]) -> str:
    """Return a short text that changes with the content of the files and with the code of the graph."""
    digest = hashlib.sha256()
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"{digest.hexdigest()[:16]}-v{onnx_graph.VERSION}"


def find(directory: Path, precision: onnx_graph.Precision, key: str) -> Path | None:
    """Return the stored graph of a model directory, or None."""
    name = _name(precision, key)
    return next((path for folder in _folders(directory) if (path := folder / name).is_file()), None)


def store(directory: Path, precision: onnx_graph.Precision, key: str, content: bytes) -> Path:
    """Keep a graph beside its model, or in the user's cache where that folder is read-only.

    The file is there whole or not at all. Graphs of the same precision made from other weights, or by
    other code, are removed. Raises OSError where no folder takes it.
    """
    failure: OSError | None = None
    for folder in _folders(directory):
        try:
            path = _write(folder, _name(precision, key), content)
        except OSError as exc:
            failure = exc
            continue
        for old in folder.glob(f"{_prefix(precision)}*"):  # files cut short included
            if old != path:
                old.unlink(missing_ok=True)
        return path
    raise failure or OSError("no folder")


def _name(precision: onnx_graph.Precision, key: str) -> str:
    return f"{_prefix(precision)}{key}.onnx"


def _prefix(precision: onnx_graph.Precision) -> str:
    return f"sensevoice-{precision}-"


def _folders(directory: Path) -> Iterator[Path]:
    yield directory
    if cache := user_cache(directory):
        yield cache


def _write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=name, suffix=PART_SUFFIX)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, folder / name)
    except BaseException:
        os.unlink(temporary)
        raise
    return folder / name
