"""The recording of a job for the player in the browser: as it is, or as a copy that any browser plays."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from starlette.responses import FileResponse, Response

from sensevoice.jobs.folder import JobFolder
from sensevoice.jobs.making import OnceEach
from sensevoice.jobs.waveform import playable_file

makers = OnceEach(workers=2)
"""Reading a whole recording takes a core for seconds or minutes: two leave the others to recognition."""

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


def recording_response(folder: JobFolder, as_opus: bool) -> Response | Future[Response]:
    """Return a job's recording, of which browsers ask for ranges, however long it is. Raises MediaError."""
    if as_opus:
        return file_made_by(playable_file, folder, "audio/ogg")
    return FileResponse(
        folder.source,
        media_type=media_type(folder.source),
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
    )


def file_made_by(make: Callable[[JobFolder], Path], folder: JobFolder, media_type: str) -> Future[Response]:
    """Return a file beside a recording as soon as it is made; what keeps it from that is raised there."""
    return makers.ask((make.__name__, folder.path), lambda: FileResponse(make(folder), media_type=media_type))
