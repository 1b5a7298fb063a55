"""H10, M1, M3, M5, M6, M7, L7: jobs of the last run, and requests about them, at the running program."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sensevoice.jobs import Job, JobStore
from sensevoice.options import Options
from tests.browser.program import Program
from tests.conftest import SAMPLES
from tests.security.conftest import ask, gradio_leaks
from tests.ui.ui_script import CALL, MODEL, transcript

pytestmark = gradio_leaks

SAMPLE = SAMPLES["customer_call"].path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, dict[str, Job]]]:
    """A program that starts over what another one left, some of it damaged, and its jobs by name."""
    directory = tmp_path_factory.mktemp("kept")
    store = JobStore(directory / "data", lambda: MODEL)
    jobs = {name: store.create(SAMPLE, Options()) for name in ("done", "old", "damaged")}
    for name, ago_s in (("done", 0), ("old", 80 * 3600)):
        store.finish(jobs[name], transcript())
        store.update(replace(jobs[name], state="done", finished_s=time.time() - ago_s, duration_ms=22_000))
    store.folder(jobs["damaged"].id).segments.write_text('{"kind":"speech"}\n')
    store.save()
    store._keeping._clock = time.time  # nothing goes while this process has it open
    store.close()
    (directory / "data" / "jobs.sqlite3").write_bytes(b"")
    program = Program(directory)
    program.wait_for_page()
    yield program, jobs
    program.kill()


def listed(program: Program) -> dict[str, Any]:
    return {job["id"]: job for job in httpx.get(f"{program.address}/sv/jobs", timeout=60).json()["jobs"]}


def test_a_lost_index_costs_no_job(kept: tuple[Program, dict[str, Job]]) -> None:
    program, jobs = kept
    job = jobs["done"].id
    assert listed(program)[job]["state"] == "done"
    rows = json.loads(ask(program.port, f"/sv/jobs/{job}/segments").body)["segments"]
    assert [row["text"] for row in rows] == [segment.text for segment in CALL]


def test_damage_costs_its_own_job_alone(kept: tuple[Program, dict[str, Job]]) -> None:
    program, jobs = kept
    damaged = listed(program)[jobs["damaged"].id]
    assert damaged["state"] == "failed" and damaged["error"]["zh"] and damaged["error"]["en"]
    assert ask(program.port, f"/sv/jobs/{jobs['damaged'].id}/audio").status == 200, "the recording is kept"


def test_what_was_kept_for_its_time_goes_though_nobody_uploads(kept: tuple[Program, dict[str, Job]]) -> None:
    program, jobs = kept
    deadline_s = time.monotonic() + 90
    while jobs["old"].id in listed(program):
        assert time.monotonic() < deadline_s
        time.sleep(0.5)


@pytest.mark.parametrize(
    "body",
    [
        {"start_ms": 700_000, "end_ms": 800_000},
        {"start_ms": "x", "end_ms": 5},
        {"start_ms": 0, "end_ms": 1 << 70},
        {"start_ms": True, "end_ms": 5},
        {},
    ],
)
def test_a_span_that_is_none_is_a_sentence(kept: tuple[Program, dict[str, Job]], body: Any) -> None:
    program, jobs = kept
    program.wait()
    answer = ask(program.port, f"/sv/jobs/{jobs['done'].id}/transcribe", "POST", json.dumps(body).encode())
    assert answer.status == 400 and json.loads(answer.body)["zh"], answer
    assert len(json.loads(ask(program.port, f"/sv/jobs/{jobs['done'].id}/segments").body)["segments"]) == 6


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "segments?from=x", b""),
        ("PATCH", "segments/1", b'{"events": 5}'),
        ("PATCH", "segments/1", b'{"text": 5}'),
        ("PATCH", "segments/1", b'{"text": "a", "start_ms": 77}'),
        ("PATCH", "segments/1", b"[" * 100_000),
        ("GET", "export?format=x", b""),
    ],
)
def test_wrong_parameters_are_no_fault_of_the_program(
    kept: tuple[Program, dict[str, Job]], method: str, path: str, body: bytes
) -> None:
    program, jobs = kept
    answer = ask(program.port, f"/sv/jobs/{jobs['done'].id}/{path}", method, body)
    assert answer.status in (400, 409) and b"internal" not in answer.body
    assert "Traceback" not in program.output()


def test_the_list_answers_while_copies_are_made(kept: tuple[Program, dict[str, Job]]) -> None:
    program, jobs = kept
    with ThreadPoolExecutor(45) as pool:
        asked = [
            pool.submit(ask, program.port, f"/sv/jobs/{jobs['done'].id}/audio?as=opus") for _ in range(45)
        ]
        assert listed(program)
        answers = [each.result() for each in asked]
    assert {answer.status for answer in answers} == {200}
    assert all(answer.body.startswith(b"OggS") for answer in answers)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


SPACES, NAMES = b" " * 4096, box(b"ftyp", b"M4A ") + box(b"moov", b"enca" * (4 << 20))


@pytest.mark.parametrize("content", [SPACES, NAMES], ids=["spaces", "names"])
def test_no_content_holds_the_program_up(
    kept: tuple[Program, dict[str, Job]], tmp_path: Path, content: bytes
) -> None:
    from gradio_client import Client, handle_file

    program, _ = kept
    program.wait()
    path = tmp_path / "a.m4a"
    path.write_bytes(content)
    client = Client(program.address, verbose=False, httpx_kwargs={"timeout": 60})
    with pytest.raises(Exception, match=r"a\.m4a"):
        client.predict(audio=handle_file(path), api_name="/transcribe")
    client.close()
    assert listed(program)
