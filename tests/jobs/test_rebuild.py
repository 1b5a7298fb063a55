"""The list of jobs when what lies on disk is missing, damaged, or was written by another version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sensevoice.jobs import Job, JobRunner, JobStore
from sensevoice.jobs.editing.edits import Change, Edits
from sensevoice.jobs.editing.live_changes import LiveChanges
from sensevoice.options import Options
from tests.ui.ui_script import CALL, MODEL, Script, call


@pytest.fixture
def directory(tmp_path: Path, recording: Path) -> Path:
    """A directory with one finished job of anna's, as a stopped program left it."""
    runner = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), Script(call()), at_once=1)
    job = runner.submit(recording, Options(language="yue"), "anna")
    assert runner.wait_for_end(job.id, 10.0)
    runner.close()
    return tmp_path / "data"


@pytest.fixture
def opened() -> Iterator[Callable[[Path], JobStore]]:
    stores: list[JobStore] = []

    def open_store(directory: Path) -> JobStore:
        stores.append(JobStore(directory, lambda: MODEL))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


Opened = Callable[[Path], JobStore]


def only_folder(directory: Path) -> Path:
    (folder,) = (directory / "jobs").iterdir()
    return folder


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 4000, b"SQLite format 3\0" + bytes(5000)])
def test_an_index_that_is_lost_costs_no_job(directory: Path, opened: Opened, content: bytes | None) -> None:
    index = directory / "jobs.sqlite3"
    index.unlink(missing_ok=True)
    if content is not None:
        index.write_bytes(content)
    store = opened(directory)
    (job,) = store.jobs("anna")
    assert (job.name, job.state, job.segments) == ("客服.wav", "done", len(CALL))
    assert job.options.language == "yue" and job.finished_s is not None
    assert store.result(job).transcript.segments == CALL
    assert store.folder(job.id).source.read_bytes().startswith(b"RIFF")
    assert store.jobs() == []


def test_a_folder_of_which_nobody_knows_whose_it_is(directory: Path, opened: Opened) -> None:
    """Its owner is not known: no login sees it, and nothing of it is removed."""
    (only_folder(directory) / "job.json").unlink(missing_ok=True)
    (directory / "jobs.sqlite3").unlink(missing_ok=True)
    store = opened(directory)
    assert store.jobs("anna") == [] and store.jobs("/transcribe") == []
    (job,) = store.jobs()
    assert (job.name, job.state) == ("客服.wav", "done")
    assert store.result(job).transcript.segments == CALL


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema_version": 1}',
        json.dumps({"id": "x", "name": "a", "owner": "anna", "state": "sleeping", "created_s": 1}),
    ],
)
def test_a_recording_without_a_readable_entry_is_set_aside_as_failed(
    directory: Path, opened: Opened, entry: str
) -> None:
    folder = only_folder(directory)
    (folder / "record.json").unlink()
    (folder / "job.json").write_text(entry)
    (directory / "jobs.sqlite3").unlink(missing_ok=True)
    store = opened(directory)
    (job,) = store.jobs() + store.jobs("anna")
    assert job.state == "failed" and job.failure is not None and "job.json" in job.failure.zh
    assert job.name in ("客服.wav", "a") and store.folder(job.id).source.exists()
    assert (folder / "job.json.damaged").read_text() == entry, "what was damaged is kept"
    assert store.result(job).transcript.segments == CALL, "the rows had been written one by one"
    store.close()
    assert [result.state for result in opened(directory).jobs(job.owner)] == ["failed"]


def test_settings_that_another_version_wrote(directory: Path, opened: Opened) -> None:
    entry = only_folder(directory) / "job.json"
    data = json.loads(entry.read_text())
    data["options"]["speakers"] = 4
    data["mood"] = "later"
    entry.write_text(json.dumps(data))
    store = opened(directory)
    assert store.jobs("anna")[0].state == "done"
    store.close()
    data["options"]["language"] = "tlh"
    entry.write_text(json.dumps(data))
    (job,) = opened(directory).jobs("anna")
    assert (job.state, job.name) == ("done", "客服.wav"), "its record is whole"


