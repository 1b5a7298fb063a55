"""H8: nothing is fetched, whatever a visitor names: connections are counted in a network of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sensevoice.access.http.json_bodies import MAX_DEPTH, check_json
from sensevoice.errors import BadRequest, RemoteFetchRefused
from tests.browser.program import Program
from tests.conftest import ROOT
from tests.security.conftest import ask

THEIRS = "http://93.184.215.14/a.wav"

NAMED = [
    *(
        THEIRS,
        THEIRS.upper(),
        " " + THEIRS,
        "\t\n" + THEIRS,
        "HTTPS://93.184.215.14/",
        "//93.184.215.14/a.wav",
    ),
    *("file:///etc/passwd", "ftp://93.184.215.14/a", "data:audio/wav;base64,AAAA", "\\\\93.184.215.14\\a"),
]


def file(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def bodies(address: str) -> list[str]:
    """Return bodies that name an address, as JSON."""
    meta = '"meta": {"_type": "gradio.FileData"}'
    return [
        json.dumps({"data": [file(address)]}),
        json.dumps({"data": [[[[{"x": {"y": file(address)}}]]]]}),
        json.dumps({"data": [file("/tmp/x", url=address)]}),
        f'{{"data": [{{"path": {json.dumps(address)}, "path": "/tmp/x", {meta}}}]}}',
        f'{{"data": [{{"p\\u0061th": {json.dumps(address)}, {meta}}}]}}',
    ]


def not_ours(url: str) -> bool:
    return False


@pytest.mark.parametrize("address", NAMED)
def test_an_address_is_found_wherever_it_stands(address: str) -> None:
    for body in bodies(address):
        for encoding in ("utf-8", "utf-16", "utf-32"):
            with pytest.raises(RemoteFetchRefused):
                check_json(body.encode(encoding), not_ours)


@pytest.mark.parametrize("path", ["/tmp/sensevoice/a: b.wav", "/x/http://y", "/录音.wav", ""])
def test_an_uploaded_file_is_none(path: str) -> None:
    url = "http://127.0.0.1:6006/gradio_api/file=/tmp/a.wav"
    body = json.dumps({"data": [file(path, url=url)]}).encode()
    assert check_json(body, lambda named: named == url)["data"][0]["path"] == path


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"[" * 100_000,
            b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
            b"[" * 40 + b"]" * 40,
            b"no",
            b"{",
            b"\xff\xfe",
        ),
        *(b'{"data": ["\\ud800"]}', b'{"\\udfff": 1}'),
    ],
)
def test_what_is_no_plain_json_is_refused(program: Program, body: bytes) -> None:
    with pytest.raises(BadRequest):
        check_json(body, not_ours)
    for path in ("/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/call/transcribe"):
        answer = ask(program.port, path, "POST", body, Content_Type="application/json")
        assert (answer.status, answer.code) == (400, "bad_request")


def test_the_depth_that_is_taken() -> None:
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert check_json(deep.encode(), not_ours) is not None


@pytest.mark.parametrize(
    "path", ["/gradio_api/queue/join", "/gradio_api/call/transcribe", "/gradio_api/run/predict"]
)
def test_the_running_program_refuses_it(program: Program, path: str) -> None:
    for body in bodies(THEIRS):
        answer = ask(program.port, path, "POST", body.encode(), Content_Type="application/json")
        assert (answer.status, answer.code) == (403, "forbidden")
    for port in (program.port, program.port + 1):
        url = f"http://127.0.0.1:{port}/gradio_api/file=/tmp/x"
        body = json.dumps({"session_hash": "x", "fn_index": -1, "data": [file("/tmp/x", url=url)]})
        answer = ask(program.port, path, "POST", body.encode(), Content_Type="application/json")
        assert (answer.status == 403) == (port != program.port), (
            "a url of ours is let through, and not opened"
        )


def can_make_a_network() -> bool:
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_make_a_network(), reason="no network namespaces")
def test_no_route_makes_a_connection(tmp_path: Path) -> None:
    """Runs alone_on_a_network.py, where a public address is the machine's own and is listened on."""
    script = Path(__file__).with_name("alone_on_a_network.py")
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, script, tmp_path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d{3,4} requests, 0 connections", done.stdout), done.stdout
