"""Zip files in memory, and the names of transcripts in them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable

from sensevoice.formats.shared import Content, one_line, title
from sensevoice.runtime.file_names import MAX_NAME_BYTES, cut_to_bytes, short_stem
from sensevoice.transcript import Transcript

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
"""Characters that Windows does not allow in a file name."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names of devices on Windows, whatever their extension."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip file can hold; with the time of writing no two files would be the same."""

_FILE_MODE = 0o100644 << 16
_UNIX = 3


def zip_of(files: Iterable[tuple[str, Content]]) -> bytes:
    """Return a zip file with these names and contents; the same files always give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX  # not the system of this machine
            entry.external_attr = _FILE_MODE
            archive.writestr(entry, content)
    return target.getvalue()


def entry_names(transcripts: Iterable[Transcript], extension: str) -> list[str]:
    """Return a file name for each transcript, valid on every system and unique regardless of letter case."""
    used: set[str] = set()
    names = []
    for transcript in transcripts:
        stem = safe_stem(transcript) + (".partial" if transcript.complete_until_ms is not None else "")
        name, number = stem + extension, 2
        while name.casefold() in used:
            name, number = f"{stem} ({number}){extension}", number + 1
        used.add(name.casefold())
        names.append(name)
    return names


def safe_stem(transcript: Transcript) -> str:
    """Return the name of a transcript's file without extension, path separators and reserved names."""
    return safe_name(short_stem(title(transcript), "transcript"))


def safe_name(text: str) -> str:
    """Return a text as a name of a file without its extension that every system takes."""
    name = cut_to_bytes(_FORBIDDEN.sub("_", one_line(text)), MAX_NAME_BYTES).strip(". ")
    return f"_{name}" if _RESERVED.match(name) else name or "transcript"
