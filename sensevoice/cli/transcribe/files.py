"""Transcribing a folder: which files, what is done already, and results that are always whole."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sensevoice.audio.source import why_not_media
from sensevoice.errors import MediaError
from sensevoice.formats import Content
from sensevoice.headerless import BY_SUFFIX, RAW_SUFFIXES
from sensevoice.options import Options
from sensevoice.runtime import atomic
from sensevoice.runtime.atomic import remove_leftovers as remove_leftovers
from sensevoice.transcript import ModelInfo

MEDIA_SUFFIXES = frozenset(
    [
        ".3g2",
        ".3gp",
        ".aac",
        ".ac3",
        ".aif",
        ".aifc",
        ".aiff",
        ".amr",
        ".ape",
        ".au",
        ".avi",
        ".awb",
        ".caf",
        ".dts",
        ".dv",
        ".eac3",
        ".flac",
        ".flv",
        ".m2ts",
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
        ".mts",
        ".mxf",
        ".nist",
        ".nut",
        ".oga",
        ".ogg",
        ".ogv",
        ".opus",
        ".rf64",
        ".rm",
        ".sph",
        ".tta",
        ".ts",
        ".voc",
        ".vob",
        ".w64",
        ".wav",
        ".weba",
        ".webm",
        ".wma",
        ".wmv",
        ".wtv",
        ".wv",
    ]
) | frozenset(BY_SUFFIX)
"""A file with such a name is expected to be media: if it is not, that is reported, not passed over."""


@dataclass(frozen=True)
class Listing:
    """The files to transcribe, sorted, and those that were left out, each with the reason."""

    files: tuple[Path, ...]
    left_out: tuple[tuple[Path, MediaError], ...]

    @property
    def others(self) -> int:
        return len(self.left_out)


def list_media(directory: Path, recursive: bool, raw_format: str = "") -> Listing:
    """List the media files of a folder by content; hidden and special files are left out.

    `raw_format` says what files without a header are, see Options.
    """
    candidates = sorted(directory.rglob("*") if recursive else directory.iterdir())
    regular = [path for path in candidates if path.is_file() and not path.name.startswith(".")]
    wanted = MEDIA_SUFFIXES | (frozenset(RAW_SUFFIXES) if raw_format else frozenset())
    tried = [(path, None if path.suffix.lower() in wanted else why_not_media(path)) for path in regular]
    return Listing(
        tuple(path for path, reason in tried if reason is None),
        tuple((path, reason) for path, reason in tried if reason is not None),
    )


def output_name(name: str, extension: str) -> str:
    """Return a name for the result of a file that every file system takes, another one for every file.

    A long one is shortened at the border of a character, and what is cut off stands for itself by a sum.
    """
    folder, _, last = name.rpartition("/")
    room = MAX_NAME_BYTES - len(extension.encode())
    if len(last.encode()) > room:
        sum_of_name = f"~{hashlib.sha256(last.encode()).hexdigest()[:8]}"
        last = last.encode()[: room - len(sum_of_name)].decode("utf-8", "ignore") + sum_of_name
    return f"{folder}/{last}{extension}" if folder else last + extension


def name_in(directory: Path, path: Path) -> str:
    """Return a file's path below a folder in one line that can be written anywhere."""
    return _text(path.relative_to(directory)).replace("\r", "\\r").replace("\n", "\\n")


MAX_NAME_BYTES = 255
"""What file systems take for one name."""

LATER = ("track", "raw_format", "hotwords")
"""Settings that there were not always; their defaults are what was done before."""


def settings_key(options: Options, model: ModelInfo, *further: str) -> str:
    """Return a short text that changes when a result would have to be made again."""
    # Only what was asked for: results made before there was a choice of tracks stay done.
    chosen = {name: value for name, value in options.as_dict().items() if name not in LATER or value}
    parts = [chosen, model.name, model.vad_name, model.demo, *further]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


OTHER_SETTINGS = "made with other settings / 用其他设置生成"


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
        """Return whether this very file was transcribed with these very settings."""
        known = self._database.execute(
            "SELECT size, modified_ns, key FROM done WHERE path = ?", (_text(path.resolve()),)
        ).fetchone()
        state = path.stat()
        return bool(known == (state.st_size, state.st_mtime_ns, self._key))

    def rename(self, path: Path, name: str) -> None:
        """Move the result of a file that was renamed since to its new name: the same size and time of change,
        and nothing any more where it was."""
        state = path.stat()
        same = self._database.execute(
            "SELECT path FROM done WHERE size = ? AND modified_ns = ?", (state.st_size, state.st_mtime_ns)
        ).fetchall()
        new = _text(path.resolve())
        gone = [old for (old,) in same if old != new and not os.path.lexists(_bytes(old))]
        if gone and (new,) not in same:
            with self._database:
                self._database.execute(
                    "UPDATE OR REPLACE done SET path = ?, name = ? WHERE path = ?", (new, name, gone[0])
                )

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
        """Yield (heading, text) of everything that is done, by name.

        Where files of several folders have one name the path stands for it, and a result that was made with
        other settings says so.
        """
        query = (
            "SELECT CASE WHEN count(*) OVER (PARTITION BY name) > 1 THEN path ELSE name END, text, key "
            "FROM done ORDER BY name, path"
        )
        with closing(self._database.execute(query)) as rows:
            for heading, text, key in rows:
                yield heading if key in (self._key, "") else f"{heading} ({OTHER_SETTINGS})", text


def _bytes(text: str) -> bytes:
    """Return the path that `_text` wrote; one whose name was escaped is not found, which changes nothing."""
    return text.encode("utf-8", "surrogateescape")


def _text(path: Path) -> str:
    # A name on a disk may hold bytes that are not text; neither SQLite nor a terminal takes those.
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def write_whole(path: Path, content: Content | Iterable[str]) -> None:
    """Write a result, which every user of the machine may read, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_whole(path, content, mode=0o644)
