"""Jobs on disk: kept, followed, cancelled, corrected, and taken up again after a killed process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.errors import DataDirectoryUnusable, DiskLow, JobNotFound, NotMedia, TooBusy
from sensevoice.formats import to_dict
from sensevoice.jobs import (
    JobRunner,
    JobStore,
    ResumingRecognizer,
    SuspectingRecognizer,
    Suspects,
    answers_beside,
    data_directory,
)
from sensevoice.jobs.editing.edits import Change, Edits
from sensevoice.jobs.files import JobFolder, read_lines
from sensevoice.jobs.running.resume import key_of
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.transcribe.pipeline import iter_updates, recognise_spans, transcribe
from sensevoice.transcript import Segment, Span
from tests.conftest import ROOT
from tests.fakes import FakeRecognizer
from tests.media import tone, write_wav
from tests.ui.ui_script import CALL, MODEL, Script, call, transcript


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "客服 [1].wav"
    path.write_bytes(b"RIFF" + bytes(1000))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = JobStore(tmp_path / "data", lambda: MODEL)
    yield opened
    opened.close()


def run_to_end(store: JobStore, script: Script, recording: Path) -> Any:
    runner = JobRunner(store, script, at_once=1)
    job = runner.submit(recording, Options())
    assert runner.wait_for_end(job.id, 10.0)
    return store.job(job.id)


class TestStore:
    def test_a_job_owns_its_recording(self, store: JobStore, recording: Path) -> None:
        job = store.create(recording, Options(language="yue"))
        recording.unlink()
        assert store.folder(job.id).source.read_bytes().startswith(b"RIFF")
        assert store.folder(job.id).source.name == "客服 [1].wav"
        assert store.job(job.id) == job and job.options.language == "yue" and job.bytes == 1004

    def test_jobs_outlive_the_process_newest_first(self, tmp_path: Path, recording: Path) -> None:
        clock = Clock()
        first = JobStore(tmp_path / "data", lambda: MODEL, clock=clock)
        ids = []
        for _ in range(3):
            clock.now_s += 1
            ids.append(first.create(recording, Options()).id)
        first.close()
        second = JobStore(tmp_path / "data", lambda: MODEL)
        assert [job.id for job in second.jobs()] == ids[::-1]
        assert [job.id for job in second.unfinished()] == ids
        second.close()

    def test_each_owner_sees_only_their_own(self, store: JobStore, recording: Path) -> None:
        mine, theirs = store.create(recording, Options(), "anna"), store.create(recording, Options(), "bert")
        assert store.jobs("anna") == [mine] and store.jobs("bert") == [theirs] and store.jobs() == []
        for job_id, owner in ((theirs.id, "anna"), (mine.id, ""), ("none", "anna"), ("../jobs", "anna")):
            with pytest.raises(JobNotFound):
                store.job(job_id, owner)

    def test_jobs_go_after_their_time_with_their_recordings(self, tmp_path: Path, recording: Path) -> None:
        clock = Clock()
        store = JobStore(tmp_path / "data", lambda: MODEL, keep_hours=1.0, clock=clock)
        old = run_to_end(store, Script(call()), recording)
        clock.now_s += 3599
        store.sweep()
        assert store.job(old.id)
        clock.now_s += 2
        store.sweep()
        assert store.jobs() == [] and not store.folder(old.id).path.exists()

    def test_a_full_disk_is_refused_with_the_numbers(self, tmp_path: Path, recording: Path) -> None:
        store = JobStore(tmp_path / "data", lambda: MODEL, max_data_gb=1.5e-6)
        store.create(recording, Options())
        with pytest.raises(DiskLow, match="max-data-gb"):
            store.create(recording, Options())
        assert len(store.jobs()) == 1
        store.close()

    def test_what_a_kill_left_half_made_goes_at_the_next_start(self, store: JobStore) -> None:
        stray = store.folder("stray").path
        stray.mkdir()
        store.close()
        JobStore(store.directory, lambda: MODEL).close()
        assert not stray.exists()

    def test_what_a_kill_left_half_deleted_does_not_come_back(
        self, store: JobStore, recording: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = store.create(recording, Options())
        monkeypatch.setattr(JobFolder, "remove", lambda self: None)  # as if the kill came before it
        store.delete(job)
        monkeypatch.undo()
        store.close()
        again = JobStore(store.directory, lambda: MODEL)
        assert again.jobs() == [] and not list(store.directory.rglob("*.wav"))
        again.close()

    def test_a_name_too_long_for_the_file_system_is_cut(self, store: JobStore, tmp_path: Path) -> None:
        path = tmp_path / ("长" * 80 + ".wav")
        path.write_bytes(b"RIFF")
        assert store.folder(store.create(path, Options()).id).source.suffix == ".wav"

    def test_a_record_is_read_once_however_many_ask_for_it(
        self, store: JobStore, recording: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page asks for rows, details and text of a job within a moment, each in a thread."""
        job = run_to_end(store, Script(call()), recording)
        store._records.forget()
        reads = []
        read = JobFolder.read_record

        def slowly(folder: JobFolder) -> Any:
            reads.append(folder.path)
            time.sleep(0.1)
            return read(folder)

        monkeypatch.setattr(JobFolder, "read_record", slowly)
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: store.result(job), range(4)))
        assert len(reads) == 1 and all(result.transcript.segments == CALL for result in results)

    def test_two_programs_do_not_share_their_jobs(self, store: JobStore) -> None:
        with pytest.raises(DataDirectoryUnusable, match="another running program"):
            JobStore(store.directory, lambda: MODEL)
        assert data_directory(None, 6006) != data_directory(None, 6007)

    def test_a_directory_that_cannot_be_made_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(DataDirectoryUnusable, match="--data-dir"):
            JobStore(tmp_path / "file" / "data", lambda: MODEL)

    def test_a_directory_that_only_the_user_may_read(self, store: JobStore, recording: Path) -> None:
        folder = store.folder(store.create(recording, Options()).id)
        assert (folder.path / "source").stat().st_mode & 0o077 == 0


