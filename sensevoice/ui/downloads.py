"""Names of downloads; each file is rendered when it is requested."""

from __future__ import annotations

from sensevoice.runtime.file_names import short_stem


def file_stem(name: str, partial: bool) -> str:
    """Return a download's file name without extension; ".partial" marks one of an unfinished job."""
    stem = short_stem(name, "transcript")
    return f"{stem}.partial" if partial else stem
