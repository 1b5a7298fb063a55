"""Connections without a whole request: closed in time, and few at once. Over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from sensevoice.access.http import connections
from sensevoice.access.http.connections import Connection

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
DEADLINE_S = 20.0


async def answer(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEADERS_S", 0.6)
    monkeypatch.setattr(connections, "GRACE_S", 0.0)
    monkeypatch.setattr(connections, "MAX_WAITING", 3)
    config = uvicorn.Config(answer, port=0, http=Connection, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends = time.monotonic() + DEADLINE_S
    while not server.started and time.monotonic() < ends:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(DEADLINE_S)


def connect(port: int, first: bytes = b"") -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
    link.settimeout(DEADLINE_S)
    link.sendall(first)
    return link


def is_closed(link: socket.socket) -> bool:
    """Return whether the other side closes without an answer; waits for it."""
    try:
        return link.recv(1) == b""
    except ConnectionResetError:
        return True


def answer_of(link: socket.socket) -> bytes:
    """Return a whole answer: headers and body come in two parts."""
    result = b""
    while not result.endswith(b"ok") and (part := link.recv(4096)):
        result += part
    return result


def test_half_a_header_is_closed_in_time_and_a_byte_more_gains_nothing(port: int) -> None:
    with connect(port, WHOLE[:10]) as link:
        link.sendall(WHOLE[10:11])
        assert is_closed(link)


def test_a_whole_request_is_answered_and_the_connection_may_wait_for_the_next(port: int) -> None:
    with connect(port) as link:
        for _ in range(2):
            link.sendall(WHOLE)
            assert b"200 OK" in answer_of(link)


def test_of_too_many_the_oldest_go(port: int) -> None:
    links = [connect(port, WHOLE[:5]) for _ in range(5)]
    assert is_closed(links[0]) and is_closed(links[1])
    links[-1].sendall(WHOLE[5:])
    assert b"200 OK" in answer_of(links[-1])
    for link in links:
        link.close()
