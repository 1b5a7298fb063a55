"""The files that the page offers for a result."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sensevoice.formats import FORMATS, RenderOptions, render
from sensevoice.jobs import Result

DOWNLOADS = ("txt", "json", "srt", "vtt")

MAX_STEM = 80
"""With an extension, and Chinese at three bytes a character, this stays below 255 bytes."""


def write_downloads(result: Result, view: str, labels: str, cache: Path) -> tuple[Path, ...]:
    """Write one file for each of DOWNLOADS into a new folder in `cache` and return their paths.

    They are named after the source; a result that is not whole says so in its name. The folder is
    new every time, because a browser may still be fetching the files of the last view.
    """
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=cache))
    stem = (Path(result.transcript.source).stem or "transcript")[:MAX_STEM]
    if result.partial:
        stem += ".partial"
    options = RenderOptions(view=view, labels=labels)
    paths = []
    for name in DOWNLOADS:
        path = folder / f"{stem}{FORMATS[name].extension}"
        path.write_text(render(result.transcript, name, options), encoding="utf-8", newline="")
        paths.append(path)
    return tuple(paths)