def test_the_database_of_an_earlier_version_is_taken_over(directory: Path, opened: Opened) -> None:
    folder = only_folder(directory)
    data = json.loads((folder / "job.json").read_text())
    (folder / "job.json").unlink()
    with sqlite3.connect(directory / "jobs.sqlite3") as database:
        columns = [name for name in data if name != "schema_version"]
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"CREATE TABLE jobs ({', '.join(columns)})")
        values = [
            json.dumps(value) if isinstance(value := data[name], list | dict) else value for name in columns
        ]
        database.execute(f"INSERT INTO jobs VALUES ({', '.join('?' * len(columns))})", values)
    database.close()
    store = opened(directory)
    (job,) = store.jobs("anna")
    assert isinstance(job, Job) and job.options.language == "yue" and job.state == "done"
    assert not (directory / "jobs.sqlite3").exists()


@pytest.mark.parametrize(
    "line", ['{"kind":"speech"}', "[]", "7", '{"kind":"speech","start_ms":9,"end_ms":3}', '{"kind', "\0\0"]
)
def test_a_damaged_row_sets_an_unfinished_job_aside_and_stops_no_other(
    tmp_path: Path, recording: Path, opened: Opened, line: str
) -> None:
    store = opened(tmp_path / "data")
    job, other = store.create(recording, Options()), store.create(recording, Options())
    store.folder(job.id).add_segment(CALL[0])
    with store.folder(job.id).segments.open("a") as file:
        file.write(line + "\n")
    store.close()
    again = opened(tmp_path / "data")
    runner = JobRunner(again, Script(call()), at_once=1)
    assert runner.wait_for_end(other.id, 10.0) and again.job(other.id).state == "done"
    result = again.job(job.id)
    assert result.state == "failed" and result.failure is not None and "segments.jsonl" in result.failure.en
    assert again.result(result).transcript.segments == CALL[:1] and again.folder(job.id).source.exists()
    runner.close()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 99}'])
def test_a_damaged_record_leaves_the_rows(directory: Path, opened: Opened, content: str) -> None:
    (only_folder(directory) / "record.json").write_text(content)
    store = opened(directory)
    (job,) = store.jobs("anna")
    result = store.result(job)
    assert result.partial and result.transcript.segments == CALL
    (job,) = store.jobs("anna")
    assert job.state == "failed" and job.failure is not None and "record.json" in job.failure.zh


@pytest.mark.parametrize(
    "lines", ['{"undo":true}', "{}", "[]", "null", '{"changes":[{"row":99,"segment":null}]}', '{"changes":7}']
)
def test_corrections_that_cannot_be_read_are_passed_over(directory: Path, opened: Opened, lines: str) -> None:
    (only_folder(directory) / "edits.jsonl").write_text(lines + "\n")
    store = opened(directory)
    (job,) = store.jobs("anna")
    assert store.result(job).transcript.segments == CALL and not store.result(job).partial


@pytest.mark.parametrize("line", [b'{"chan', b"\0\0\0", b"\xff{}"])
def test_a_damaged_line_costs_no_correction_behind_it(tmp_path: Path, line: bytes) -> None:
    """A block that the disk has lost lies anywhere; what was corrected after it holds, today and tomorrow."""
    path = tmp_path / "edits.jsonl"
    path.write_bytes(line + b"\n")
    corrected = [replace(CALL[0], text=text) for text in ("喂", "您好")]
    for segment in corrected:
        Edits(path).make([Change(segment, 0)])
    again = Edits(path)
    assert again.applied(CALL)[0].text == "您好" and again.count == 3

    path = tmp_path / "live_changes.jsonl"
    path.write_bytes(line + b"\n")
    LiveChanges(path).rename("S1", "王女士")
    LiveChanges(path).correct(CALL[0], "喂")
    changes = LiveChanges(path)
    assert changes.names == {"S1": "王女士"} and changes.applied(CALL[0]).text == "喂"
