"""Recordings on several workers: as one process gives them, also when workers die."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sensevoice.errors import FleetUnavailable, NotMedia, SenseVoiceError, WorkerLost
from sensevoice.fleet.ray_fleet import Fleet
from sensevoice.jobs import JobRunner, JobStore
from sensevoice.models.loader import ModelSettings
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates, transcript_of
from sensevoice.transcript import Segment, Span, Transcript
from tests.fakes import FakeRecognizer, tone, write_wav
from tests.fleet.test_worker import OPTIONS, SPANS, load, says_its_length
from tests.ui.ui_script import MODEL

SETTINGS = ModelSettings(demo=True)


def slow(clip: np.ndarray, options: Options) -> str:
    time.sleep(0.05)
    return says_its_length(clip, options)


def load_slow(settings: ModelSettings) -> Any:
    return FakeRecognizer(SPANS, slow).scheduled()


class Died(Exception):
    """As Ray's RayActorError."""


class FakeRay:
    """As much of Ray as the fleet uses, in threads: `deaths` is after how many updates runs die."""

    exceptions = SimpleNamespace(RayActorError=Died, ObjectLostError=Died)

    def __init__(self, gpus: int = 0) -> None:
        self.deaths: list[int] = []
        self.settings: dict[str, Any] = {}
        self.actors: list[Any] = []
        self.sees = True
        self.shut_down = False
        self._gpus = gpus

    def init(self, **settings: Any) -> None:
        self.settings = settings
        self.begun_by = threading.current_thread()

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 8.0, **({"GPU": float(self._gpus)} if self._gpus else {})}

    def nodes(self) -> list[str]:
        return ["one", "two"]

    def shutdown(self) -> None:
        self.shut_down = True

    def put(self, value: Any) -> Any:
        return value

    def get(self, value: Any) -> Any:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Exception) and not isinstance(each, SenseVoiceError):
                raise each
        return value

    def wait(self, streams: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return streams, []

    def remote(self, **settings: Any) -> Any:
        self.actor_settings = settings
        return lambda kind: SimpleNamespace(remote=lambda *arguments: self._actor(kind(*arguments)))

    def _actor(self, worker: Any) -> Any:
        def streaming(*arguments: Any) -> Iterator[Any]:
            left = self.deaths.pop(0) if self.deaths else 1_000_000
            with closing(worker.transcribe(*arguments)) as updates:
                for number, update in enumerate(updates):
                    if number == left:
                        yield Died("gone")
                        return
                    yield update

        calls = {
            "info": worker.info,
            "sees": lambda *a: self.sees and worker.sees(*a),
            "hear": worker.hear,
            "recognise": worker.recognise,
            "cancel": worker.cancel,
        }
        actor = SimpleNamespace(**{name: SimpleNamespace(remote=call) for name, call in calls.items()})
        actor.transcribe = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=streaming))
        actor.worker = worker
        self.actors.append(actor)
        return actor


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)  # type: ignore[arg-type]
    return fake


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "a.wav", tone(21_000))


def expected(path: Path) -> Transcript:
    return transcript_of(iter_updates(path, FakeRecognizer(SPANS, says_its_length), OPTIONS))


