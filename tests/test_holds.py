"""What open pages need is kept; the rest of the folder for uploads goes soon."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensevoice.errors import FileMissing
from sensevoice.jobs import JobStore
from sensevoice.options import Options
from sensevoice.ui import Holds
from sensevoice.ui.holds import CLOSED_S
from sensevoice.workdir import ABORTED_S, ENDED_S, UNUSED_S, WorkDirectory
from tests.ui_script import MODEL


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[WorkDirectory]:
    made = WorkDirectory(tmp_path / "up")
    yield made
    made.close()


def upload(directory: WorkDirectory, content: str, name: str = "a.wav") -> Path:
    """Write a file where gradio puts it: below a folder that is named after the content."""
    path = directory.path / content / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


class TestHolds:
    def test_a_file_is_held_by_every_page_that_chose_it(self, tmp_path: Path) -> None:
        clock = Clock()
        holds, file, other = Holds(clock), tmp_path / "a.wav", tmp_path / "b.wav"
        holds.hold("one", [str(file), None])
        holds.hold("two", [file, other])
        assert holds.paths() == {file, other}
        holds.let_go("two")
        clock.now_s += CLOSED_S + 1
        assert holds.paths() == {file}, "the first page is still open, however long"

    def test_a_page_that_lost_its_connection_may_come_back(self, tmp_path: Path) -> None:
        clock = Clock()
        holds, file = Holds(clock), tmp_path / "a.wav"
        holds.hold("one", [file])
        holds.let_go("one")
        clock.now_s += CLOSED_S - 1
        assert holds.paths() == {file}
        holds.hold("one", [])
        clock.now_s += CLOSED_S * 10
        assert holds.paths() == {file}

    def test_nobody_holds_nothing(self, tmp_path: Path) -> None:
        holds = Holds()
        holds.hold(None, [tmp_path / "a.wav"])
        holds.let_go("nobody")
        holds.let_go(None)
        assert holds.paths() == set()


class TestSweep:
    def test_an_upload_that_no_page_needs_goes_soon_and_no_sooner(self, directory: WorkDirectory) -> None:
        path = upload(directory, "alone")
        assert directory.sweep(time.time() + UNUSED_S - 5) == 0 and path.exists()
        assert directory.sweep(time.time() + UNUSED_S + 5) == 1 and not path.exists()
        assert path.parent.exists(), "the same content may be on its way"
        directory.sweep(time.time() + ABORTED_S + 5)
        assert not path.parent.exists() and (directory.path / "lock").exists()

    def test_what_a_page_needs_stays(self, directory: WorkDirectory) -> None:
        holds = Holds()
        directory.keep(holds.paths)
        chosen, other = upload(directory, "chosen"), upload(directory, "other")
        holds.hold("page", [str(chosen)])
        assert directory.sweep(time.time() + 86_400) == 1
        assert chosen.exists() and not other.exists()

    def test_the_same_upload_by_somebody_else_begins_its_time_anew(self, directory: WorkDirectory) -> None:
        path = upload(directory, "shared")
        os.utime(path, (0, 0))
        later = directory.path / "tmp-upload"
        later.write_text("shared")
        uploaded_s = time.time()
        later.rename(path)  # as gradio does
        assert directory.sweep(uploaded_s + UNUSED_S - 5) == 0 and path.exists()

    def test_a_job_keeps_what_it_took_in(self, directory: WorkDirectory, tmp_path: Path) -> None:
        store = JobStore(tmp_path / "data", lambda: MODEL)
        path = upload(directory, "recording")
        job = store.create(path, Options())
        assert directory.sweep(time.time() + UNUSED_S + 5) == 1
        assert store.folder(job.id).source.read_text() == "recording"
        with pytest.raises(FileMissing, match=r"a\.wav.*upload it again"):
            store.create(path, Options())
        store.close()

    def test_an_upload_on_its_way_is_left_alone(self, directory: WorkDirectory) -> None:
        path = directory.path / "tmpabc"
        with path.open("w") as file:
            file.write("half")
            assert directory.sweep(time.time() + UNUSED_S + 5) == 0
        assert directory.sweep(time.time() + ENDED_S - 5) == 0
        assert directory.sweep(time.time() + ENDED_S + 5) == 1

    def test_an_upload_that_stands_still_for_an_hour_was_broken_off(self, directory: WorkDirectory) -> None:
        with (directory.path / "tmpabc").open("w") as file:
            file.write("half")
            assert directory.sweep(time.time() + ABORTED_S + 5) == 1
