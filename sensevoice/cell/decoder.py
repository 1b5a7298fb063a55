"""Our side of the process that decodes."""

from __future__ import annotations

import json
import logging
import os
import secrets
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.audio_info import AudioInfo, Samples
from sensevoice.cell import wire
from sensevoice.cell.nursery import Nursery
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut, media_error

log = logging.getLogger(__name__)

SILENT_S = 60.0
"""How long the child may take for the next ten seconds of sound: a thousand times what they need."""

nursery = Nursery()
"""One for the program; its process starts with the first file."""


class CellDecoder:
    """See `Decoder`: the same as `open_decoder`, in a process of its own.

    A crash, a hang or a limit of that process is one error about this file: DecoderCrashed or TimedOut
    when nothing has come out of it yet, else `cut_short`, and what had come stands. `peak_bytes` is the
    most memory it used, known at the end; errors carry it in their data.
    """

    def __init__(self, path: Path, stream_index: int | None = None, max_hours: float = 12.0) -> None:
        self.bad_packets = 0
        self.peak_bytes = 0
        self.cut_short: MediaError | None = None
        self._path = path
        self._pidfd: int | None = None
        self._out = nursery.fork({"path": str(path), "stream_index": stream_index, "max_hours": max_hours})
        try:
            self._meet()
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
                    told = json.loads(payload)
                    self.bad_packets, self.peak_bytes = told["bad_packets"], told["peak_bytes"]
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
        if self._pidfd is not None:
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("the decoder had ended by itself")
            os.close(self._pidfd)
            self._pidfd = None
        if self._out >= 0:
            os.close(self._out)  # what it may have started ends when it writes
            self._out = -1

    def _meet(self) -> None:
        """Learn who decodes; a descriptor of it stays right when its number is used again."""
        kind, payload = self._frame()
        if kind != wire.HELLO:
            raise self._crashed()
        self.pid = int(json.loads(payload)["pid"])
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            log.debug("the decoder has ended already")

    def _frame(self) -> tuple[bytes, bytes]:
        """Return the next frame. Raises TimedOut, or DecoderCrashed when the child is gone."""
        deadline_s = time.monotonic() + SILENT_S
        kind, size = wire.HEADER.unpack(self._read(wire.HEADER.size, deadline_s))
        if size > wire.MAX_FRAME_BYTES:
            raise self._crashed()
        return kind, self._read(size, deadline_s)

    def _read(self, size: int, deadline_s: float) -> bytes:
        data = bytearray()
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        while len(data) < size:
            if not poll.poll(max(0.0, deadline_s - time.monotonic()) * 1000):
                raise TimedOut(path=self._path)
            part = os.read(self._out, min(size - len(data), 1 << 20))
            if not part:
                raise self._crashed()
            data += part
        return bytes(data)

    def _crashed(self) -> MediaError:
        """Return the error for a child that ended in the middle of its work."""
        reference = secrets.token_hex(4)
        log.error("a decoder ended in the middle of its work, reference %s", reference)
        return DecoderCrashed(path=self._path, reference=reference)

    def _error(self, kind: bytes, payload: bytes) -> MediaError:
        if kind != wire.ERROR:
            return self._crashed()
        told: dict[str, Any] = json.loads(payload)
        return media_error(told["code"], path=self._path, **told["data"])


def _samples(payload: bytes) -> Samples:
    channels = payload[0]
    return np.frombuffer(payload, "<f4", offset=1).reshape(channels, -1)
