"""A program that is told of jobs: a real server on loopback, which keeps what it is sent."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """Answers with `answers` in turn, the last one again and again; `held` makes it wait before each.

    With a `certificate` and its key it speaks TLS.
    """

    answers: list[Answer] = field(default_factory=lambda: [(204, {}, b"")])
    held: threading.Event | None = None
    certificate: tuple[Path, Path] | None = None
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((self.path, dict(self.headers), content))
                if receiver.held is not None:
                    receiver.held.wait(30)
                place = min(len(receiver.received), len(receiver.answers)) - 1
                status, headers, body = receiver.answers[place]
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # whoever asked has left

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}/hook"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def wait(self, count: int, deadline_s: float = 20.0) -> None:
        """Wait until so many messages have come."""
        self.until(lambda: len(self.received) >= count, deadline_s)

    def until(self, is_so: Callable[[], bool], deadline_s: float = 20.0) -> None:
        end_s = time.monotonic() + deadline_s
        while not is_so():
            assert time.monotonic() < end_s
            time.sleep(0.02)

    def close(self) -> None:
        if self.held is not None:
            self.held.set()
        self.server.shutdown()
        self.server.server_close()
