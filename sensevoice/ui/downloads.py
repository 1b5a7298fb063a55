"""The files that the page offers for a result: addresses, each made into a file when somebody asks for it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

DOWNLOADS = ("txt", "json", "srt", "vtt")

MAX_STEM = 80
"""With an extension, and Chinese at three bytes a character, this stays below 255 bytes."""


def download_links(job_id: str, view: str, labels: str) -> tuple[str, ...]:
    """Return an address for each of DOWNLOADS, relative to the page's own.

    Writing them all beforehand would take seconds of every opening of a long job.
    """
    chosen = {"view": view, "labels": labels}
    return tuple(f"sv/jobs/{job_id}/export?{urlencode({'format': name, **chosen})}" for name in DOWNLOADS)


def file_stem(name: str, partial: bool) -> str:
    """Return how a download is named after its recording; one that is not whole says so."""
    stem = (Path(name).stem or "transcript")[:MAX_STEM]
    return f"{stem}.partial" if partial else stem
