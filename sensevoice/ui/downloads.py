"""The files that the page offers for a result: addresses, each made into a file when somebody asks for it."""

from __future__ import annotations

from urllib.parse import urlencode

from sensevoice.runtime.file_names import short_stem

DOWNLOADS = ("txt", "json", "srt", "vtt")


def download_links(job_id: str, view: str, labels: str) -> tuple[str, ...]:
    """Return an address for each of DOWNLOADS, relative to the page's own.

    Writing them all beforehand would take seconds of every opening of a long job.
    """
    chosen = {"view": view, "labels": labels}
    return tuple(f"sv/jobs/{job_id}/export?{urlencode({'format': name, **chosen})}" for name in DOWNLOADS)


def file_stem(name: str, partial: bool) -> str:
    """Return how a download is named after its recording; one that is not whole says so."""
    stem = short_stem(name, "transcript")
    return f"{stem}.partial" if partial else stem
