"""The recording of a job for the player in the browser: as it is, or as a copy that any browser plays."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.responses import FileResponse, Response

from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.waveform import playable_file

PLAIN = "application/octet-stream"


def is_film(recording: Path) -> bool:
    """Tell whether a recording has a picture to show, by its name; the browser has the last word."""
    return media_type(recording).startswith("video/")


def media_type(recording: Path) -> str:
    """Return the type to send a recording as, never one that is no sound or film.

    A browser must not take an upload for a page.
    """
    guessed = mimetypes.guess_type(recording.name)[0] or ""
    return guessed if guessed.startswith(("audio/", "video/")) else PLAIN


def recording_response(folder: JobFolder, as_opus: bool) -> Response:
    """Return a job's recording, of which browsers ask for ranges, however long it is. Raises MediaError."""
    if as_opus:
        return FileResponse(playable_file(folder), media_type="audio/ogg")
    return FileResponse(
        folder.source,
        media_type=media_type(folder.source),
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
    )
