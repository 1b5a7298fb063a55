"""Our side of one process that decodes."""

from __future__ import annotations

import json
import logging
import os
import secrets
import select
import signal
import time
from pathlib import Path
from typing import Any

from sensevoice.cell import wire
from sensevoice.cell.nursery import Nursery
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut, media_error

log = logging.getLogger(__name__)

SILENT_S = 60.0
"""How long the child may take for the next ten seconds of sound: a thousand times what they need."""

nursery = Nursery()
"""One for the program; its process starts with the first file."""


class DecoderProcess:
    """One child and what it says. It decodes nothing before it is ordered to."""

    def __init__(self, path: Path, stream_index: int | None, max_hours: float) -> None:
        self._path = path
        self._pidfd: int | None = None
        self._link = nursery.fork({"path": str(path), "stream_index": stream_index, "max_hours": max_hours})
        try:
            self._meet()
        except BaseException:
            self.close()
            raise

    def order(self, from_s: int, to_s: int | None) -> None:
        """Have it decode these seconds, from where it is or from anywhere."""
        try:
            os.write(self._link, wire.Order(from_s, to_s).packed())
        except (BrokenPipeError, ConnectionResetError):
            log.debug("the decoder has ended")  # which is said where its answer is read

    def close(self) -> None:
        """End the child, with all it has started, at once."""
        if self._pidfd is not None:
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("the decoder had ended by itself")
            os.close(self._pidfd)
            self._pidfd = None
        link, self._link = self._link, -1
        if link >= 0:
            os.close(link)  # what it may have started ends when it writes

    def _meet(self) -> None:
        """Learn who decodes; a descriptor of it stays right when its number is used again."""
        kind, payload = self.frame()
        if kind != wire.HELLO:
            raise self._crashed()
        self.pid = int(json.loads(payload)["pid"])
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            log.debug("the decoder has ended already")

    def frame(self) -> tuple[bytes, bytearray]:
        """Return the next frame. Raises TimedOut, or DecoderCrashed when the child is gone."""
        deadline_s = time.monotonic() + SILENT_S
        kind, size = wire.HEADER.unpack(self._read(wire.HEADER.size, deadline_s))
        if size > wire.MAX_FRAME_BYTES:
            raise self._crashed()
        return kind, self._read(size, deadline_s)

    def _read(self, size: int, deadline_s: float) -> bytearray:
        data = bytearray(size)
        missing = memoryview(data)
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        while missing:
            if not poll.poll(max(0.0, deadline_s - time.monotonic()) * 1000):
                raise TimedOut(path=self._path)
            try:
                read = os.readv(self._link, [missing])
            except ConnectionResetError:  # it ended with an order unread
                read = 0
            if not read:
                raise self._crashed()
            missing = missing[read:]
        return data

    def _crashed(self) -> MediaError:
        """Return the error for a child that ended in the middle of its work."""
        reference = secrets.token_hex(4)
        log.error("a decoder ended in the middle of its work, reference %s", reference)
        return DecoderCrashed(path=self._path, reference=reference)

    def error(self, kind: bytes, payload: bytearray) -> MediaError:
        """Return the error that a frame tells of which does not belong where it came."""
        if kind != wire.ERROR:
            return self._crashed()
        told: dict[str, Any] = json.loads(payload)
        return media_error(told["code"], path=self._path, **told["data"])
