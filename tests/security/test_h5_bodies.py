"""H5: no body is read before the login, and only an upload's may be large."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from tests.browser.program import Program
from tests.security.conftest import Start, ask, parsed

LARGE = 300 << 20
LOGIN = ("--auth", "anna:secret", "--auth", "bert:hidden")


def memory_mb(program: Program) -> float:
    status = Path(f"/proc/{program.inner_pid()}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def send_large(port: int, path: str, kind: str) -> tuple[int, int]:
    """Send as much of a large body as the server takes and return (status, bytes taken)."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode())
        sent, part = 0, b"100000\r\n" + b"[" * (1 << 20) + b"\r\n"
        connection.settimeout(5)
        try:
            while sent < LARGE:
                connection.sendall(part)
                sent += 1 << 20
        except OSError:
            pass  # refused in the middle
        try:
            return parsed(connection.recv(65536)).status, sent
        except (OSError, IndexError):  # the answer was lost with the connection
            return 0, sent


PATHS = [
    ("/gradio_api/cancel", "application/json"),
    ("/gradio_api/queue/join", "application/json"),
    ("/login", "application/x-www-form-urlencoded"),
    ("/login", "multipart/form-data; boundary=x"),
    ("/gradio_api/upload", "multipart/form-data; boundary=x"),
    ("/sv/jobs/x/undo", "application/json"),
]


@pytest.mark.parametrize("path, kind", PATHS)
def test_nothing_large_is_taken_before_the_login(start: Start, path: str, kind: str) -> None:
    program = start(*LOGIN)
    program.wait()  # the models have their memory
    before_mb = memory_mb(program)
    status, sent = send_large(program.port, path, kind)
    assert status in (0, 401, 413, 400) and sent < 64 << 20
    assert memory_mb(program) < before_mb + 50
    stated = ask(program.port, path, "POST", Content_Length=str(LARGE), Content_Type=kind)
    assert stated.status in (401, 413)


@pytest.mark.parametrize("path", ["/gradio_api/cancel", "/gradio_api/queue/join", "/sv/jobs/x/undo"])
def test_nor_by_those_who_are_in(program: Program, path: str) -> None:
    status, sent = send_large(program.port, path, "application/json")
    assert status in (0, 413, 404) and sent < 64 << 20


def test_two_logins_and_their_ends(start: Start) -> None:
    program = start(*LOGIN)
    people = {}
    for user, password in (("anna", "secret"), ("bert", "hidden")):
        people[user] = httpx.Client(base_url=program.address)
        assert people[user].get("/sv/jobs").status_code == 401
        assert people[user].post("/login", data={"username": user, "password": "x"}).status_code == 401
        assert people[user].post("/login", data={"username": user, "password": password}).status_code == 200
        assert people[user].get("/sv/jobs").json()["jobs"] == []
        assert people[user].get("/config").json()["username"] == user
    assert people["anna"].post("/logout").status_code == 200
    assert [people[user].get("/sv/jobs").status_code for user in people] == [401, 200]
    for client in people.values():
        client.close()
