"""The parent's side of the worker that cuts: starts it, follows it, ends it."""

from __future__ import annotations

import json
import logging
import os
import secrets
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from sensevoice.audio.worker.fork_server import ROOT
from sensevoice.clips.model import Clip, CutSettings, Take
from sensevoice.errors import CutFailed, NoRoomToCut, SenseVoiceError, TimedOut, media_error

log = logging.getLogger(__name__)

START = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from sensevoice.clips.worker import main; main.main()"
)

SILENT_S = 300.0
"""How long it may say nothing: finding a place in a long film and encoding a 4K picture take seconds."""

CPU_BASE_S = 600
CPU_S_PER_S = 60
"""Seconds of a core for each second of film: 4K on an old machine takes half of it."""

READ_S_PER_S = 2
"""For each second of a recording up to the last clip, of which all sound is decoded."""

MAX_COMPLAINT_BYTES = 2_000
"""Of what the worker said last before it ended, for the log."""

MAX_LINE_BYTES = 16 << 20
"""The list of the files that were made."""


class Cancelled(Exception):
    """Nobody wants the clips any more."""


class Stop:
    """Cancels a cut from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.asked = False

    def cancel(self) -> None:
        with self._lock:
            self.asked = True
            if self._process is not None:
                self._process.kill()

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Kill this process when it is cancelled, or at once if that was before."""
        with self._lock:
            self._process = process
            if self.asked:
                process.kill()


def encode(
    takes: Sequence[Take],
    clips: Sequence[Clip],
    settings: CutSettings,
    folder: Path,
    file_bytes: int,
    tell: Callable[[float], None],
    stop: Stop,
) -> list[dict[str, Any]]:
    """Write the clips into a folder; return what the worker says of each file.

    `tell` is given the part that is done, 0 to 1. Raises MediaError, NoRoomToCut, CutFailed, Cancelled.
    """
    complaints = folder / "stderr"
    with complaints.open("wb") as stderr:
        process = _started(stderr)
    stop.follow(process)
    try:
        _send(process, _orders(takes, clips, settings, folder, file_bytes))
        answer = _followed(process, takes[0].path, tell)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
    if stop.asked:
        raise Cancelled
    if answer is None or "error" in answer:
        raise _error(answer, complaints)
    files: list[dict[str, Any]] = answer["files"]
    return files


def _started(stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # Isolated from the current directory and the user's settings.
        [sys.executable, "-I", "-c", START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={"OPENBLAS_NUM_THREADS": "1", "PATH": os.environ.get("PATH", os.defpath)},
        cwd="/",
        start_new_session=True,
    )


def _orders(
    takes: Sequence[Take], clips: Sequence[Clip], settings: CutSettings, folder: Path, file_bytes: int
) -> dict[str, Any]:
    last_ms: dict[int, int] = {}
    for clip in clips:
        last_ms[clip.take] = max(last_ms.get(clip.take, 0), clip.span.end_ms)
    wanted_ms = sum(clip.span.duration_ms for clip in clips)
    cpu_s = CPU_BASE_S + (CPU_S_PER_S * wanted_ms + READ_S_PER_S * sum(last_ms.values())) // 1000
    return {
        "folder": str(folder),
        "media": settings.media,
        "form": settings.form,
        "cpu_s": cpu_s,
        "file_bytes": file_bytes,
        "takes": [
            {
                "path": os.path.realpath(take.path),
                "track": take.transcript.options.stream_index,
                "raw_format": take.transcript.options.raw_format,
                "duration_ms": take.transcript.duration_ms,
            }
            for take in takes
        ],
        "clips": [
            {
                "take": clip.take,
                "start_ms": clip.span.start_ms,
                "end_ms": clip.span.end_ms,
                "at_ms": clip.at_ms,
                "title": clip.title,
            }
            for clip in clips
        ],
    }


def _send(process: subprocess.Popen[bytes], orders: dict[str, Any]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(orders).encode())
        process.stdin.close()
    except BrokenPipeError:
        log.debug("the worker has ended")  # which reading from it shows


def _followed(
    process: subprocess.Popen[bytes], path: Path, tell: Callable[[float], None]
) -> dict[str, Any] | None:
    """Return the last thing that the worker said, None if it ended in the middle. Raises TimedOut."""
    assert process.stdout is not None
    handle, rest = process.stdout.fileno(), b""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    heard_s = time.monotonic()
    while len(rest) < MAX_LINE_BYTES:
        if not poll.poll(max(0.0, heard_s + SILENT_S - time.monotonic()) * 1000):
            raise TimedOut(path=path)
        data = os.read(handle, 1 << 16)
        if not data:
            return None
        heard_s = time.monotonic()
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            said: dict[str, Any] = json.loads(line)
            if "fraction" not in said:
                return said
            tell(float(said["fraction"]))
    return None


def _error(answer: dict[str, Any] | None, complaints: Path) -> SenseVoiceError:
    """Return the error for what the worker said; for anything that has no sentence, a number in the log."""
    last = complaints.read_bytes()[-MAX_COMPLAINT_BYTES:].decode(errors="replace")
    said = answer or {"error": "ended", "data": {"reason": f"the process ended in the middle. {last}"}}
    code, data = said["error"], said["data"]
    if code == "disk":
        return NoRoomToCut(reason=data["reason"])
    if "path" in said:
        return media_error(code, path=said["path"], **data)
    reference = secrets.token_hex(4)
    log.error("a cut failed, reference %s: %s", reference, data["reason"])
    return CutFailed(reference=reference)
