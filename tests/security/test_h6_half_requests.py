"""H6: connections whose request never comes are closed, and keep nobody out meanwhile."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sensevoice.access.http.connections import HEADERS_S, MAX_WAITING
from tests.browser.program import Program
from tests.security.conftest import ask

HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
MANY = 1100


@pytest.fixture
def many_handles() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], 4096), limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass  # what was said of a line that is no request
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("begun", [HALF, b"", b"\r\n"])
def test_many_half_requests_keep_nobody_out(program: Program, many_handles: None, begun: bytes) -> None:
    printed = len(program.output())
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(MANY):
            connection = stack.enter_context(
                socket.create_connection(("127.0.0.1", program.port), timeout=60)
            )
            if begun:
                connection.sendall(begun)
            connections.append(connection)
        assert ask(program.port, "/sv/jobs").status == 200
        wait_until(lambda: sum(not is_closed(each) for each in connections) <= MAX_WAITING)
        assert len(program.output()) - printed < 10_000, "the log does not grow with them"
        wait_until(lambda: all(is_closed(each) for each in connections))
        assert ask(program.port, "/sv/jobs").status == 200


def test_a_byte_at_a_time_is_no_more_time(program: Program) -> None:
    with socket.create_connection(("127.0.0.1", program.port), timeout=60) as connection:
        connection.sendall(HALF)
        began_s = time.monotonic()
        while not is_closed(connection) and time.monotonic() < began_s + 60:
            with contextlib.suppress(OSError):
                connection.sendall(b"a")
            time.sleep(0.2)
        assert is_closed(connection)


def test_the_second_request_of_a_connection_is_no_exception(program: Program) -> None:
    with socket.create_connection(("127.0.0.1", program.port), timeout=60) as connection:
        connection.sendall(b"GET /sv/labels HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)
        connection.sendall(HALF)
        deadline_s = time.monotonic() + 60
        while not is_closed(connection) and time.monotonic() < deadline_s:
            time.sleep(0.2)
        assert is_closed(connection)


def test_whole_requests_may_take_their_time(program: Program) -> None:
    streams = []
    for number in range(MAX_WAITING + 20):
        connection = socket.create_connection(("127.0.0.1", program.port), timeout=60)
        path = f"/gradio_api/heartbeat/x{number}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        streams.append(connection)
    time.sleep(HEADERS_S + 1)
    for connection in streams:
        connection.setblocking(False)
        assert b"ALIVE" in connection.recv(65536)
        assert not is_closed(connection)
        connection.close()


def test_the_program_may_open_as_many_files_as_the_system_lets_it(program: Program) -> None:
    limits = Path(f"/proc/{program.inner_pid()}/limits").read_text()
    soft, hard = limits.partition("Max open files")[2].split()[:2]
    assert soft == hard or int(soft) >= 4096


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.5)
