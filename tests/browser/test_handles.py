"""File handles are exhausted: each request ends in a sentence or an answer, and the service works again."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from typing import Any

import httpx

from tests.browser.program import Program
from tests.conftest import GOLDEN, SAMPLES

ROOMS = range(4, -20, -1)
"""How many more handles the program may open than it has; below 0, numbers in between may still be free."""

SETTINGS = [
    *("auto", True, False, 15, 1, 60, "mix", True, True),
    *([], False, "zh", "agreement", 300, 0, "", "off", ""),
]


def transcribe(program: Program, timeout_s: float) -> Any:
    """Return the record or the sentence that a recording ends in, over plain HTTP."""
    sample = SAMPLES["talk_show"].path
    with httpx.Client(base_url=program.address, timeout=timeout_s) as client:
        files = {"files": (sample.name, sample.read_bytes())}
        paths = client.post("/gradio_api/upload", files=files).raise_for_status().json()
        audio = {"path": paths[0], "meta": {"_type": "gradio.FileData"}}
        call = client.post(
            "/gradio_api/call/transcribe", json={"data": [audio, *SETTINGS]}
        ).raise_for_status()
        event = client.get(f"/gradio_api/call/transcribe/{call.json()['event_id']}").text
    kind, _, data = event.rpartition("event: ")[2].partition("\ndata: ")
    return json.loads(data)[0] if kind == "complete" else json.loads(data)["error"]


def fate(program: Program, golden: str) -> str:
    """Return how a request ends; anything but a right record or a sentence fails."""
    try:
        ended = transcribe(program, timeout_s=30)
    except httpx.HTTPStatusError as refused:  # the upload found no room
        assert refused.response.json()["zh"], refused.response.text
        return f"refused, {refused.response.status_code}"
    except httpx.TransportError:  # nor did the connection
        return "no connection"
    if isinstance(ended, dict):
        assert ended["text"].strip() == golden
        return "record"
    assert " / " in str(ended), ended
    return str(ended)


def limit_handles(program: Program, room: int | None) -> None:
    pid = program.inner_pid()
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    now = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most if room is None else now + room, most))


def test_without_handles_each_request_ends_and_afterwards_all_is_well(program: Program) -> None:
    golden = (GOLDEN / "talk_show.txt").read_text("utf-8").strip()
    fates: list[str] = []
    for room in ROOMS:
        limit_handles(program, room)
        fates.append(fate(program, golden))
        if room < -1 and set(fates) - {"record"}:
            break
    assert set(fates) - {"record"}, "the limit was felt"
    assert "record" in fates, "and not by all"
    limit_handles(program, None)
    deadline_s = time.monotonic() + 30
    while True:
        try:
            assert transcribe(program, timeout_s=60)["text"].strip() == golden
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline_s, program.output()
            time.sleep(0.5)
    assert "is started again" not in program.output(), "it never died"
    assert program.end() == 0