class TestLogic:
    """With a stand-in for Ray."""

    def test_a_worker_for_each_gpu_else_for_each_machine(
        self, fake: FakeRay, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert len(Fleet(SETTINGS, "ray://head:10001", load=load)) == 2
        assert fake.settings["address"] == "ray://head:10001" and fake.actor_settings["num_gpus"] == 0
        monkeypatch.setitem(sys.modules, "ray", cards := FakeRay(gpus=4))  # type: ignore[arg-type]
        assert len(Fleet(SETTINGS, load=load)) == 4
        assert cards.settings["_node_ip_address"] == "127.0.0.1" and cards.actor_settings["num_gpus"] == 1

    def test_the_thread_that_begins_ray_ends_with_the_fleet(self, fake: FakeRay) -> None:
        """Ray's processes end with it: the program loads its models in one that ends when they are there."""
        with ThreadPoolExecutor(1) as ending:
            fleet = ending.submit(Fleet, SETTINGS, load=load).result()
        assert fake.begun_by.is_alive()
        fleet.close()
        fake.begun_by.join(10.0)
        assert not fake.begun_by.is_alive()

    def test_without_ray_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "ray", None)  # type: ignore[arg-type]
        with pytest.raises(FleetUnavailable) as caught:
            Fleet(SETTINGS)
        assert all("pip install" in caught.value.message(language) for language in ("zh", "en"))

    def test_a_worker_that_cannot_load_its_models_ends_the_start(self, fake: FakeRay) -> None:
        def broken(settings: ModelSettings) -> Any:
            return SimpleNamespace(info=Died("no such model"))

        with pytest.raises(FleetUnavailable, match="no such model"):
            Fleet(SETTINGS, load=broken)
        assert fake.shut_down

    @pytest.mark.parametrize("sees", [True, False])
    def test_the_same_updates_as_here(self, fake: FakeRay, recording: Path, sees: bool) -> None:
        fleet = Fleet(SETTINGS, load=load)
        fake.sees = sees
        assert transcript_of(fleet.transcribe(recording, OPTIONS)) == expected(recording)
        assert fleet.hear(recording, [Span(0, 1000)], OPTIONS)[0].text == "16000"
        assert [answer.raw[-4:] for answer in fleet.share().recognise([tone(200)], OPTIONS)] == ["3200"]

    def test_an_error_of_the_file_is_raised_here(self, fake: FakeRay, tmp_path: Path) -> None:
        page = tmp_path / "page.wav"
        page.write_text("<html>")
        fleet = Fleet(SETTINGS, load=load)
        with pytest.raises(NotMedia):
            transcript_of(fleet.transcribe(page, OPTIONS))
        with pytest.raises(NotMedia):
            fleet.hear(page, [Span(0, 100)], OPTIONS)

    def test_what_a_dead_worker_had_given_does_not_come_twice(self, fake: FakeRay, recording: Path) -> None:
        fleet = Fleet(SETTINGS, load=load)
        fake.deaths = [9, 14]
        updates = [*fleet.transcribe(recording, OPTIONS)]
        rows = [update for update in updates if isinstance(update, Segment)]
        assert tuple(rows) == expected(recording).segments and isinstance(updates[-1], Transcript)
        assert [member.running for member in fleet._members] == [0, 0]

    def test_a_file_of_which_three_workers_died_is_named(self, fake: FakeRay, recording: Path) -> None:
        fleet = Fleet(SETTINGS, load=load)
        fake.deaths = [5, 5, 5]
        with pytest.raises(WorkerLost) as caught:
            [*fleet.transcribe(recording, OPTIONS)]
        assert all("a.wav" in caught.value.message(language) for language in ("zh", "en"))

    def test_the_worker_with_fewest_runs_is_next_and_a_dead_one_last(self, fake: FakeRay) -> None:
        fleet = Fleet(SETTINGS, load=load)
        first, second = fleet._members
        assert fleet._least_loaded() is first and fleet._least_loaded(first) is second
        with fleet._busy(first), fleet._busy(first), fleet._busy(second):
            assert fleet._least_loaded() is second and fleet._least_loaded(second) is first

    def test_who_wants_no_more_cancels_the_run_there(self, fake: FakeRay, recording: Path) -> None:
        fleet = Fleet(SETTINGS, load=load)
        updates: Any = fleet.transcribe(recording, OPTIONS)
        next(updates)
        updates.close()
        (event,) = fake.actors[0].worker._cancelled.values()
        assert event.is_set()


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Two workers whose models take 50 ms for an answer."""
    pytest.importorskip("ray", reason="pip install ray")
    with ThreadPoolExecutor(1) as ending:  # as the program loads its models
        opened = ending.submit(Fleet, SETTINGS, count=2, load=load_slow).result()
    yield opened
    opened.close()


def workers(fleet: Fleet) -> list[int]:
    import ray

    def pid(worker: Any) -> int:
        return os.getpid()

    return ray.get([member.actor.__ray_call__.remote(pid) for member in fleet._members])


@pytest.mark.filterwarnings("ignore")
class TestOnRay:
    """Two workers on this machine."""

    def test_twelve_files_as_one_process_gives_them(self, fleet: Fleet, tmp_path: Path) -> None:
        files = [write_wav(tmp_path / f"{n}.wav", tone(5_000 + 1_000 * n)) for n in range(12)]
        with ThreadPoolExecutor(4) as pool:
            found = [*pool.map(lambda path: transcript_of(fleet.transcribe(path, OPTIONS)), files)]
        assert found == [expected(path) for path in files]

    def test_a_worker_that_is_killed_in_the_middle_costs_nothing(self, fleet: Fleet, recording: Path) -> None:
        rows: list[Segment] = []
        for update in fleet.transcribe(recording, OPTIONS):
            if isinstance(update, Segment):
                rows.append(update)
                if len(rows) == 5:
                    os.kill(workers(fleet)[0], signal.SIGKILL)
        assert tuple(rows) == expected(recording).segments

    def test_a_job_of_the_page_is_cancelled_and_another_one_comes_to_its_end(
        self, fleet: Fleet, recording: Path, tmp_path: Path
    ) -> None:
        runner = JobRunner(JobStore(tmp_path / "data", lambda: MODEL), fleet.transcribe, at_once=2)
        first, second = (runner.submit(recording, OPTIONS) for _ in range(2))
        while not (live := runner.live(first.id)) or not live.segments:
            time.sleep(0.01)
        runner.cancel(first)
        assert runner.wait_for_end(first.id, 30.0) and runner.wait_for_end(second.id, 60.0)
        assert [runner.store.job(job.id).state for job in (first, second)] == ["cancelled", "done"]
        result = runner.store.result(runner.store.job(second.id))
        assert result.transcript.segments == expected(recording).segments
        runner.close()
