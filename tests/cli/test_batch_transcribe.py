"""The folder script: every file once, failures named, and whole results whenever it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensevoice.formats import FORMATS
from sensevoice.formats.traditional import _converter
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.search.database import Database
from sensevoice.search.finding import find
from sensevoice.search.query import parse
from tests.fakes import Answer, FakeRecognizer
from tests.formats.office import text_of
from tests.media import tone, write_wav

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "batch_transcribe.py"


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module behind the script, which leaves the environment as it is."""
    from sensevoice.cli import transcribe

    monkeypatch.setattr(transcribe.environment, "prepare", list)
    monkeypatch.setattr(transcribe.startup, "announce_versions", lambda: None)
    monkeypatch.setattr(transcribe.batch, "WRITE_EVERY_S", 0.0)
    return transcribe


def pitch_hz(clip: np.ndarray) -> int:
    """Return the frequency of a pure tone: what tells the recordings of these tests apart."""
    return round(float(np.argmax(np.abs(np.fft.rfft(clip)))) * 16_000 / len(clip))


def says_its_pitch(clip: np.ndarray, options: Options) -> str:
    return f"<|{options.language}|><|NEUTRAL|><|Speech|><|withitn|>tone {pitch_hz(clip)}"


Run = Callable[..., int]


class Folder:
    """A folder of recordings, and runs of the script over it with a recogniser that is scripted."""

    def __init__(self, root: Path, batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recordings = root / "录音 in"
        self.recordings.mkdir()
        self.output = root / "results.txt"
        self.out_dir = root / "out"
        self._batch = batch
        self._patch = monkeypatch
        self.recognizer = FakeRecognizer([(0, 1000)], says_its_pitch)

    def add(self, name: str, frequency_hz: int) -> Path:
        path = self.recordings / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.recordings / "new.wav"
        write_wav(temporary, tone(frequency_hz, 1.0))
        return temporary.rename(path)

    def run(self, *arguments: str | Path, answer: Answer = says_its_pitch) -> int:
        self.recognizer = FakeRecognizer([(0, 1000)], answer)
        self._patch.setattr(self._batch.startup, "load", lambda settings: self.recognizer)
        line = [str(SCRIPT), str(self.recordings), *map(str, arguments)]
        self._patch.setattr(sys, "argv", [*line, "--no-sounds", "--view", "plain"])
        return int(self._batch.main())

    def to_file(self, *arguments: str | Path, answer: Answer = says_its_pitch) -> int:
        return self.run("-o", self.output, *arguments, answer=answer)

    def to_folder(self, *arguments: str | Path, answer: Answer = says_its_pitch) -> int:
        return self.run("--out-dir", self.out_dir, *arguments, answer=answer)

    def entries(self) -> dict[str, str]:
        """Read the output back; a name that stands there twice is a fault."""
        entries: dict[str, str] = {}
        for entry in self.output.read_text("utf-8").split("=== ")[1:]:
            name, _, text = entry.partition(" ===\n")
            assert name not in entries
            assert text.endswith("\n\n")
            entries[name] = text.strip()
        return entries

    def results(self) -> dict[str, str]:
        files = [path for path in self.out_dir.rglob("*") if path.is_file() and path.name[0] != "."]
        return {path.relative_to(self.out_dir).as_posix(): path.read_text("utf-8") for path in files}

    @property
    def recognised(self) -> int:
        return len(self.recognizer.clips)


@pytest.fixture
def folder(tmp_path: Path, batch: Any, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(tmp_path, batch, monkeypatch)


class TestOneFile:
    def test_all_recordings_in_order(self, folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
        folder.add("b.wav", 500)
        folder.add("a.wav", 400)
        folder.add("sub/c.wav", 600)
        assert folder.to_file("--recursive") == 0
        assert list(folder.entries()) == ["a.wav", "b.wav", "sub/c.wav"]
        assert "tone 400" in folder.entries()["a.wav"]
        assert "tone 600" in folder.entries()["sub/c.wav"]
        out = capsys.readouterr().out
        assert "3 done, 0 skipped" in out
        assert "完成 3" in out

    def test_without_recursive_folders_below_are_left_alone(self, folder: Folder) -> None:
        folder.add("a.wav", 400)
        folder.add("sub/c.wav", 600)
        assert folder.to_file() == 0
        assert list(folder.entries()) == ["a.wav"]

    def test_a_second_run_skips_what_is_done(
        self, folder: Folder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder.add("a.wav", 400)
        folder.to_file()
        before = folder.output.read_text()
        folder.add("b.wav", 500)
        assert folder.to_file() == 0
        assert folder.recognised == 1
        assert "1 done, 1 skipped" in capsys.readouterr().out
        assert folder.output.read_text().startswith(before)
        assert folder.to_file() == 0
        assert folder.recognised == 0

    def test_a_changed_recording_is_redone_in_its_place(self, folder: Folder) -> None:
        for name, frequency_hz in {"a.wav": 400, "b.wav": 500, "c.wav": 600}.items():
            folder.add(name, frequency_hz)
        folder.to_file()
        folder.add("b.wav", 700)
        assert folder.to_file() == 0
        assert folder.recognised == 1
        assert list(folder.entries()) == ["a.wav", "b.wav", "c.wav"]
        assert "tone 700" in folder.entries()["b.wav"]

    @pytest.mark.parametrize(
        "setting", [("--language", "yue"), ("--merge-length-s", "0"), ("--view", "timed"), ("--labels", "en")]
    )
    def test_other_settings_redo_everything_without_duplicates(
        self, folder: Folder, setting: tuple[str, str]
    ) -> None:
        folder.add("a.wav", 400)
        folder.add("b.wav", 500)
        folder.to_file()
        folder._batch.argument_parser()
        arguments = [str(SCRIPT), str(folder.recordings), "-o", str(folder.output), "--no-sounds", *setting]
        folder._patch.setattr(sys, "argv", arguments)
        folder.recognizer.clips.clear()
        assert folder._batch.main() == 0
        assert folder.recognised == 2
        assert list(folder.entries()) == ["a.wav", "b.wav"]

    def test_a_result_that_was_deleted_is_made_again(self, folder: Folder) -> None:
        folder.add("a.wav", 400)
        folder.to_file()
        folder.output.unlink()
        assert folder.to_file() == 0
        assert list(folder.entries()) == ["a.wav"]

    def test_silence_is_a_result_with_no_text(self, folder: Folder) -> None:
        write_wav(folder.recordings / "quiet.wav", np.zeros(16_000, np.float32))
        folder.recognizer = FakeRecognizer([], says_its_pitch)
        folder._patch.setattr(
            folder._batch.startup, "load", lambda settings: FakeRecognizer([], says_its_pitch)
        )
        folder._patch.setattr(
            sys, "argv", [str(SCRIPT), str(folder.recordings), "-o", str(folder.output), "--view", "plain"]
        )
        assert folder._batch.main() == 0
        assert folder.entries() == {"quiet.wav": ""}

    @pytest.mark.parametrize(
        "name",
        [
            "two words.wav",
            "周会 第一次.wav",
            "a [1] (2) {3}.wav",
            "两行\n文件.wav",
            "😀🎵.wav",
            "-o.wav",
            "%s {}.wav",
        ],
    )
    def test_any_name(self, folder: Folder, name: str) -> None:
        folder.add(name, 400)
        assert folder.to_file() == 0
        assert list(folder.entries()) == [name.replace("\n", "\\n")]
        assert folder.to_file() == 0
        assert folder.recognised == 0

    def test_a_name_whose_bytes_are_not_text(self, folder: Folder) -> None:
        folder.add(os.fsdecode(b"caf\xe9.wav"), 400)
        (folder.recordings / os.fsdecode(b"bad\xe9.mp3")).write_text("no sound")
        assert folder.to_file() == 1
        assert list(folder.entries()) == ["caf\\xe9.wav"]


class TestOneFileEach:
    def test_the_whole_name_stays_so_that_nothing_is_overwritten(self, folder: Folder) -> None:
        folder.add("a.mp3", 400)
        folder.add("a.wav", 500)
        folder.add("sub/a.wav", 600)
        assert folder.to_folder("--recursive") == 0
        results = folder.results()
        assert set(results) == {"a.mp3.txt", "a.wav.txt", "sub/a.wav.txt"}
        assert "tone 400" in results["a.mp3.txt"]
        assert "tone 500" in results["a.wav.txt"]
        assert "tone 600" in results["sub/a.wav.txt"]

    @pytest.mark.parametrize("format_name", ["srt", "vtt", "json", "txt"])
    def test_every_format(self, folder: Folder, format_name: str) -> None:
        folder.add("a.wav", 400)
        assert folder.to_folder("--format", format_name) == 0
        assert list(folder.results()) == [f"a.wav.{format_name}"]
        assert "tone 400" in folder.results()[f"a.wav.{format_name}"]

    def test_only_what_is_missing_is_made(self, folder: Folder) -> None:
        folder.add("a.wav", 400)
        folder.add("b.wav", 500)
        folder.to_folder()
        (folder.out_dir / "b.wav.txt").unlink()
        assert folder.to_folder() == 0
        assert folder.recognised == 1
        assert set(folder.results()) == {"a.wav.txt", "b.wav.txt"}

    def test_a_name_too_long_for_what_is_added_to_it_is_shortened(self, folder: Folder) -> None:
        folder.add("a" * 250 + ".wav", 400)
        folder.add("b.wav", 500)
        assert folder.to_folder() == 0
        shortened, other = sorted(folder.results())
        assert shortened.startswith("aaa") and shortened.endswith(".txt") and len(shortened) <= 255
        assert other == "b.wav.txt"


class TestFailures:
    def test_a_bad_file_is_named_and_the_others_go_on(
        self, folder: Folder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder.recordings / "a.mp3").write_text("this is text")
        folder.add("x.bin", 400)
        (folder.recordings / "y.wav").touch()
        (folder.recordings / "notes.md").write_text("# notes")
        folder.add("z.wav", 500)
        assert folder.to_file() == 1
        assert list(folder.entries()) == ["x.bin", "z.wav"]
        message = capsys.readouterr()
        assert "2 done, 0 skipped, 2 failed, 1 not media" in message.out
        for name in ("a.mp3", "y.wav"):
            assert f"failed / 失败: {name}" in message.out
            assert f"{name}: " in message.err
        assert "%|" not in message.err, "no progress bar in a log"
        assert "0 字节" in message.err
        assert "0 bytes" in message.err
        assert "Traceback" not in message.err

    def test_a_bad_file_is_tried_again_in_the_next_run(self, folder: Folder) -> None:
        (folder.recordings / "a.wav").write_text("half a download")
        assert folder.to_file() == 1
        folder.add("a.wav", 400)
        assert folder.to_file() == 0
        assert list(folder.entries()) == ["a.wav"]

    def test_a_segment_that_failed_makes_the_file_one_to_try_again(
        self, folder: Folder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder.add("a.wav", 400)
        failing: Answer = lambda clip, options: Recognition("", error="out of memory")  # noqa: E731
        assert folder.to_file(answer=failing) == 1
        assert "out of memory" in capsys.readouterr().err
        assert folder.to_file() == 0
        assert folder.recognised == 1
        assert "tone 400" in folder.entries()["a.wav"]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ([], "--out-dir"),
            (["-o", "x.txt", "--out-dir", "y"], "--out-dir"),
            (["-o", "x.txt", "--format", "srt"], "format"),
            (["-o", "x.txt", "--merge-length-s", "99"], "merge_length_s"),
        ],
    )
    def test_wrong_arguments_end_with_2_before_any_model_is_loaded(
        self, folder: Folder, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
    ) -> None:
        def load(settings: object) -> None:
            raise AssertionError("loaded")

        folder._patch.setattr(folder._batch.startup, "load", load)
        folder._patch.setattr(sys, "argv", [str(SCRIPT), str(folder.recordings), *arguments])
        assert folder._batch.main() == 2
        assert named in capsys.readouterr().err

    def test_a_folder_that_is_not_there(self, folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
        folder.recordings = folder.recordings / "nowhere"
        assert folder.to_file() == 2
        assert "nowhere" in capsys.readouterr().err

    def test_an_output_that_cannot_be_written(
        self, folder: Folder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder.add("a.wav", 400)
        folder.out_dir.write_text("a file in the way")
        assert folder.to_folder() == 2
        assert str(folder.out_dir) in capsys.readouterr().err

    def test_an_output_that_is_a_folder(self, folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
        """It used to be told after the work."""
        folder.add("a.wav", 400)
        folder.output.mkdir()
        assert folder.to_file() == 2
        assert str(folder.output) in capsys.readouterr().err and folder.recognised == 0


class TestOtherNamesAndSettings:
    def test_a_renamed_recording_takes_its_result_with_it(self, folder: Folder) -> None:
        folder.add("a.wav", 400)
        folder.add("b.wav", 500)
        folder.to_file()
        (folder.recordings / "a.wav").rename(folder.recordings / "会议 é.wav")
        assert folder.to_file() == 0 and folder.recognised == 0
        assert list(folder.entries()) == ["b.wav", "会议 é.wav"]
        assert "tone 400" in folder.entries()["会议 é.wav"]

    def test_a_copy_is_another_recording(self, folder: Folder) -> None:
        path = folder.add("a.wav", 400)
        folder.to_file()
        copy = folder.recordings / "b.wav"
        copy.write_bytes(path.read_bytes())
        os.utime(copy, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
        assert folder.to_file() == 0
        assert list(folder.entries()) == ["a.wav", "b.wav"] and folder.recognised > 0

    def test_two_folders_in_one_file_have_headings_that_differ(self, folder: Folder) -> None:
        first = folder.add("a.wav", 400)
        folder.to_file()
        folder.recordings = folder.recordings.with_name("other")
        folder.recordings.mkdir()
        second = folder.add("a.wav", 500)
        folder.to_file()
        assert {name: text.split()[-1] for name, text in folder.entries().items()} == {
            str(first): "400",
            str(second): "500",
        }

    def test_what_was_made_with_other_settings_says_so(self, folder: Folder) -> None:
        folder.add("a.wav", 400)
        path = folder.add("b.wav", 500)
        folder.to_file()
        path.write_bytes(b"RIFF")
        assert folder.to_file("--merge-length-s", "0") == 1
        assert list(folder.entries()) == ["a.wav", "b.wav (made with other settings / 用其他设置生成)"]

    def test_another_precision_makes_anew(self, folder: Folder) -> None:
        folder.add("a.wav", 400)
        folder.to_file()
        assert folder.to_file("--precision", "fp32") == 0 and folder.recognised > 0
        assert folder.to_file("--precision", "fp32") == 0 and folder.recognised == 0


class TestWhileItIsRead:
    def test_a_recording_that_still_grows_is_read_again_by_the_next_run(
        self, folder: Folder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = folder.add("a.wav", 400)

        def grow(clip: np.ndarray, options: Options) -> str:
            with path.open("ab") as file:
                file.write(bytes(2))
            return says_its_pitch(clip, options)

        assert folder.to_file("--jobs", "1", answer=grow) == 0
        message = capsys.readouterr().err
        assert "changed while it was read" in message and "下次会重新处理" in message
        assert list(folder.entries()) == ["a.wav"]
        assert folder.to_file() == 0 and folder.recognised == 1

    def test_a_recording_that_is_removed_keeps_its_result(self, folder: Folder) -> None:
        path = folder.add("a.wav", 400)

        def remove(clip: np.ndarray, options: Options) -> str:
            path.unlink(missing_ok=True)
            return says_its_pitch(clip, options)

        assert folder.to_file("--jobs", "1", answer=remove) == 0
        assert list(folder.entries()) == ["a.wav"]


class TestStopping:
    def interrupt_at(self, frequency_hz: int) -> Answer:
        def answer(clip: np.ndarray, options: Options) -> str:
            if pitch_hz(clip) == frequency_hz:
                raise KeyboardInterrupt
            return says_its_pitch(clip, options)

        return answer

    @pytest.fixture
    def three(self, folder: Folder) -> Folder:
        for name, frequency_hz in {"a.wav": 400, "b.wav": 500, "c.wav": 600}.items():
            folder.add(name, frequency_hz)
        return folder

    def test_ctrl_c_leaves_whole_entries_and_the_next_run_goes_on(
        self, three: Folder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert three.to_file("--jobs", "1", answer=self.interrupt_at(500)) == 130
        assert list(three.entries()) == ["a.wav"]
        message = capsys.readouterr()
        assert "stopped" in message.err
        assert "已停止" in message.err
        assert three.to_file() == 0
        assert three.recognised == 2
        assert list(three.entries()) == ["a.wav", "b.wav", "c.wav"]

    def test_ctrl_c_with_a_file_each(self, three: Folder) -> None:
        assert three.to_folder("--jobs", "1", answer=self.interrupt_at(600)) == 130
        assert set(three.results()) == {"a.wav.txt", "b.wav.txt"}
        assert three.to_folder() == 0
        assert three.recognised == 1

    def test_ctrl_c_while_files_run_beside_each_other(self, three: Folder) -> None:
        """What was finished by then depends on the moment; it is whole, and only the rest is done again."""
        assert three.to_folder("--jobs", "2", answer=self.interrupt_at(600)) == 130
        finished = three.results()
        assert "c.wav.txt" not in finished
        assert three.to_folder() == 0
        assert three.recognised == 3 - len(finished)
        assert finished.items() <= three.results().items()

    def test_an_entry_that_was_noted_but_not_written_is_written_by_the_next_run(
        self, three: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As after a kill between the two."""
        write = three._batch.batch.write_whole

        def killed(path: Path, parts: Iterator[str]) -> None:
            texts = list(parts)
            if len(texts) == 3:
                raise KeyboardInterrupt
            write(path, texts)

        monkeypatch.setattr(three._batch.batch, "write_whole", killed)
        assert three.to_file() == 130
        assert len(three.entries()) == 2
        monkeypatch.setattr(three._batch.batch, "write_whole", write)
        assert three.to_file() == 0
        assert three.recognised == 0
        assert list(three.entries()) == ["a.wav", "b.wav", "c.wav"]

    def test_a_kill_leaves_whole_entries(self, three: Folder, tmp_path: Path) -> None:
        """A process of its own, killed while it recognises; the recogniser is the scripted one."""
        program = tmp_path / "program.py"
        program.write_text(
            f"import sys, time\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from sensevoice.cli import startup\nfrom tests.fakes import FakeRecognizer\n"
            "def answer(clip, options):\n    time.sleep(0.3)\n    return '<|zh|>whole'\n"
            "startup.announce_versions = lambda: None\n"
            "startup.load = lambda settings: FakeRecognizer([(0, 1000)], answer)\n"
            "from sensevoice.cli.main import run\nsys.exit(run('transcribe'))\n"
        )
        command = [sys.executable, program, three.recordings, "-o", three.output, "--no-sounds"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline_s = time.monotonic() + 60
        while not three.output.exists():
            assert process.poll() is None and time.monotonic() < deadline_s
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        entries = three.entries()
        assert 1 <= len(entries) < 3
        assert all(text.endswith("whole") for text in entries.values())
        assert subprocess.run(command, capture_output=True).returncode == 0
        assert list(three.entries()) == ["a.wav", "b.wav", "c.wav"]
        assert not list(three.output.parent.glob("*.sensevoice-part"))


def test_help_teaches() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True)
    for part in (
        "examples / 示例",
        "--recursive",
        "--out-dir",
        "--channel",
        "SENSEVOICE_LANGUAGE",
        "再次运行",
    ):
        assert part in done.stdout


def test_json_is_json(folder: Folder) -> None:
    folder.add("a.wav", 400)
    folder.to_folder("--format", "json")
    assert json.loads(folder.results()["a.wav.json"])


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_a_file_beside_the_others(folder: Folder, name: str) -> None:
    folder.add("通话[1] (甲).wav", 400)
    assert folder.to_folder("--format", name) == 0
    (path,) = [path for path in folder.out_dir.iterdir() if path.name[0] != "."]
    assert path.name == f"通话[1] (甲).wav{FORMATS[name].extension}"
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") == (FORMATS[name].extension.endswith(".csv"))
    text = text_of(data if FORMATS[name].binary else data.decode())
    assert ("tone 400" in text) == (not name.startswith(("highlights", "edl", "markers")))
    assert b"\r\r\n" not in data


def test_several_formats_at_once(folder: Folder) -> None:
    folder.add("a.wav", 400)
    wanted = ("--formats", "docx", "xlsx", "json", "docx")
    for expected in (1, 0):
        assert folder.to_folder(*wanted) == 0
        assert folder.recognised == expected
    made = sorted(path.name for path in folder.out_dir.iterdir() if path.name[0] != ".")
    assert made == ["a.wav.docx", "a.wav.json", "a.wav.xlsx"]
    (folder.out_dir / "a.wav.xlsx").unlink()
    folder.to_folder(*wanted)
    assert folder.recognised == 1, "one of its files is missing"
    folder.to_folder(*wanted, "--no-tags", "--table")
    assert folder.recognised == 1, "other settings"


def test_asking_for_captions_redoes_what_was_made_without_them(folder: Folder) -> None:
    folder.add("a.wav", 400)
    for expected in (1, 0):
        folder.to_folder("--format", "srt")
        assert folder.recognised == expected
    for expected in (1, 0):
        folder.to_folder("--format", "srt", "--captions")
        assert folder.recognised == expected


def test_traditional_characters_without_opencc_are_refused_before_the_work(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    _converter.cache_clear()
    folder.add("a.wav", 400)
    assert folder.to_folder("--traditional") == 2
    assert folder.recognised == 0
    assert "pip install OpenCC" in capsys.readouterr().err


def test_the_same_run_writes_an_index_that_goes_on_with_it(
    folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(line: str) -> list[str]:
        database = Database(index, writable=False)
        hits = find(database, parse(line), "").hits
        database.close()
        return [hit.recording.name for hit in hits]

    index = tmp_path / "night" / "calls.db"
    first, second = folder.add("a.wav", 300), folder.add("sub/b.wav", 500)
    assert folder.to_file("--recursive") == 0
    assert folder.to_file("--recursive", "--index", index) == 0, "done before, but not in the index"
    assert found("tone 500") == ["sub/b.wav"] and sorted(found("tone")) == ["a.wav", "sub/b.wav"]
    assert folder.to_file("--recursive", "--index", index) == 0
    assert "2 skipped" in capsys.readouterr().out
    second.rename(second.with_name("c.wav"))
    folder.add("a.wav", 700)
    first.touch()
    assert folder.to_file("--recursive", "--index", index) == 0
    assert found("tone 500") == ["sub/c.wav"] and found("tone 300") == [] and found("tone 700") == ["a.wav"]
    assert "1 done, 1 skipped" in capsys.readouterr().out


def test_a_file_that_is_no_index_is_told_and_stays(
    folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.add("a.wav", 300)
    theirs = tmp_path / "notes.txt"
    theirs.write_text("mine")
    assert folder.to_file("--index", theirs) == 2
    assert "notes.txt" in capsys.readouterr().err and theirs.read_text() == "mine"
    assert folder.to_file("--index", theirs / "below") == 2
    assert "index" in capsys.readouterr().err
