"""Messages of a worker (frames of one letter, a length and a payload) and the orders of its parent."""

from __future__ import annotations

import json
import select
import socket
import struct
from collections import deque
from typing import Any, NamedTuple

HELLO, INFO, BLOCK, CUT, ERROR, END = b"h", b"i", b"b", b"m", b"e", b"z"
"""The process id (JSON); the file's claims (JSON); samples; a cut (JSON); why the file cannot be read (JSON);
the end (JSON)."""

HEADER = struct.Struct("<cI")

MAX_FRAME_BYTES = 64 << 20
"""A block is 1.3 MB; a longer frame is not from a sound worker."""

ORDER = struct.Struct("<ii")

TO_THE_END = -1


class Order(NamedTuple):
    """Which seconds to decode. The worker seeks to `from_s`, unless it is there, and stops before `to_s`."""

    from_s: int
    to_s: int | None

    def packed(self) -> bytes:
        return ORDER.pack(self.from_s, TO_THE_END if self.to_s is None else self.to_s)


class FrameWriter:
    """The worker's end: what the parent has not read yet is buffered, so that decoding is not blocked."""

    def __init__(self, link: socket.socket, most_bytes: int) -> None:
        link.setblocking(False)
        self._link = link
        self._most_bytes = most_bytes
        self._waiting: deque[memoryview] = deque()
        self._bytes = 0
        self._sending = False
        self._interruption: BaseException | None = None

    def interrupt(self, error: BaseException) -> None:
        """Raise an error, from a signal handler: not before a frame under way is counted as sent.

        Until `go_on`, each `put` and `send` raises it, too: a library may have swallowed it, and with it
        some of the sound of the next frame.
        """
        self._interruption = error
        if not self._sending:
            raise error

    def go_on(self) -> None:
        self._interruption = None

    def put(self, kind: bytes, payload: bytes) -> None:
        self._raise_interruption()
        self._waiting.append(memoryview(HEADER.pack(kind, len(payload)) + payload))
        self._bytes += HEADER.size + len(payload)
        self.send(self._most_bytes)

    def put_json(self, kind: bytes, value: dict[str, Any]) -> None:
        self.put(kind, json.dumps(value).encode())

    def send(self, but_bytes: int = 0) -> None:
        """Send what the parent takes without waiting; wait while more than `but_bytes` are left."""
        self._sending = True
        try:
            self._send(but_bytes)
        finally:
            self._sending = False
        self._raise_interruption()

    def _raise_interruption(self) -> None:
        if self._interruption is not None:
            raise self._interruption

    def _send(self, but_bytes: int) -> None:
        while self._waiting:
            try:
                sent = self._link.send(self._waiting[0])
            except BlockingIOError:
                if self._bytes <= but_bytes:
                    return
                self._wait(select.POLLOUT)
                continue
            self._bytes -= sent
            rest = self._waiting.popleft()[sent:]
            if rest:
                self._waiting.appendleft(rest)

    def next_order(self) -> Order | None:
        """Wait for the next order; return None when the parent has closed the socket."""
        self.send()
        self._wait(select.POLLIN)
        packed = self._link.recv(ORDER.size, socket.MSG_WAITALL)
        if len(packed) < ORDER.size:
            return None
        from_s, to_s = ORDER.unpack(packed)
        return Order(from_s, None if to_s == TO_THE_END else to_s)

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._link, event)
        poll.poll()
