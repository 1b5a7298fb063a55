"""Transcribing a folder: which files, what is done already, and results that are always whole."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sensevoice.audio.source import is_media
from sensevoice.options import Options
from sensevoice.transcript import ModelInfo

MEDIA_SUFFIXES = frozenset(
    [
        ".3gp",
        ".aac",
        ".ac3",
        ".aif",
        ".aiff",
        ".amr",
        ".ape",
        ".au",
        ".avi",
        ".caf",
        ".flac",
        ".flv",
        ".m4a",
        ".m4b",
        ".m4v",
        ".mka",
        ".mkv",
        ".mov",
        ".mp2",
        ".mp3",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".oga",
        ".ogg",
        ".ogv",
        ".opus",
        ".rm",
        ".tta",
        ".ts",
        ".w64",
        ".wav",
        ".weba",
        ".webm",
        ".wma",
        ".wmv",
        ".wv",
    ]
)
"""A file with such a name is expected to be media: if it is not, that is reported, not passed over."""


LEFTOVER = ".sensevoice-part"
"""Ends the name of a file while it is written; nobody else's files end so."""


@dataclass(frozen=True)
class Listing:
    """The files to transcribe, sorted, and how many others were left out."""

    files: tuple[Path, ...]
    others: int


def list_media(directory: Path, recursive: bool) -> Listing:
    """List the media files of a folder by content; hidden and special files are left out."""
    candidates = sorted(directory.rglob("*") if recursive else directory.iterdir())
    regular = [path for path in candidates if path.is_file() and not path.name.startswith(".")]
    files = [path for path in regular if path.suffix.lower() in MEDIA_SUFFIXES or is_media(path)]
    return Listing(tuple(files), len(regular) - len(files))


def name_in(directory: Path, path: Path) -> str:
    """Return a file's path below a folder in one line that can be written anywhere."""
    return _text(path.relative_to(directory)).replace("\r", "\\r").replace("\n", "\\n")


def settings_key(options: Options, model: ModelInfo, *further: str) -> str:
    """Return a short text that changes when a result would have to be made again."""
    parts = [options.as_dict(), model.name, model.vad_name, model.demo, *further]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class DoneList:
    """What has been transcribed, in a small database beside the results; safe against a kill at any time."""

    def __init__(self, path: Path, key: str) -> None:
        self._database = sqlite3.connect(path)
        self._key = key
        with self._database:
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS done (path TEXT PRIMARY KEY, name TEXT, size INTEGER, "
                "modified_ns INTEGER, key TEXT, text TEXT)"
            )

    def close(self) -> None:
        self._database.close()

    def holds(self, path: Path) -> bool:
        """Say whether this very file was transcribed with these very settings."""
        known = self._database.execute(
            "SELECT size, modified_ns, key FROM done WHERE path = ?", (_text(path.resolve()),)
        ).fetchone()
        state = path.stat()
        return bool(known == (state.st_size, state.st_mtime_ns, self._key))

    def add(
        self, path: Path, name: str, text: str, whole: bool = True, state: os.stat_result | None = None
    ) -> None:
        """Keep the result of a file, in place of an older one; unless `whole` it is to be made again.

        `state` is that of the file before it was read (None: as it is now): one that has grown meanwhile
        is then another file, and a recording that was removed keeps its result.
        """
        state = state or path.stat()
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?, ?, ?)",
                (
                    _text(path.resolve()),
                    name,
                    state.st_size,
                    state.st_mtime_ns,
                    self._key if whole else "",
                    text,
                ),
            )

    def entries(self) -> Iterator[tuple[str, str]]:
        """Yield (name, text) of everything that is done, by name."""
        with closing(self._database.execute("SELECT name, text FROM done ORDER BY name")) as rows:
            yield from rows


def _text(path: Path) -> str:
    # A name on a disk may hold bytes that are not text; neither SQLite nor a terminal takes those.
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write a text file so that it is there whole or not at all, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=LEFTOVER)
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def remove_leftovers(directory: Path) -> None:
    """Remove what a killed run was writing."""
    for leftover in directory.glob(f".*{LEFTOVER}"):
        leftover.unlink(missing_ok=True)