class TestRunner:
    def test_a_job_to_its_end(self, store: JobStore, recording: Path) -> None:
        job = run_to_end(store, Script(call()), recording)
        assert job.state == "done" and job.segments == len(CALL) and job.duration_ms == 22_000
        assert ("ANGRY", 1) in job.tags and ("BGM", 1) in job.tags
        result = store.result(job)
        assert not result.partial and to_dict(result.transcript) == to_dict(transcript())

    def test_rows_can_be_seen_while_it_runs_and_are_on_disk(self, store: JobStore, recording: Path) -> None:
        script = Script(call(), hold_after=4)
        runner = JobRunner(store, script, at_once=1)
        job = runner.submit(recording, Options())
        while (live := runner.live(job.id)) is not None and len(live.segments) < 2:
            time.sleep(0.01)
        result = runner.result(job)
        assert result is not None and result.partial and result.transcript.segments == CALL[:2]
        assert store.folder(job.id).read_segments() == list(CALL[:2])
        script.go.set()
        assert runner.wait_for_end(job.id, 10.0)
        runner.close()

    def test_cancel_keeps_what_is_there(self, store: JobStore, recording: Path) -> None:
        script = Script(call(), hold_after=4)
        runner = JobRunner(store, script, at_once=1)
        job = runner.submit(recording, Options())
        while not store.folder(job.id).read_segments():
            time.sleep(0.01)
        runner.cancel(job)
        assert runner.wait_for_end(job.id, 10.0)
        assert store.job(job.id).state == "cancelled" and script.closed == 1
        assert store.result(job).partial and store.result(job).transcript.segments[:1] == CALL[:1]

    def test_who_looked_on_early_sees_all_rows_after_a_cancel(self, store: JobStore, recording: Path) -> None:
        """What is asked of a job before its first row must not be kept as all that there is of it."""
        script = Script(call(), hold_after=4)
        runner = JobRunner(store, script, at_once=1, paused=True)
        job = runner.submit(recording, Options())
        assert not store.people(job).now.merged and not store.result(job).transcript.segments
        runner.resume()
        while (live := runner.live(job.id)) is not None and len(live.segments) < 2:
            time.sleep(0.01)
        runner.cancel(job)
        assert runner.wait_for_end(job.id, 10.0)
        assert store.result(store.job(job.id)).transcript.segments == CALL[:2]
        runner.close()

    def test_a_waiting_job_is_cancelled_without_having_run(self, store: JobStore, recording: Path) -> None:
        script = Script(call(), hold_after=1)
        runner = JobRunner(store, script, at_once=1)
        first, second, third = (runner.submit(recording, Options()) for _ in range(3))
        assert [runner.queue_position(job.id) for job in (second, third)] == [1, 2]
        runner.cancel(second)
        assert store.job(second.id).state == "cancelled" and runner.queue_position(third.id) == 1
        script.go.set()
        assert all(runner.wait_for_end(job.id, 10.0) for job in (first, third))
        assert len(script.runs) == 2

    def test_a_long_line_is_refused(self, store: JobStore, recording: Path) -> None:
        script = Script(call(), hold_after=0)
        runner = JobRunner(store, script, at_once=1, max_waiting=1)
        for _ in range(2):
            runner.submit(recording, Options())
        with pytest.raises(TooBusy):
            runner.submit(recording, Options())
        script.go.set()
        runner.close()

    def test_an_error_is_kept_in_both_languages(self, store: JobStore, recording: Path) -> None:
        job = run_to_end(store, Script([*call()[:2], NotMedia(path="a.mkv")]), recording)
        assert job.state == "failed" and job.failure is not None and job.failure.code == "not_media"
        assert "a.mkv" in job.failure.zh and "a.mkv" in job.failure.en
        assert store.result(job).transcript.segments == CALL[:1]

    def test_a_fault_costs_its_own_job_and_gives_a_number(
        self, store: JobStore, recording: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        job = run_to_end(store, Script([ZeroDivisionError("secret")]), recording)
        assert job.failure is not None and job.failure.code == "internal"
        assert job.failure.en.split("reference ")[1][:8] in caplog.text
        assert "secret" not in job.failure.en and "secret" in caplog.text
        assert run_to_end(store, Script(call()), recording).state == "done"

    def test_deleting_a_running_job_stops_it(self, store: JobStore, recording: Path) -> None:
        script = Script(call(), hold_after=3)
        runner = JobRunner(store, script, at_once=1)
        job = runner.submit(recording, Options())
        while not script.runs:
            time.sleep(0.01)
        runner.delete(job)
        assert script.closed == 1 and store.jobs() == [] and not store.folder(job.id).path.exists()
        runner.close()

    def test_a_new_name_holds_also_when_given_while_it_runs(self, store: JobStore, recording: Path) -> None:
        script = Script(call(), hold_after=3)
        runner = JobRunner(store, script, at_once=1)
        job = runner.submit(recording, Options())
        runner.rename(job, "  周一的电话  ")
        script.go.set()
        assert runner.wait_for_end(job.id, 10.0)
        assert store.job(job.id).name == "周一的电话"


def says_its_number(clip: np.ndarray, options: Options) -> str:
    return f"<|zh|><|NEUTRAL|><|Speech|><|withitn|>{len(clip)}"


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    path = tmp_path / "spoken.wav"
    write_wav(path, tone(440, 12.0))
    return path


SPANS = [(0, 1000), (3000, 4200), (6000, 7500), (9000, 11_000)]


class TestResuming:
    def test_a_stopped_job_goes_on_and_ends_as_if_it_had_not(self, tmp_path: Path, spoken: Path) -> None:
        """Stopped after two answers: the next run asks only for the rest, and nothing differs."""
        options = Options(merge_gap_s=0.0, sounds=False)
        whole = transcribe(spoken, FakeRecognizer(SPANS, says_its_number), options)
        path = tmp_path / "answers.jsonl"
        first = FakeRecognizer(SPANS, says_its_number)
        updates = iter_updates(spoken, ResumingRecognizer(first, path), options)
        seen = [update for update, _ in zip(updates, range(4), strict=False) if isinstance(update, Segment)]
        updates.close()
        assert 0 < len(seen) < len(SPANS)
        second = FakeRecognizer(SPANS, says_its_number)
        again = transcribe(spoken, ResumingRecognizer(second, path), options)
        assert to_dict(again) == to_dict(whole)
        assert 0 < len(second.clips) < len(SPANS)

    def test_after_a_kill_of_the_process_the_job_ends_at_the_next_start(
        self, tmp_path: Path, spoken: Path
    ) -> None:
        code = (
            f"import sys, time, os\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from pathlib import Path\n"
            "from tests.jobs.test_jobs import open_runner, Options\n"
            "runner = open_runner(Path(sys.argv[1]), slow_s=0.2)\n"
            "job = runner.submit(Path(sys.argv[2]), Options(merge_gap_s=0.0, sounds=False))\n"
            "while len(runner.store.folder(job.id).readable_segments()) < 2: time.sleep(0.01)\n"
            "print(job.id, flush=True)\ntime.sleep(60)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "data", spoken], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        runner = open_runner(tmp_path / "data")
        before = len(runner.store.folder(job_id).read_segments())
        assert before >= 2
        assert runner.wait_for_end(job_id, 20.0)
        result = runner.store.result(runner.store.job(job_id))
        options = Options(merge_gap_s=0.0, sounds=False)
        whole = transcribe(spoken, FakeRecognizer(SPANS, says_its_number), options)
        assert not result.partial and result.transcript.segments == whole.segments
        keys = [line["key"] for line in read_lines(runner.store.folder(job_id).answers)]
        assert len(keys) == len(set(keys)) == len(SPANS), "each clip was asked for once"
        runner.close()

    def test_answers_belong_to_the_sound_not_to_its_place(self, tmp_path: Path) -> None:
        """A decoder that gave up elsewhere, a clip more or less before it: each still gets its own text."""
        path = tmp_path / "answers.jsonl"
        clips = [np.full(1600 * n, 0.1, np.float32) for n in (1, 2, 3, 4)]
        first = ResumingRecognizer(FakeRecognizer(SPANS, says_its_number), path)
        list(first.recognise(clips[:3], Options()))
        recognizer = FakeRecognizer(SPANS, says_its_number)
        remembering = ResumingRecognizer(recognizer, path)
        again = [clips[2], clips[3], clips[0], clips[0]]
        answers = list(remembering.recognise(again, Options()))
        assert [answer.raw.rpartition(">")[2] for answer in answers] == [str(len(clip)) for clip in again]
        assert [len(clip) for clip in recognizer.clips] == [6400]

    def test_another_model_or_other_settings_ask_anew(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.jsonl"
        clips = [np.full(1600, 0.1, np.float32)]
        list(ResumingRecognizer(FakeRecognizer(SPANS, says_its_number), path).recognise(clips, Options()))
        for model, options, asked in (
            (FakeRecognizer.info, Options(), 0),
            (FakeRecognizer.info, Options(language="en"), 1),
            (replace(FakeRecognizer.info, name="other"), Options(), 1),
            (replace(FakeRecognizer.info, precision="int8"), Options(), 1),
            (replace(FakeRecognizer.info, device="cuda:0"), Options(), 0),
        ):
            recognizer = FakeRecognizer(SPANS, says_its_number)
            recognizer.info = model  # type: ignore[misc]
            list(ResumingRecognizer(recognizer, path).recognise(clips, options))
            assert len(recognizer.clips) == asked, (model, options)

    def test_a_line_that_was_cut_by_the_kill_is_asked_for_again(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.jsonl"
        clips = [np.full(1600 * n, 0.1, np.float32) for n in (1, 2)]
        list(ResumingRecognizer(FakeRecognizer(SPANS, says_its_number), path).recognise(clips, Options()))
        whole = path.read_bytes()
        for cut in (1, 40):
            path.write_bytes(whole[:-cut])
            recognizer = FakeRecognizer(SPANS, says_its_number)
            answers = list(ResumingRecognizer(recognizer, path).recognise(clips, Options()))
            assert [answer.raw.rpartition(">")[2] for answer in answers] == ["1600", "3200"]
            assert len(recognizer.clips) == 1
        path.write_bytes(b'{"key": 1}\n[]\nnull\n' + whole)
        recognizer = FakeRecognizer(SPANS, says_its_number)
        list(ResumingRecognizer(recognizer, path).recognise(clips, Options()))
        assert recognizer.clips == []

    def test_at_the_next_start_with_another_model_the_job_begins_anew_and_says_so(
        self, tmp_path: Path, recording: Path
    ) -> None:
        other = [replace(row, text="别的") for row in CALL]
        first = JobStore(tmp_path / "data", lambda: MODEL)
        script = Script(call(), hold_after=4)
        runner = JobRunner(first, script, at_once=1)
        job = runner.submit(recording, Options())
        while len(first.folder(job.id).read_segments()) < 2:
            time.sleep(0.01)
        runner.close()
        second = JobStore(tmp_path / "data", lambda: replace(MODEL, name="another"))
        again = JobRunner(second, Script([*other, transcript(tuple(other))]), at_once=1)
        assert again.wait_for_end(job.id, 10.0)
        result = second.result(second.job(job.id)).transcript
        assert [row.text for row in result.segments] == ["别的"] * len(CALL)
        assert second.folder(job.id).read_segments() == other
        assert [each.name for each in result.diagnostics] == ["begun_anew"]
        again.close()

    def test_rows_that_come_otherwise_take_the_place_of_those_that_were_kept(
        self, tmp_path: Path, recording: Path
    ) -> None:
        """As when the decoder gave up elsewhere: nothing is counted, what differs goes."""
        first = JobStore(tmp_path / "data", lambda: MODEL)
        job = first.create(recording, Options())
        for row in (CALL[0], CALL[2], CALL[3]):
            first.folder(job.id).add_segment(row)
        first.close()
        second = JobStore(tmp_path / "data", lambda: MODEL)
        again = JobRunner(second, Script(call()), at_once=1)
        assert again.wait_for_end(job.id, 10.0)
        assert second.folder(job.id).read_segments() == list(CALL)
        assert second.result(second.job(job.id)).transcript.segments == CALL
        again.close()


class TestSuspects:
    """A clip that kills the process, among clips of all jobs."""

    def test_the_one_that_kills_is_found_and_no_neighbour_is_blamed(self, tmp_path: Path) -> None:
        clips = [np.full(1600 * n, 0.1, np.float32) for n in (1, 2, 3)]
        path = tmp_path / "in_the_model.json"
        runs = [self.run_and_die(path, 3200, clips) for _ in range(4)]
        assert runs[0] == ([], [3]), "the first death, in a batch of three"
        assert runs[1][1] == [1, 1] and runs[2][1][-1:] == [1], "then each alone"
        came, batches = runs[3]
        assert [answer.error is None for answer in came] == [True, False, True]
        assert "twice" in came[1].error and "两次" in came[1].error
        assert batches == [1, 1], "it is not even asked for"

    def run_and_die(self, path: Path, deadly: int, clips: list[np.ndarray]) -> tuple[list[Any], list[int]]:
        code = (
            f"import sys, os, json\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from pathlib import Path\nimport numpy as np\n"
            "from tests.jobs.test_jobs import SPANS, FakeRecognizer, Options\n"
            "from sensevoice.jobs import Suspects, SuspectingRecognizer\n"
            "lengths, deadly = json.loads(sys.argv[2]), int(sys.argv[3])\n"
            "def answer(clip, options):\n"
            "    if len(clip) == deadly: print(json.dumps(fake.batches), flush=True); os.abort()\n"
            "    return f'<|zh|>{len(clip)}'\n"
            "fake = FakeRecognizer(SPANS, answer)\n"
            "clips = [np.full(length, 0.1, np.float32) for length in lengths]\n"
            "suspecting = SuspectingRecognizer(fake, Suspects(Path(sys.argv[1])))\n"
            "answers = [[a.raw, a.error] for a in suspecting.recognise(clips, Options())]\n"
            "print(json.dumps(fake.batches)); print(json.dumps(answers))\n"
        )
        arguments = [str(path), json.dumps([len(clip) for clip in clips]), str(deadly)]
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert lines, done.stderr
        came = [Recognition(raw, error=error) for raw, error in lines[1]] if len(lines) > 1 else []
        return came, lines[0]

    def test_one_death_by_chance_blames_nobody(self, tmp_path: Path) -> None:
        clips = [np.full(1600 * n, 0.1, np.float32) for n in (1, 2)]
        path = tmp_path / "in_the_model.json"
        self.run_and_die(path, 3200, clips)
        for _ in range(3):
            fake = FakeRecognizer(SPANS, says_its_number)
            answers = list(SuspectingRecognizer(fake, Suspects(path)).recognise(clips, Options()))
            assert all(answer.error is None for answer in answers)
        assert fake.batches == [2], "who was alone once and lived is no suspect any more"

    def test_with_several_cards_a_suspect_is_alone_in_all_of_them(self, tmp_path: Path) -> None:
        """Otherwise the death would be blamed on what the other card had."""
        suspect, other = (np.full(1600 * n, 0.1, np.float32) for n in (1, 2))
        path = tmp_path / "in_the_model.json"
        asked, go = threading.Event(), threading.Event()

        def slow(clip: np.ndarray, options: Options) -> str:
            asked.set()
            assert go.wait(30)
            return "<|zh|>"

        key = key_of(suspect, Options(), FakeRecognizer.info)
        path.write_text(json.dumps({"in_the_model": [key, "another"], "suspects": {}}))
        suspects = Suspects(path)
        cards = [SuspectingRecognizer(FakeRecognizer(SPANS, slow), suspects) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(list, cards[0].recognise([other], Options()))
            assert asked.wait(30)
            second = pool.submit(list, cards[1].recognise([suspect], Options()))
            in_the_model = json.loads(path.read_text())["in_the_model"]
            assert in_the_model == [key_of(other, Options(), FakeRecognizer.info)]
            assert not second.done()
            go.set()
            assert len(first.result(30)) == len(second.result(30)) == 1
        assert json.loads(path.read_text()) == {"in_the_model": [], "suspects": {"another": 0}}


def open_runner(directory: Path, slow_s: float = 0.0) -> JobRunner:
    def answer(clip: np.ndarray, options: Options) -> str:
        time.sleep(slow_s)
        return says_its_number(clip, options)

    def run(path: Path, options: Options) -> Any:
        recognizer = FakeRecognizer(SPANS, answer)
        return iter_updates(path, ResumingRecognizer(recognizer, answers_beside(path)), options)

    return JobRunner(JobStore(directory, lambda: MODEL), run, at_once=1)


class TestCorrections:
    def test_a_corrected_row_keeps_what_was_heard_and_can_be_taken_back(
        self, store: JobStore, recording: Path
    ) -> None:
        job = run_to_end(store, Script(call()), recording)
        better = replace(CALL[2], text="这都第八天了？", emotion="SAD")
        store.change(job, [Change(better, 2)])
        row = store.result(job).transcript.segments[2]
        assert (row.text, row.emotion, row.original) == ("这都第八天了？", "SAD", CALL[2])
        store.change(job, [Change(replace(row, text="第三次"), 2)])
        assert store.result(job).transcript.segments[2].original == CALL[2], "not the correction before"
        assert store.undo(job) and store.result(job).transcript.segments[2].text == "这都第八天了？"
        assert store.undo(job) and store.result(job).transcript.segments == CALL
        assert not store.undo(job)
        assert store.corrections(job) == 4

    def test_a_stretch_that_was_left_out_takes_its_place_in_time(self, tmp_path: Path) -> None:
        edits = Edits(tmp_path / "edits.jsonl")
        added = Segment("speech", Span(3250, 3350), "嗯", language="zh")
        edits.make([Change(added)])
        edits.make([Change(replace(added, text="嗯？"), 1)])
        path = tmp_path / "edits.jsonl"
        again = Edits(path)
        rows = again.applied(CALL)
        assert [row.text for row in rows[:3]] == [CALL[0].text, "嗯？", CALL[1].text]
        assert again.count == edits.count == 2

    def test_many_corrections_are_not_read_again_for_each(
        self, store: JobStore, recording: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """400 of 10,000 characters each took 0.84 s the next one: 12 MB were read for each."""
        job = run_to_end(store, Script(call()), recording)
        reads = []
        real = Edits.__init__

        def counted(edits: Edits, path: Path) -> None:
            reads.append(path)
            real(edits, path)

        monkeypatch.setattr(Edits, "__init__", counted)
        for number in range(100):
            rows = store.result(job).transcript.segments
            store.change(job, [Change(replace(rows[number % 5], text=f"{number} " * 1000), number % 5)])
            assert store.corrections(job) == number + 1
        assert store.undo(job)
        store.change(job, [Change(Segment("speech", Span(1, 2), "新"))])
        assert len(reads) <= 1
        shown = store.result(job).transcript.segments
        assert shown == tuple(Edits(store.folder(job.id).edits).applied(CALL))
        assert shown[0].text == "新" and shown[5].text == "94 " * 1000

    def test_no_correction_fills_the_disk(
        self, store: JobStore, recording: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = run_to_end(store, Script(call()), recording)
        monkeypatch.setattr("sensevoice.jobs.store.room.HEADROOM_BYTES", 1 << 60)
        with pytest.raises(DiskLow):
            store.change(job, [Change(replace(CALL[2], text="x"), 2)])
        assert store.result(job).transcript.segments == CALL and store.corrections(job) == 0

    def test_the_record_tells_the_original(self, store: JobStore, recording: Path) -> None:
        job = run_to_end(store, Script(call()), recording)
        store.change(job, [Change(replace(CALL[0], text="您好。"), 0)])
        segments = to_dict(store.result(job).transcript)["segments"]
        assert segments[0]["original"]["text"] == CALL[0].text and "original" not in segments[1]
        assert json.dumps(segments)


def test_recognising_chosen_stretches_again(spoken: Path) -> None:
    recognizer = FakeRecognizer(SPANS, says_its_number)
    spans = [Span(9000, 11_500), Span(1000, 1500)]
    segments = recognise_spans(spoken, spans, recognizer, Options(language="en"))
    assert [(each.span, each.text) for each in segments] == [(spans[0], "40000"), (spans[1], "8000")]


def test_the_speech_of_a_stretch_is_found_and_joined_anew(spoken: Path) -> None:
    """The detector knows its spans from the start of what it is given."""
    recognizer = FakeRecognizer([(0, 400), (600, 900), (1800, 2100)], says_its_number)
    stretch = Span(1000, 3000)
    apart = recognise_spans(spoken, [stretch], recognizer, Options(merge_length_s=0.0), rejoin=True)
    assert [each.span for each in apart] == [Span(1000, 1400), Span(1600, 1900), Span(2800, 3000)]
    joined = recognise_spans(spoken, [stretch], recognizer, Options(merge_gap_s=0.3), rejoin=True)
    assert [each.span for each in joined] == [Span(1000, 1900), Span(2800, 3000)]
    assert [len(clip) for clip in recognizer.clips[-2:]] == [900 * 16, 200 * 16]


def test_a_stretch_in_which_no_speech_is_found_is_heard_whole(spoken: Path) -> None:
    segments = recognise_spans(spoken, [Span(1000, 2000)], FakeRecognizer([], says_its_number), rejoin=True)
    assert [each.span for each in segments] == [Span(1000, 2000)]


def test_many_threads_look_on_while_a_job_runs(store: JobStore, recording: Path) -> None:
    script = Script(call(), hold_after=6)
    runner = JobRunner(store, script, at_once=2)
    job = runner.submit(recording, Options())
    seen: list[int] = []

    def look() -> None:
        changes = -1
        while (live := runner.wait(job.id, changes, 1.0)) is not None:
            changes = live.changes
            seen.append(len(live.segments))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    script.go.set()
    for thread in threads:
        thread.join(10.0)
        assert not thread.is_alive()
    assert len(seen) >= 8
    runner.close()


class TestHeld:
    """Jobs that come, or were left by the last process, before the models are there."""

    def test_they_begin_when_they_are_let(self, store: JobStore, recording: Path) -> None:
        left = store.create(recording, Options())
        runner = JobRunner(store, Script(call()), at_once=1, paused=True)
        new = runner.submit(recording, Options())
        assert not runner.wait_for_end(left.id, 0.2)
        assert [job.state for job in store.jobs()] == ["queued", "queued"]
        runner.resume()
        assert runner.wait_for_end(left.id, 10.0) and runner.wait_for_end(new.id, 10.0)
        assert [job.state for job in store.jobs()] == ["done", "done"]
        runner.close()

    def test_the_line_stays_bounded(self, store: JobStore, recording: Path) -> None:
        runner = JobRunner(store, Script([]), at_once=1, max_waiting=1, paused=True)
        for _ in range(2):
            runner.submit(recording, Options())
        with pytest.raises(TooBusy):
            runner.submit(recording, Options())
        runner.close()

    def test_without_models_they_stay_for_the_next_start(self, tmp_path: Path, recording: Path) -> None:
        first = JobStore(tmp_path / "data", lambda: MODEL)
        runner = JobRunner(first, Script(call()), at_once=1, paused=True)
        job = runner.submit(recording, Options())
        runner.fail_all(NotMedia(path="model"))
        for wait in (lambda: runner.wait(job.id, -1, 5.0), lambda: runner.wait_for_end(job.id)):
            with pytest.raises(NotMedia):
                wait()
        runner.close()
        second = JobStore(tmp_path / "data", lambda: MODEL)
        again = JobRunner(second, Script(call()), at_once=1)
        assert again.wait_for_end(job.id, 10.0) and second.job(job.id).state == "done"
        again.close()

    def test_a_job_can_be_deleted_although_the_models_never_come(
        self, store: JobStore, recording: Path
    ) -> None:
        runner = JobRunner(store, Script([]), at_once=1, paused=True)
        job = runner.submit(recording, Options())
        runner.fail_all(NotMedia(path="model"))
        runner.delete(job)
        assert store.jobs() == []
        runner.close()
