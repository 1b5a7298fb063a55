"""Who is next: the places are shared by visitors, and then by jobs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensevoice.access.origins import visitor_address
from sensevoice.jobs import ActiveJob, Job, JobRunner, JobStore
from sensevoice.jobs.running.queue import TURN_S, JobQueue
from sensevoice.options import Options
from tests.ui.ui_script import MODEL, Script, call


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


class Line:
    """A queue of eight places, and its jobs by name."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queue = JobQueue(8, self.clock)
        self.jobs: dict[str, ActiveJob] = {}

    def come(self, name: str, address: str = "10.0.0.1", owner: str = "") -> None:
        job = Job(name, name, owner, "queued", 0.0, Options())
        self.jobs[name] = ActiveJob(job, address=address)
        self.queue.add(self.jobs[name])

    def begin(self) -> str:
        live = self.queue.next()
        assert live is not None
        self.queue.begin(live)
        return live.job.id

    def gives_way(self) -> list[str]:
        return [name for name, live in self.jobs.items() if self.queue.gives_way(live)]


@pytest.fixture
def full() -> Line:
    """Eight jobs of one visitor run."""
    line = Line()
    for number in range(8):
        line.come(f"a{number}")
        assert line.begin() == f"a{number}"
    return line


def test_all_places_are_used_by_whoever_is_alone(full: Line) -> None:
    full.clock.now_s += 3600
    assert full.gives_way() == []


def test_the_first_job_of_another_visitor_begins_at_once_beside_the_others(full: Line) -> None:
    full.come("b", address="10.0.0.2")
    assert full.gives_way() == [] and full.queue.queue_position("b") == 0
    assert full.begin() == "b"
    full.come("c", owner="anna")
    assert full.begin() == "c", "a login is a visitor of its own, from whatever address"
    full.come("b2", address="10.0.0.2")
    full.come("d", address="10.0.0.4")
    assert full.queue.next() is None, "ten in all"


def test_a_guest_takes_no_place_of_the_others(full: Line) -> None:
    full.come("b", address="10.0.0.2")
    full.begin()
    full.come("a8")
    full.queue.remove(full.jobs.pop("a0"))
    assert full.begin() == "a8", "eight and a guest"
    full.come("a9")
    full.queue.remove(full.jobs.pop("b"))
    assert full.queue.next() is None


def test_the_places_beyond_a_visitors_share_are_another_visitors_at_once(full: Line) -> None:
    for name in ("b", "c"):
        full.come(name, address=name)
        full.begin()
    full.come("d", address="10.0.0.4")
    assert full.gives_way() == ["a6"], "one place for one job"
    full.queue.give_way(full.jobs["a6"])
    assert full.begin() == "d", "before the one that gave way, which came earlier"
    assert full.gives_way() == []
    full.come("e", owner="anna")
    assert full.gives_way() == ["a7"]


def test_one_visitors_short_job_waits_for_a_turn_not_for_the_long_ones(full: Line) -> None:
    full.come("short")
    assert full.gives_way() == []
    full.clock.now_s += TURN_S
    assert full.gives_way() == ["a6"]
    full.queue.give_way(full.jobs["a6"])
    assert full.begin() == "short"
    full.clock.now_s += TURN_S
    assert full.gives_way() == [], "a6 has had its turn"
    full.come("another")
    assert full.gives_way() == ["a7"]
    full.queue.remove(full.jobs["short"])
    full.jobs.pop("short")
    assert full.gives_way() == [], "a place is free"


def test_turns_end(full: Line) -> None:
    """Each job gives way for a moment a few times, not for ever: none loses its place again and again."""
    for number in range(4):
        full.come(f"b{number}")
    changes = 0
    for _ in range(100):
        full.clock.now_s += TURN_S
        for name in full.gives_way()[:1]:
            full.queue.give_way(full.jobs[name])
            full.begin()
            changes += 1
    assert 4 <= changes <= 12


def test_who_has_fewest_running_is_next() -> None:
    line = Line()
    for name, address in (("a0", "a"), ("a1", "a"), ("a2", "a"), ("b0", "b"), ("c0", "c")):
        line.come(name, address)
    assert [line.begin() for _ in range(5)] == ["a0", "b0", "c0", "a1", "a2"]


def test_the_place_in_the_line_is_that_of_the_visitors_share(full: Line) -> None:
    full.come("a8")
    full.come("b", address="10.0.0.2")
    assert (full.queue.queue_position("b"), full.queue.queue_position("a8")) == (0, 1)
    for name in ("c", "d"):
        full.come(name, address=name)
    assert (full.queue.queue_position("d"), full.queue.queue_position("a8")) == (1, 2)


@pytest.mark.parametrize(
    ("host", "visitor"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::7", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_an_address_of_ipv6_is_one_of_many_of_its_visitor(host: str | None, visitor: str) -> None:
    assert visitor_address(host) == visitor


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = JobStore(tmp_path / "data", lambda: MODEL)
    yield opened
    opened.close()


def until(condition: object) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_a_visitor_does_not_hold_all_places(store: JobStore, tmp_path: Path) -> None:
    """Jobs that never end give way, and come to their end with all their rows when they may go on."""
    recording = tmp_path / "a.wav"
    recording.write_bytes(b"RIFF" + bytes(1000))
    script = Script(call(), hold_after=1)
    runner = JobRunner(store, script, at_once=8)
    jobs = [runner.submit(recording, Options(), address="10.0.0.1") for _ in range(8)]
    until(lambda: len(script.runs) == 8)
    guests = [runner.submit(recording, Options(), address=f"10.0.1.{number}") for number in range(2)]
    until(lambda: all((live := runner.live(job.id)) and live.is_guest for job in guests))
    others = [
        runner.submit(recording, Options(), address="10.0.0.2"),
        runner.submit(recording, Options(), "anna", address="10.0.0.1"),
    ]
    until(lambda: all((live := runner.live(job.id)) and live.began_s is not None for job in others))
    waiting = [live for job in jobs if (live := runner.live(job.id)) and live.began_s is None]
    assert [(live.job.state, live.turns) for live in waiting] == [("queued", 1)] * 2
    script.go.set()
    for job in (*jobs, *guests, *others):
        assert runner.wait_for_end(job.id, 30.0)
        assert len(store.result(job).transcript.segments) == 6
        assert not store.result(job).partial
    runner.close()
