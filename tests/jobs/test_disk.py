"""Jobs on a disk that is full, or fails, for a moment: no thread ends, nothing is lost, and it says so."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sensevoice.jobs import JobRunner, JobStore
from sensevoice.jobs.files import JobFolder, append_line, read_lines
from sensevoice.jobs.running import run
from sensevoice.jobs.store import room
from sensevoice.options import Options
from tests.ui.ui_script import CALL, MODEL, Script, call


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PAUSES_S", (0.02, 0.05))
    monkeypatch.setattr(room, "HEADROOM_BYTES", 0)


def until(condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def fill(place: Path) -> Path:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as exc:
                assert exc.errno == errno.ENOSPC
    return filler


def test_a_disk_that_is_full_for_a_moment(small_disk: Path, recording: Path) -> None:
    script = Script(call(), hold_after=4)
    jobs = JobRunner(JobStore(small_disk / "data", lambda: MODEL), script, at_once=2)
    first, second = (jobs.submit(recording, Options()) for _ in range(2))
    until(lambda: all(live and len(live.segments) == 2 for live in map(jobs.live, (first.id, second.id))))
    filler = fill(small_disk)
    script.go.set()
    until(lambda: all(live and live.job.state == "waiting" for live in map(jobs.live, (first.id, second.id))))
    live = jobs.live(first.id)
    assert live is not None and live.job.failure is not None
    assert live.job.failure.code == "waiting_for_disk" and "磁盘" in live.job.failure.zh
    filler.unlink()
    for job in (first, second):
        assert jobs.wait_for_end(job.id, 20.0)
        ended = jobs.store.job(job.id)
        assert (ended.state, ended.failure, ended.segments) == ("done", None, len(CALL))
        assert jobs.store.result(ended).transcript.segments == CALL
    third = jobs.submit(recording, Options())
    assert jobs.wait_for_end(third.id, 20.0) and jobs.store.job(third.id).state == "done"
    jobs.close()
    again = JobStore(small_disk / "data", lambda: MODEL)
    assert [job.state for job in again.jobs()] == ["done"] * 3
    again.close()


def test_a_line_that_does_not_fit_is_not_there_by_half(small_disk: Path) -> None:
    path = small_disk / "rows.jsonl"
    append_line(path, {"n": 1})
    filler = fill(small_disk)
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - 4096)
    with pytest.raises(OSError, match="No space"):
        append_line(path, {"n": "x" * 100_000})
    filler.unlink()
    append_line(path, {"n": 2})
    assert [line["n"] for line in read_lines(path)] == [1, 2]


@pytest.mark.parametrize("name", ["add_segment", "write_record", "write_job"])
@pytest.mark.parametrize("nth", [1, 2, 5])
def test_whatever_write_is_refused_the_job_waits_and_ends(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch, name: str, nth: int
) -> None:
    """AccessDenied twice from the n-th time on, each call in turn; the next job is fine as well."""
    calls = 0
    real = getattr(JobFolder, name)

    def refusing(folder: JobFolder, *values: Any) -> None:
        nonlocal calls
        if name == "write_job" and values[0].state == "queued":
            return real(folder, *values)  # of a new job: that is refused with a sentence
        calls += 1
        if nth <= calls < nth + 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(folder, *values)

    jobs = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), Script(call()), at_once=1)
    monkeypatch.setattr(JobFolder, name, refusing)
    for _ in range(2):
        job = jobs.submit(recording, Options())
        assert jobs.wait_for_end(job.id, 20.0)
        ended = jobs.store.job(job.id)
        assert ended.state == "done" and jobs.store.result(ended).transcript.segments == CALL
    jobs.close()


class FailingStore(JobStore):
    """Raises a given error at the n-th call of any of its methods that a running job calls."""

    calls = 0
    fails_at = 0
    error: BaseException = OSError(errno.EIO, "Input/output error")

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise self.error

    def update(self, *values: Any) -> None:
        self._count()
        super().update(*values)

    def save(self) -> None:
        self._count()
        super().save()

    def finish(self, *values: Any) -> None:
        self._count()
        super().finish(*values)

    def folder(self, *values: Any) -> JobFolder:
        self._count()
        return super().folder(*values)


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), ZeroDivisionError("bug")])
def test_a_store_that_fails_at_each_call_in_turn(tmp_path: Path, recording: Path, error: Exception) -> None:
    """Whatever fails, the job comes to an end, and the thread takes the next one."""
    failing = FailingStore(tmp_path / "data", lambda: MODEL)
    failing.error = error
    jobs = JobRunner(failing, Script(call()), at_once=1)
    states = set()
    number = 0
    while True:
        number += 1
        jobs.held, failing.fails_at = True, 0
        job = jobs.submit(recording, Options())
        failing.calls, failing.fails_at = 0, number
        jobs.resume()
        assert jobs.wait_for_end(job.id, 20.0)
        states.add(failing.job(job.id).state)
        if failing.calls < number:
            break
    failing.fails_at = 0
    assert number > 5 and states <= {"done", "failed"}
    if isinstance(error, OSError):
        assert states == {"done"}
    job = jobs.submit(recording, Options())
    assert jobs.wait_for_end(job.id, 20.0) and failing.job(job.id).state == "done"
    assert all(thread.is_alive() for thread in jobs._threads)
    jobs.close()


def test_a_job_whose_folder_was_taken_away_fails_and_the_others_go_on(
    tmp_path: Path, recording: Path
) -> None:
    script = Script(call(), hold_after=4)
    jobs = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), script, at_once=1)
    job = jobs.submit(recording, Options())
    until(lambda: (live := jobs.live(job.id)) and len(live.segments) == 2)
    jobs.store.folder(job.id).remove()
    script.go.set()
    assert jobs.wait_for_end(job.id, 20.0)
    ended = jobs.store.job(job.id)
    assert ended.state == "failed" and ended.failure is not None and ended.failure.code == "file_missing"
    other = jobs.submit(recording, Options())
    assert jobs.wait_for_end(other.id, 20.0) and jobs.store.job(other.id).state == "done"
    jobs.close()


def test_a_waiting_job_can_be_cancelled_and_deleted(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    jobs = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), Script(call()), at_once=1)
    monkeypatch.setattr(JobFolder, "add_segment", refuse)
    first, second = (jobs.submit(recording, Options()) for _ in range(2))
    until(lambda: (live := jobs.live(first.id)) and live.job.state == "waiting")
    jobs.cancel(first)
    assert jobs.wait_for_end(first.id, 20.0) and jobs.store.job(first.id).state == "cancelled"
    until(lambda: (live := jobs.live(second.id)) and live.job.state == "waiting")
    jobs.delete(second)
    assert [job.id for job in jobs.store.jobs()] == [first.id]
    jobs.close()
