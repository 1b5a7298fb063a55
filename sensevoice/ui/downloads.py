"""Download links of a result; each file is rendered when it is requested."""

from __future__ import annotations

from urllib.parse import urlencode

from sensevoice.runtime.file_names import short_stem

DOWNLOADS = ("txt", "json", "srt", "vtt")


def download_links(job_id: str, view: str, locale: str) -> tuple[str, ...]:
    """Return the URL of each of DOWNLOADS, relative to the page.

    Rendering all of them beforehand would add seconds to every opening of a long job.
    """
    chosen = {"view": view, "labels": locale}
    return tuple(f"sv/jobs/{job_id}/export?{urlencode({'format': name, **chosen})}" for name in DOWNLOADS)


def file_stem(name: str, partial: bool) -> str:
    """Return a download's file name without extension; ".partial" marks one of an unfinished job."""
    stem = short_stem(name, "transcript")
    return f"{stem}.partial" if partial else stem
