"""One zip file with the same format of several transcripts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from sensevoice.formats.base import title
from sensevoice.transcript import Transcript

MAX_STEM = 80
"""With an extension, and Chinese at three bytes a character, this stays below 255 bytes."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
"""What Windows does not take in the name of a file."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names of devices on Windows, with any extension."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip file knows; the time of writing would make every file another."""

_FILE_MODE = 0o100644 << 16
_UNIX = 3


def bundle(transcripts: Sequence[Transcript], extension: str, write: Callable[[Transcript], str]) -> bytes:
    """Return a zip file with what `write` makes of each transcript, in their order.

    The same transcripts always give the same bytes.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for transcript, name in zip(transcripts, entry_names(transcripts, extension), strict=True):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX  # not that of the machine that writes
            entry.external_attr = _FILE_MODE
            archive.writestr(entry, write(transcript))
    return target.getvalue()


def entry_names(transcripts: Iterable[Transcript], extension: str) -> list[str]:
    """Return a name for each transcript that any system can unpack, no two alike in any letter case."""
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
    """Return the name of the file without extension and without what could lead out of a folder."""
    stem = _FORBIDDEN.sub("_", PurePosixPath(title(transcript)).stem)[:MAX_STEM].strip(". ")
    return f"_{stem}" if _RESERVED.match(stem) else stem or "transcript"
