"""Connections whose request does not come: closed in time, and few at once.

uvicorn waits for the end of a request's headers for ever. The asyncio event loop takes new connections only
while there are file handles, so whoever opens enough of them and sends nothing keeps everybody else out.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, ClassVar

import h11
from uvicorn import config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEADERS_S = 10.0
"""How long the headers of a request may take to come; through a slow tunnel they take a second."""

MAX_WAITING = 64
"""Connections that may be without a whole header at a time; of more, the oldest are closed. Requests whose
headers have come are not limited: a whole office may share one address."""

GRACE_S = 1.0
"""How long a connection stays however many wait: asyncio accepts hundreds before it reads from one, and
who comes in the middle of an attack is not to be closed unread."""

OPEN_FILES = 65536

MAX_MESSAGE_BYTES = 1 << 20
"""Of a WebSocket: programs send up to some ten seconds of sound in one."""


class Connection(H11Protocol):
    """uvicorn's HTTP connection with a limit to the time in which headers come."""

    _waiting: ClassVar[dict[Connection, asyncio.TimerHandle]] = {}
    most_waiting: ClassVar[int] = 512

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing() or self.conn.their_state is not h11.IDLE:
            self._came()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self in self._waiting:
            return  # whoever sends a byte at a time has no more time
        self._waiting[self] = self.loop.call_later(HEADERS_S, self._close_waiting)
        self._make_room()
        self.loop.call_later(GRACE_S, self._make_room)

    def _make_room(self) -> None:
        """Close the oldest of those that are too many, but in their first moments only to save handles."""
        while len(self._waiting) > MAX_WAITING:
            oldest, timer = next(iter(self._waiting.items()))
            is_new = timer.when() - self.loop.time() > HEADERS_S - GRACE_S
            if is_new and len(self._waiting) <= self.most_waiting:
                return
            oldest._close_waiting()

    def _came(self) -> None:
        timer = self._waiting.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _close_waiting(self) -> None:
        self._came()
        self.transport.close()


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket connection, with bounds to what one message may hold.

    Sound hardly shrinks, and what is compressed may grow a thousandfold when it is read.
    """

    def __init__(self, config: config.Config, *arguments: Any, **named: Any) -> None:
        config.ws_max_size = MAX_MESSAGE_BYTES
        config.ws_per_message_deflate = False
        super().__init__(config, *arguments, **named)


def install() -> None:
    """Make uvicorn, which gradio starts, use `Connection`, and raise the limit of open files."""
    config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Connection.__name__}"
    config.WS_PROTOCOLS["auto"] = f"{__name__}:{Socket.__name__}"
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    Connection.most_waiting = wanted // 2
