"""The recording of a job for the player in the browser: the original, or a copy that any browser plays."""

from __future__ import annotations

import mimetypes
from concurrent.futures import Future
from pathlib import Path

from starlette.responses import FileResponse, JSONResponse, Response

from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.waveform import PEAKS_PER_S, peaks_file, peaks_so_far, playable_file
from sensevoice.options import Options
from sensevoice.runtime.single_flight import SingleFlight

makers = SingleFlight(workers=2)
"""Reading a whole recording takes a core for seconds or minutes: two leave the others to recognition."""

PLAIN = "application/octet-stream"


def is_film(recording: Path) -> bool:
    """Return whether the name of a recording is that of a video; only the browser knows if it can show it."""
    return media_type(recording).startswith("video/")


def media_type(recording: Path) -> str:
    """Return the media type of a recording by its name, PLAIN unless it is one of audio or video.

    A browser must never render an upload as a page.
    """
    guessed = mimetypes.guess_type(recording.name)[0] or ""
    return guessed if guessed.startswith(("audio/", "video/")) else PLAIN


def recording_response(
    folder: JobFolder, as_opus: bool, options: Options | None = None
) -> Response | Future[Response]:
    """Return a job's recording, of which browsers ask for ranges, however long it is.

    Raises MediaError, and FileNotFoundError for a job that has just been deleted.
    """
    if as_opus:
        return makers.ask(("copy", folder.path), lambda: playable_file(folder, options or Options()), _sound)
    return FileResponse(
        folder.source,
        stat_result=folder.source.stat(),
        media_type=media_type(folder.source),
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
    )


def peaks_response(
    folder: JobFolder, options: Options, first: int, goes_on: bool
) -> Response | Future[Response]:
    """Return the loudness to draw, from a twentieth of a second on.

    All of it, or of a job that goes on what there is so far.
    What `peaks_file` raises is raised by the future.
    """
    if goes_on:
        return _peaks(peaks_so_far(folder), first)
    return makers.ask(
        ("peaks", folder.path),
        lambda: peaks_file(folder, options),
        lambda path: _peaks(path.read_bytes(), first),
    )


def _peaks(peaks: bytes, first: int) -> Response:
    first = first if 0 <= first <= len(peaks) else 0  # a job that began anew has less than it had
    content = {"per_s": PEAKS_PER_S, "from": first, "peaks": list(peaks[first:])}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _sound(copy: Path) -> Response:
    return FileResponse(copy, media_type="audio/ogg", stat_result=copy.stat())
