"""The parent's handle of one decoder worker."""

from __future__ import annotations

import json
import logging
import os
import secrets
import select
import signal
import threading
import time
from pathlib import Path
from typing import Any

from sensevoice.audio.worker import protocol
from sensevoice.audio.worker.fork_server import ForkServer
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut, media_error

log = logging.getLogger(__name__)

SILENT_S = 60.0
"""How long a worker may take for the next ten seconds of sound: a thousand times what they need."""

fork_server = ForkServer()
"""One for the program; its process is started for the first file."""


class WorkerHandle:
    """One worker and its messages. It decodes nothing before `order`."""

    def __init__(self, path: Path, stream_index: int | None, max_hours: float, raw_format: str = "") -> None:
        self._path = path
        self._pidfd: int | None = None
        self._killed = False
        self._lock = threading.Lock()
        request = {"path": str(path), "stream_index": stream_index, "max_hours": max_hours}
        self._link = fork_server.fork(request | {"raw_format": raw_format})
        try:
            self._meet()
        except BaseException:
            self.close()
            raise

    def order(self, from_s: int, to_s: int | None) -> None:
        """Make it decode from second `from_s`, wherever it is, up to `to_s` or the end."""
        try:
            os.write(self._link, protocol.Order(from_s, to_s).packed())
        except (BrokenPipeError, ConnectionResetError):
            log.debug("the decoder has ended")  # which `frame` reports

    def kill(self) -> None:
        """Kill the worker at once; a thread that waits in `frame` gets DecoderCrashed."""
        with self._lock:
            if self._pidfd is None:
                return
            self._killed = True
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("the decoder had ended by itself")

    def close(self) -> None:
        """Kill the worker with all processes that it has started. Not while another thread reads from it."""
        self.kill()
        with self._lock:
            if self._pidfd is not None:
                os.close(self._pidfd)
                self._pidfd = None
        if self._link >= 0:
            os.close(self._link)  # a process that it has started ends when it writes
            self._link = -1

    def _meet(self) -> None:
        """Read the process id and open a pidfd, which stays valid when the id is reused."""
        kind, payload = self.frame()
        if kind != protocol.HELLO:
            raise self._crashed()
        self.pid = int(json.loads(payload)["pid"])
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            log.debug("the decoder has ended already")

    def frame(self) -> tuple[bytes, bytearray]:
        """Return kind and payload of the next frame. Raises TimedOut, DecoderCrashed."""
        deadline_s = time.monotonic() + SILENT_S
        kind, size = protocol.HEADER.unpack(self._read(protocol.HEADER.size, deadline_s))
        if size > protocol.MAX_FRAME_BYTES:
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
            except ConnectionResetError:  # it ended with an unread order
                read = 0
            if not read:
                raise self._crashed()
            missing = missing[read:]
        return data

    def _crashed(self) -> MediaError:
        """Return the error for a worker that ended unexpectedly."""
        reference = secrets.token_hex(4)
        # Nobody has to know of a run that was cancelled.
        level = logging.DEBUG if self._killed else logging.ERROR
        log.log(level, "a decoder ended in the middle of its work, reference %s", reference)
        return DecoderCrashed(path=self._path, reference=reference)

    def error(self, kind: bytes, payload: bytearray) -> MediaError:
        """Return the error in an ERROR frame, DecoderCrashed for a frame that is not expected."""
        if kind != protocol.ERROR:
            return self._crashed()
        data: dict[str, Any] = json.loads(payload)
        return media_error(data["code"], path=self._path, **data["data"])
