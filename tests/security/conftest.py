"""The running program, a connection without a client's tidying up, and a browser."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import free_port
from tests.browser.program import Program

Start = Callable[..., Program]

Nginx = Callable[[str], int]

gradio_leaks = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""For tests that make an app of gradio's in their own process: it leaves event loops open."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers by their names in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Return the code of the error that the body tells."""
        return str(json.loads(self.body)["code"])


def ask(
    port: int, path: str, method: str = "GET", body: bytes = b"", timeout_s: float = 60, **headers: str
) -> Answer:
    """Send a request as it is; `Sec_Fetch_Site="…"` is a header. A stream is read until the time is over."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", **named}
    if body:
        lines.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        connection.settimeout(timeout_s)
        with contextlib.suppress(TimeoutError):
            while part := connection.recv(65536):
                received += part
    return parsed(received)


def parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = (head or b"HTTP/1.1 0 nothing").decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _without_chunks(body)
    return Answer(int(status.split()[1]), headers, body)


def _without_chunks(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)  # the last chunk of a stream may be cut
        parts.append(rest[:length])
        body = rest[length + 2 :] if length else b""
    return b"".join(parts)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts the program, once for the same options, and waits for its page.

    The one without options and the last one with some are kept running: each takes a gigabyte.
    """
    started: dict[tuple[str, ...], Program] = {}

    def program(*options: str, variables: Mapping[str, str] | None = None) -> Program:
        if options not in started:
            for other in [each for each in started if each and options]:
                started.pop(other).kill()
            directory = tmp_path_factory.mktemp("program")
            started[options] = Program(directory, options=options, variables=variables)
            started[options].wait_for_page()
        return started[options]

    yield program
    for each in started.values():
        each.kill()


def new_page(browser: Any) -> Any:
    """Return a page in Chinese that is patient: other tests may have the processors."""
    page = browser.new_context(locale="zh-CN").new_page()
    page.set_default_timeout(150_000)
    return page


@pytest.fixture
def program(start: Start) -> Program:
    """The program as people start it, without options."""
    return start()


NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """Return a function that starts nginx with some locations and returns its port."""
    if not Path(NGINX).exists():
        pytest.skip("nginx is not installed")
    running = []

    def start(locations: str) -> int:
        port = free_port()
        file = tmp_path / "nginx.conf"
        file.write_text(CONFIGURATION.format(folder=tmp_path, port=port, locations=locations))
        running.append(subprocess.Popen([NGINX, "-c", file, "-p", tmp_path, "-e", tmp_path / "error"]))
        wait_for(port)
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")
