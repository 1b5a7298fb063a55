"""Where the graphs of a model are kept, and what was found out about them at the first start."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sensevoice.models.sources.files import CONFIG, WEIGHTS, ModelFiles
from sensevoice.runtime.atomic import replacing
from sensevoice.runtime.environment import user_cache

PART_SUFFIX = ".part"
RECORD = ".sensevoice-graphs.json"


@dataclass(frozen=True)
class Verdict:
    """What the check said of a graph; `stamp` is the size, time and inode of the file that it was kept in."""

    passed: bool
    reason: str
    stamp: list[int] | None = None


@dataclass
class Record:
    """What is known of a model's graphs on a machine, good for one `key` only.

    `seconds` is how long each takes for a piece of the work, `verdicts` what the check said, by rounding.
    """

    key: str
    seconds: dict[str, float] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def key_of(files: ModelFiles, version: int) -> str:
    """Return a short text that changes with weights and configuration, and with `version`, the graph's."""
    sums = "".join(files.sha256[name] for name in (WEIGHTS, CONFIG))
    return f"{hashlib.sha256(bytes.fromhex(sums)).hexdigest()[:16]}-v{version}"


def find(directory: Path, rounding: str, key: str) -> Path | None:
    """Return the stored graph of a model directory, or None."""
    name = _name(rounding, key)
    return next((path for folder in _folders(directory) if (path := folder / name).is_file()), None)


def store(directory: Path, rounding: str, key: str, content: bytes) -> Path:
    """Keep a graph beside its model, or in the user's cache where that folder is read-only.

    The file is there whole or not at all. Graphs made from other weights, or by other code, are removed.
    Raises OSError where no folder takes it.
    """
    path = _first_that_takes_it(directory, _name(rounding, key), content)
    for old in path.parent.glob("sensevoice-*.onnx*"):  # files cut short included
        if not old.name.endswith(f"-{key}.onnx"):
            old.unlink(missing_ok=True)
    return path


def stamp_of(path: Path) -> list[int]:
    """Return what changes when a file is another: its size, time and inode."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def read_record(directory: Path, key: str) -> Record:
    """Return what was recorded under a key, or an empty record."""
    for folder in _folders(directory):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            read = json.loads((folder / RECORD).read_text("utf-8"))
            if read["key"] == key:
                verdicts = {name: Verdict(**verdict) for name, verdict in read["verdicts"].items()}
                return Record(key, dict(read["seconds"]), verdicts)
    return Record(key)


def write_record(directory: Path, record: Record) -> None:
    """Keep a record where graphs are kept. Raises OSError where no folder takes it."""
    _first_that_takes_it(directory, RECORD, json.dumps(asdict(record), indent=1).encode())


def _name(rounding: str, key: str) -> str:
    return f"sensevoice-{rounding}-{key}.onnx"


def _folders(directory: Path) -> Iterator[Path]:
    yield directory
    if cache := user_cache(directory):
        yield cache


def _first_that_takes_it(directory: Path, name: str, content: bytes) -> Path:
    failure: OSError | None = None
    for folder in _folders(directory):
        try:
            return _write(folder, name, content)
        except OSError as exc:
            failure = exc
    raise failure or OSError("no folder")


def _write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / name) as part:
        part.write_bytes(content)
    return folder / name
