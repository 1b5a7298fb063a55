"""The program with everything that programs can be given, started once."""

from __future__ import annotations

import base64
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.program import Program
from tests.conftest import SAMPLES
from tests.minutes.stub import GOOD, address, said
from tests.receiver import Receiver

SECRET = f"whsec_{base64.b64encode(b's' * 32).decode()}"

LLM_KEY = "a-key-of-the-language-model"


class TheirPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>theirs</title><p>theirs")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def their_port() -> Iterator[int]:
    """The port of another site on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TheirPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def hook() -> Iterator[Receiver]:
    """A program that is told of jobs."""
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def llm() -> Iterator[Receiver]:
    """A language model."""
    opened = Receiver([said(GOOD)])
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def program(
    tmp_path_factory: pytest.TempPathFactory, their_port: int, hook: Receiver, llm: Receiver
) -> Iterator[Program]:
    directory: Path = tmp_path_factory.mktemp("program")
    (directory / "media").mkdir()
    shutil.copy(SAMPLES["customer_call"].path, directory / "media" / "客服 电话.ogg")
    options = [
        *("--auth", "ann:secret", "--auth", "bob:other", "--media-dir", str(directory / "media")),
        *("--allow-origin", f"http://127.0.0.1:{their_port}", "--webhook-host", hook.host),
        *("--llm-url", address(llm), "--llm-model", "qwen", "--llm-key", LLM_KEY),
    ]
    running = Program(directory, options=options, variables={"SENSEVOICE_WEBHOOK_SECRET": SECRET})
    try:
        running.wait()
        yield running
    finally:
        running.kill()
