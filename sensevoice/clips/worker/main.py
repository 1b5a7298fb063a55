"""The worker: reads orders from standard input, writes clips into a folder, and tells how far it is.

Each line on standard output is a JSON object: {"fraction": …} while it works, at the end {"files": […]} or
{"error": code, "data": {…}}. It has no secrets and nothing but the search path in its environment, and ends
when nobody reads what it says.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sensevoice.audio.worker import limits
from sensevoice.clips.worker.copying import copied
from sensevoice.clips.worker.film import Film, Recording, Span
from sensevoice.clips.worker.output import encoder_threads
from sensevoice.errors import MediaError, TimedOut
from sensevoice.runtime import landlock

ADDRESS_SPACE_BYTES = 6 << 30
"""x264 and a decoder of 4K pictures with eight threads each map some 3 GB."""

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

TELL_EVERY_S = 0.25

CODE = [
    *(Path(folder) for folder in (sys.prefix, sys.base_prefix, "/usr/lib", "/usr/lib64", "/lib", "/lib64")),
    Path(__file__).parents[2],
]
"""What may be read beside the recordings: modules and libraries that are loaded late. A picture decoder that
is taken over by a film then finds no other recording, no secret of this machine, and no network."""


def main() -> NoReturn:
    """Do what standard input says, and end the process."""
    orders = json.load(sys.stdin)
    answer: dict[str, Any]
    time_is_up = TimeLimit()
    try:
        signal.signal(signal.SIGXCPU, time_is_up.set)
        limits.limit_this_process(ADDRESS_SPACE_BYTES, orders["cpu_s"], orders["file_bytes"])
        os.nice(5)  # recognition goes first
        encoder_threads()  # afterwards nothing of the system's files can be read
        landlock.confine([*CODE, *(Path(each["path"]) for each in orders["takes"])], [Path(orders["folder"])])
        answer = {"files": list(_files(orders, time_is_up))}
    except MediaError as error:
        answer = {"error": error.code, "data": _plain(error), "path": str(error.data["path"])}
    except limits.TimeIsUp:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        answer = {"error": TimedOut.code, "data": {}, "path": orders["takes"][0]["path"]}
    except OSError as error:  # FFmpeg's errors are among them
        kind = "disk" if error.errno in DISK_ERRORS else "failed"
        answer = {"error": kind, "data": {"reason": error.strerror or str(error)}}
    except Exception as error:
        answer = {"error": "failed", "data": {"reason": f"{type(error).__name__}: {error}"}}
    _say(answer)
    os._exit(0)  # without the exit handlers of libraries


def _plain(error: MediaError) -> dict[str, Any]:
    known = {key: value for key, value in error.data.items() if key not in ("path", "name")}
    return {key: value if isinstance(value, int | float) else str(value) for key, value in known.items()}


def _say(answer: dict[str, Any]) -> None:
    try:
        os.write(1, json.dumps(answer).encode() + b"\n")
    except OSError:  # whoever wanted it is gone
        os._exit(1)


class TimeLimit:
    """Whether the processor time is used up: raised at once, and by `check`, if that was swallowed."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self, *_: object) -> NoReturn:
        self._is_set = True
        raise limits.TimeIsUp

    def check(self) -> None:
        if self._is_set:
            raise limits.TimeIsUp


def _files(orders: dict[str, Any], time_is_up: TimeLimit) -> Iterator[dict[str, Any]]:
    recordings = [Recording(**{**each, "path": Path(each["path"])}) for each in orders["takes"]]
    clips = [Span(**each) for each in orders["clips"]]
    progress = Progress(clips, time_is_up)
    folder, media = Path(orders["folder"]), orders["media"]
    if orders["form"] == "reel" and len(clips) > 1:
        path = folder / f"reel.{media}"
        Film(recordings, clips, media, progress.tell).write(path)
        yield {"name": path.name, "how": "encoded"}
        return
    for number, clip in enumerate(clips):
        path = folder / f"{number:05d}.{media}"
        yield _clip(recordings, clip, media, path, progress)


def _clip(
    recordings: Sequence[Recording], clip: Span, media: str, path: Path, progress: Progress
) -> dict[str, Any]:
    """Write one clip, by copying its packets if that is possible; return its name and real borders."""
    own = [recordings[clip.take]]
    alone = Span(0, clip.start_ms, clip.end_ms, 0, clip.title)
    border = copied(own[0], alone, media, path)
    if border is not None:
        progress.tell(clip.take, clip.end_ms / 1000)
        return {"name": path.name, "how": "copied", "start_ms": border[0], "end_ms": border[1]}
    Film(own, [alone], media, lambda _, second: progress.tell(clip.take, second)).write(path)
    return {"name": path.name, "how": "encoded"}


class Progress:
    """How much of what has to be read has been read; it never goes back."""

    def __init__(self, clips: Sequence[Span], time_is_up: TimeLimit) -> None:
        self._time_is_up = time_is_up
        self._until_s: dict[int, float] = {}
        for clip in clips:
            self._until_s[clip.take] = max(self._until_s.get(clip.take, 0.0), clip.end_ms / 1000)
        self._read_s = dict.fromkeys(self._until_s, 0.0)
        self._told_s = 0.0

    def tell(self, take: int, second: float) -> None:
        self._time_is_up.check()
        self._read_s[take] = min(max(self._read_s[take], second), self._until_s[take])
        if time.monotonic() - self._told_s >= TELL_EVERY_S:
            self._told_s = time.monotonic()
            _say({"fraction": sum(self._read_s.values()) / sum(self._until_s.values())})
