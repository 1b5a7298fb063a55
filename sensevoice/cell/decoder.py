"""Our side of the process that decodes."""

from __future__ import annotations

import json
import logging
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.audio_info import AudioInfo, Samples
from sensevoice.cell import wire
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut, media_error

log = logging.getLogger(__name__)

SILENT_S = 60.0
"""How long the child may take for the next ten seconds of sound: a thousand times what they need."""

ROOT = Path(__file__).resolve().parents[2]

START = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from sensevoice.cell.child import main; main(*sys.argv[1:])"
)


class CellDecoder:
    """See `Decoder`: the same as `open_decoder`, in a process of its own.

    A crash, a hang or a limit of that process is one error about this file: DecoderCrashed or TimedOut
    when nothing has come out of it yet, else `cut_short`, and what had come stands.
    """

    def __init__(self, path: Path, stream_index: int | None = None, max_hours: float = 12.0) -> None:
        self.bad_packets = 0
        self.cut_short: MediaError | None = None
        self._path = path
        track = "-" if stream_index is None else str(stream_index)
        self._process = subprocess.Popen(
            # Isolated: neither the current folder nor the user's settings reach it.
            [sys.executable, "-I", "-c", START, str(path), track, str(max_hours)],
            stdin=subprocess.PIPE,  # held open; its end tells the child that we are gone
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1"},  # each thread would claim address space
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        try:
            kind, payload = self._frame()
        except BaseException:
            self.close()
            raise
        if kind != wire.INFO:
            self.close()
            raise self._error(kind, payload)
        self.info = AudioInfo(path=path, **json.loads(payload))

    def chunks(self) -> Iterator[Samples]:
        any_sound = False
        try:
            while True:
                kind, payload = self._frame()
                if kind == wire.BLOCK:
                    any_sound = True
                    yield _samples(payload)
                elif kind == wire.END:
                    self.bad_packets = int(json.loads(payload)["bad_packets"])
                    return
                else:
                    raise self._error(kind, payload)
        except (DecoderCrashed, TimedOut) as error:
            if not any_sound:
                raise
            self.cut_short = error
        finally:
            self.close()

    def close(self) -> None:
        """End the child, with all it has started, at once."""
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("the decoder had ended by itself")
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _frame(self) -> tuple[bytes, bytes]:
        """Return the next frame. Raises TimedOut, or DecoderCrashed when the child is gone."""
        deadline_s = time.monotonic() + SILENT_S
        kind, size = wire.HEADER.unpack(self._read(wire.HEADER.size, deadline_s))
        if size > wire.MAX_FRAME_BYTES:
            raise self._crashed()
        return kind, self._read(size, deadline_s)

    def _read(self, size: int, deadline_s: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            ready, _, _ = select.select([self._out], [], [], max(0.0, deadline_s - time.monotonic()))
            if not ready:
                raise TimedOut(path=self._path)
            part = os.read(self._out, min(size - len(data), 1 << 20))
            if not part:
                raise self._crashed()
            data += part
        return bytes(data)

    def _crashed(self) -> MediaError:
        """Return the error for a child that ended in the middle of its work."""
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return TimedOut(path=self._path)
        reference = secrets.token_hex(4)
        log.error("the decoder ended with %d, reference %s", code, reference)
        return DecoderCrashed(path=self._path, reference=reference)

    def _error(self, kind: bytes, payload: bytes) -> MediaError:
        if kind != wire.ERROR:
            return self._crashed()
        told: dict[str, Any] = json.loads(payload)
        return media_error(told["code"], path=self._path, **told["data"])


def _samples(payload: bytes) -> Samples:
    channels = payload[0]
    return np.frombuffer(payload, "<f4", offset=1).reshape(channels, -1)
