"""For how long jobs are kept and how much room they take, whatever the clocks say and whoever looks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sensevoice.errors import DiskLow
from sensevoice.jobs import JobRunner, JobStore
from sensevoice.jobs.files import size_bytes
from sensevoice.jobs.store import keeping
from sensevoice.jobs.store.clock import KeepingClock
from sensevoice.options import Options
from tests.ui.ui_script import MODEL, Script, call

DAY_S = 86_400.0


class Machine:
    """The clocks of a machine: its own, and the seconds since its start."""

    def __init__(self) -> None:
        self.wall_s, self.boot_s, self.boot_id = 1_800_000_000.0, 1000.0, "first"

    def passes(self, seconds: float) -> None:
        self.wall_s += seconds
        self.boot_s += seconds

    def clock(self, path: Path) -> KeepingClock:
        return KeepingClock(path, lambda: self.wall_s, lambda: self.boot_s, self.boot_id)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_it_follows_the_time_and_no_clock_that_is_set(tmp_path: Path, machine: Machine) -> None:
    clock = machine.clock(tmp_path / "clock.json")
    began_s = clock()
    assert began_s == machine.wall_s
    for jump_s in (4 * DAY_S, -8 * DAY_S, 0.0):
        machine.wall_s += jump_s
        machine.passes(60.0)
        clock.save()
    assert clock() == began_s + 180


@pytest.mark.parametrize("jump_s", [0.0, 4 * DAY_S, -4 * DAY_S])
def test_over_a_start_of_the_program(tmp_path: Path, machine: Machine, jump_s: float) -> None:
    clock = machine.clock(tmp_path / "clock.json")
    clock.save()
    machine.passes(3600.0)
    machine.wall_s += jump_s
    assert machine.clock(tmp_path / "clock.json")() == clock()


def test_over_a_start_of_the_machine(tmp_path: Path, machine: Machine) -> None:
    clock = machine.clock(tmp_path / "clock.json")
    saved_s = clock()
    clock.save()
    machine.boot_id, machine.boot_s = "second", 5.0
    machine.wall_s += DAY_S
    assert machine.clock(tmp_path / "clock.json")() == saved_s + DAY_S
    machine.wall_s -= 3 * DAY_S  # a machine without a battery begins in the past
    assert machine.clock(tmp_path / "clock.json")() == saved_s


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"now_s": "x", "boot_s": 1}'])
def test_a_file_that_cannot_be_read(tmp_path: Path, machine: Machine, content: str) -> None:
    (tmp_path / "clock.json").write_text(content)
    assert machine.clock(tmp_path / "clock.json")() == machine.wall_s


def until(condition: Callable[[], Any]) -> None:
    end_s = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def finished(directory: Path, recording: Path, **more: Any) -> JobStore:
    opened = JobStore(directory, lambda: MODEL, **more)
    runner = JobRunner(opened, Script(call()), at_once=1)
    job = runner.submit(recording, Options())
    assert runner.wait_for_end(job.id, 10.0)
    return opened


def test_jobs_go_after_their_time_though_nobody_uploads(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SWEEP_S", 0.02)
    now = [1000.0]
    opened = finished(tmp_path / "data", recording, keep_hours=1.0, clock=lambda: now[0])
    now[0] += 3599
    time.sleep(0.1)
    assert len(opened.jobs()) == 1
    now[0] += 2
    until(lambda: not opened.jobs())
    until(lambda: not list((tmp_path / "data" / "jobs").iterdir()))
    opened.close()


def test_what_somebody_keeps_stays_and_then_has_its_time_anew(tmp_path: Path, recording: Path) -> None:
    now = [1000.0]

    def opened() -> JobStore:
        return JobStore(tmp_path / "data", lambda: MODEL, keep_hours=1.0, clock=lambda: now[0])

    kept = finished(tmp_path / "data", recording, keep_hours=1.0, clock=lambda: now[0])
    (job,) = kept.jobs()
    assert kept.kept_s(job) == 3600
    job = kept.keep(job, True)
    now[0] += 100 * DAY_S
    kept.sweep()
    kept.close()
    kept = opened()
    assert kept.jobs() == [job] and kept.kept_s(job) is None
    job = kept.keep(job, False)
    kept.sweep()
    assert kept.kept_s(job) == 3600
    now[0] += 3601
    kept.close()
    kept = opened()
    kept.sweep()
    assert kept.jobs() == []
    kept.close()


def test_a_job_is_kept_also_when_that_is_said_while_it_runs(tmp_path: Path, recording: Path) -> None:
    script = Script(call(), hold_after=3)
    runner = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), script, at_once=1)
    job = runner.submit(recording, Options())
    runner.keep(job, True)
    script.go.set()
    assert runner.wait_for_end(job.id, 10.0)
    assert runner.store.job(job.id).keep and runner.store.folder(job.id).read_job().keep
    runner.close()


def test_a_clock_that_is_days_ahead_at_the_start_removes_nothing(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(tmp_path / "data", recording).close()
    real = time.time
    for jump_s in (4 * DAY_S, -4 * DAY_S):
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda by=jump_s: real() + by)
            opened = JobStore(tmp_path / "data", lambda: MODEL)
            opened.create(recording, Options())
            opened.sweep()
            assert [job.state for job in opened.jobs()].count("done") == 1
            opened.close()


def test_everything_counts_for_the_room_that_jobs_may_take(tmp_path: Path, recording: Path) -> None:
    opened = finished(tmp_path / "data", recording, max_data_gb=50e-6)
    opened.create(recording, Options())
    folder = opened.folder(opened.jobs()[0].id)
    for name in ("playable.ogg", "peaks.json", "edits.jsonl"):
        (folder.path / name).write_bytes(bytes(15_000))
    with pytest.raises(DiskLow, match="max-data-gb"):
        opened.create(recording, Options())
    opened.close()


def test_a_file_that_goes_while_all_are_counted_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b.partial"):
        (tmp_path / name).write_bytes(bytes(100))
    look = os.lstat

    def gone(path: str) -> os.stat_result:
        if path.endswith(".partial"):  # it has been given its name since it was listed
            raise FileNotFoundError(path)
        return look(path)

    monkeypatch.setattr(os, "lstat", gone)
    assert size_bytes(tmp_path) == 100
