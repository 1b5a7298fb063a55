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
from sensevoice.ui import UploadRefs
from sensevoice.ui.upload_folder import ABORTED_S, UNUSED_S, WorkDirectory
from sensevoice.ui.upload_refs import CLOSED_S
from tests.ui.ui_script import MODEL


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
        refs, file, other = UploadRefs(clock), tmp_path / "a.wav", tmp_path / "b.wav"
        refs.hold("one", [str(file), None])
        refs.hold("two", [file, other])
        assert refs.paths() == {file, other}
        refs.release("two")
        clock.now_s += CLOSED_S + 1
        assert refs.paths() == {file}, "the first page is still open, however long"

    def test_a_page_that_lost_its_connection_may_come_back(self, tmp_path: Path) -> None:
        clock = Clock()
        refs, file = UploadRefs(clock), tmp_path / "a.wav"
        refs.hold("one", [file])
        refs.release("one")
        clock.now_s += CLOSED_S - 1
        assert refs.paths() == {file}
        refs.hold("one", [])
        clock.now_s += CLOSED_S * 10
        assert refs.paths() == {file}

    def test_nobody_holds_nothing(self, tmp_path: Path) -> None:
        refs = UploadRefs()
        refs.hold(None, [tmp_path / "a.wav"])
        refs.release("nobody")
        refs.release(None)
        assert refs.paths() == set()


class TestSweep:
    def test_an_upload_that_no_page_needs_goes_soon_and_no_sooner(self, directory: WorkDirectory) -> None:
        path = upload(directory, "alone")
        assert directory.sweep(time.time() + UNUSED_S - 5) == 0 and path.exists()
        assert directory.sweep(time.time() + UNUSED_S + 5) == 1 and not path.exists()
        assert path.parent.exists(), "the same content may be on its way"
        directory.sweep(time.time() + ABORTED_S + 5)
        assert not path.parent.exists() and (directory.path / "lock").exists()

    def test_what_a_page_needs_stays(self, directory: WorkDirectory) -> None:
        refs = UploadRefs()
        directory.keep(refs.paths)
        chosen, other = upload(directory, "chosen"), upload(directory, "other")
        refs.hold("page", [str(chosen)])
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
        path.write_text("half")
        assert directory.sweep(time.time() + UNUSED_S + 5) == 0
        assert directory.sweep(time.time() + ABORTED_S + 5) == 1
