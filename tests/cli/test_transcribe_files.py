"""Which files of a folder are transcribed, what is remembered of them, and that results are whole."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from sensevoice.cli.transcribe.files import (
    DoneList,
    list_media,
    name_in,
    output_name,
    remove_leftovers,
    settings_key,
    write_whole,
)
from sensevoice.options import Options
from sensevoice.transcript import ModelInfo
from tests.media import TEST_PICTURE, ffmpeg, needs_ffmpeg, tone, write_wav

MODEL = ModelInfo("model", "vad", "cpu")


def sound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_wav(path, tone(440, 0.2))


class TestListing:
    def names(self, directory: Path, recursive: bool = False) -> list[str]:
        return [path.relative_to(directory).as_posix() for path in list_media(directory, recursive).files]

    def test_files_come_in_order_of_their_names(self, tmp_path: Path) -> None:
        for name in ("b.wav", "a.wav", "10.wav", "C.wav"):
            sound(tmp_path / name)
        assert self.names(tmp_path) == ["10.wav", "C.wav", "a.wav", "b.wav"]

    def test_folders_below_only_on_request(self, tmp_path: Path) -> None:
        sound(tmp_path / "a.wav")
        sound(tmp_path / "sub/deep/b.wav")
        assert self.names(tmp_path) == ["a.wav"]
        assert self.names(tmp_path, recursive=True) == ["a.wav", "sub/deep/b.wav"]

    def test_content_counts_and_not_the_name(self, tmp_path: Path) -> None:
        sound(tmp_path / "x.wav").rename(tmp_path / "recording.bin")
        sound(tmp_path / "y.wav").rename(tmp_path / "no extension")
        (tmp_path / "notes.txt").write_text("nothing to hear")
        (tmp_path / "data.json").write_text("{}")
        listing = list_media(tmp_path, False)
        assert [path.name for path in listing.files] == ["no extension", "recording.bin"]
        assert listing.others == 2

    def test_what_is_called_media_is_listed_so_that_its_fault_is_reported(self, tmp_path: Path) -> None:
        (tmp_path / "broken.MP3").write_text("not an mp3")
        (tmp_path / "empty.wav").touch()
        assert self.names(tmp_path) == ["broken.MP3", "empty.wav"]

    @needs_ffmpeg
    def test_a_video_without_sound_under_another_name_is_not_media(self, tmp_path: Path) -> None:
        ffmpeg(*TEST_PICTURE, "-t", "0.5", "-f", "mp4", tmp_path / "silent.bin")
        assert list_media(tmp_path, False).others == 1

    def test_hidden_and_special_files_are_left_out(self, tmp_path: Path) -> None:
        sound(tmp_path / "a.wav")
        sound(tmp_path / "._a.wav")
        os.mkfifo(tmp_path / "pipe.wav")
        (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
        (tmp_path / "folder.wav").mkdir()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "socket.wav"))
            assert self.names(tmp_path, recursive=True) == ["a.wav"]

    def test_a_ring_of_links_ends(self, tmp_path: Path) -> None:
        sound(tmp_path / "a.wav")
        (tmp_path / "ring").symlink_to(tmp_path)
        assert self.names(tmp_path, recursive=True) == ["a.wav"]

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        listing = list_media(tmp_path, True)
        assert (listing.files, listing.others) == ((), 0)


class TestNames:
    @pytest.mark.parametrize(
        ("file", "shown"),
        [
            ("a.mp3", "a.mp3"),
            ("周会/第 1 次 [草稿].m4a", "周会/第 1 次 [草稿].m4a"),
            ("😀.wav", "😀.wav"),
            ("two\nlines\r.wav", "two\\nlines\\r.wav"),
        ],
    )
    def test_a_name_is_one_line(self, tmp_path: Path, file: str, shown: str) -> None:
        assert name_in(tmp_path, tmp_path / file) == shown

    def test_bytes_that_are_not_text_are_spelled_out(self, tmp_path: Path) -> None:
        path = tmp_path / os.fsdecode(b"caf\xe9.wav")
        assert name_in(tmp_path, path) == "caf\\xe9.wav"


class TestSettingsKey:
    def test_the_same_settings_give_the_same_key(self) -> None:
        assert settings_key(Options(), MODEL, "txt") == settings_key(Options(), MODEL, "txt")

    def test_everything_that_changes_a_result_changes_the_key(self) -> None:
        keys = {
            settings_key(Options(), MODEL, "txt"),
            settings_key(Options(language="zh"), MODEL, "txt"),
            settings_key(Options(merge_length_s=0), MODEL, "txt"),
            settings_key(Options(channel="split"), MODEL, "txt"),
            settings_key(Options(), ModelInfo("other", "vad", "cpu"), "txt"),
            settings_key(Options(), ModelInfo("model", "other", "cpu"), "txt"),
            settings_key(Options(), ModelInfo("model", "vad", "cpu", demo=True), "txt"),
            settings_key(Options(), MODEL, "srt"),
        }
        assert len(keys) == 8

    def test_the_device_does_not(self) -> None:
        assert settings_key(Options(), MODEL) == settings_key(Options(), ModelInfo("model", "vad", "cuda:0"))


class TestDoneList:
    @pytest.fixture
    def recording(self, tmp_path: Path) -> Path:
        return sound(tmp_path / "a.wav")

    def open(self, tmp_path: Path, key: str = "key") -> DoneList:
        return DoneList(tmp_path / "done.db", key)

    def test_what_was_added_is_held_also_in_the_next_run(self, tmp_path: Path, recording: Path) -> None:
        done = self.open(tmp_path)
        assert not done.holds(recording)
        done.add(recording, "a.wav", "text")
        assert done.holds(recording)
        done.close()
        again = self.open(tmp_path)
        assert again.holds(recording)
        assert list(again.entries()) == [("a.wav", "text")]
        again.close()

    def test_other_settings_or_another_content_are_not_held(self, tmp_path: Path, recording: Path) -> None:
        done = self.open(tmp_path)
        done.add(recording, "a.wav", "text")
        done.close()
        other = self.open(tmp_path, "other key")
        assert not other.holds(recording)
        other.close()
        os.utime(recording, ns=(1, 1))
        done = self.open(tmp_path)
        assert not done.holds(recording)
        done.close()

    def test_a_file_that_was_added_again_is_there_once(self, tmp_path: Path, recording: Path) -> None:
        done = self.open(tmp_path)
        done.add(recording, "a.wav", "old")
        done.add(recording, "a.wav", "new")
        assert list(done.entries()) == [("a.wav", "new")]
        done.close()

    def test_a_result_that_is_not_whole_is_kept_but_made_again(self, tmp_path: Path, recording: Path) -> None:
        done = self.open(tmp_path)
        done.add(recording, "a.wav", "half", whole=False)
        assert not done.holds(recording)
        assert list(done.entries()) == [("a.wav", "half")]
        done.close()

    @pytest.mark.parametrize("name", [b"caf\xe9.wav", "周会 [1]\n😀.wav".encode()])
    def test_any_name_can_be_kept(self, tmp_path: Path, name: bytes) -> None:
        recording = sound(tmp_path / "b.wav").rename(tmp_path / os.fsdecode(name))
        done = self.open(tmp_path)
        done.add(recording, name_in(tmp_path, recording), "text")
        assert done.holds(recording)
        done.close()


class TestWriteWhole:
    def test_the_parts_are_written_one_after_the_other(self, tmp_path: Path) -> None:
        write_whole(tmp_path / "new/out.txt", ["一\n", "two\n"])
        assert (tmp_path / "new/out.txt").read_bytes() == "一\ntwo\n".encode()
        assert os.stat(tmp_path / "new/out.txt").st_mode & 0o777 == 0o644

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_what_stops_in_the_middle_leaves_the_old_file_and_nothing_else(
        self, tmp_path: Path, error: type[BaseException]
    ) -> None:
        target = tmp_path / "out.txt"
        target.write_text("old")

        def parts() -> object:
            yield "new"
            raise error

        with pytest.raises(error):
            write_whole(target, parts())  # type: ignore[arg-type]
        assert target.read_text() == "old"
        assert list(tmp_path.iterdir()) == [target]

    def test_a_reader_never_sees_half_a_file(self, tmp_path: Path) -> None:
        target = tmp_path / "out.txt"
        write_whole(target, ["0" * 500_000])
        stop = threading.Event()
        seen: set[tuple[int, int]] = set()

        def read() -> None:
            while not stop.is_set():
                text = target.read_text()
                seen.add((len(text), len(set(text))))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(1, 10):
            write_whole(target, [str(number) * 250_000, str(number) * 250_000])
        stop.set()
        reader.join()
        assert seen == {(500_000, 1)}

    def test_a_name_that_cannot_be_encoded_is_spelled_out(self, tmp_path: Path) -> None:
        write_whole(tmp_path / "out.txt", ["\udce9"])
        assert (tmp_path / "out.txt").read_text() == "\\udce9"

    def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(self, tmp_path: Path) -> None:
        leftover = tmp_path / ".out.txt.abc.sensevoice-part"
        for path in (leftover, tmp_path / ".download.part", tmp_path / "mine.sensevoice-part"):
            path.touch()
        remove_leftovers(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {".download.part", "mine.sensevoice-part"}


class TestOutputName:
    def test_a_short_name_stays(self) -> None:
        assert output_name("sub/会议.ogg", ".srt") == "sub/会议.ogg.srt"

    @pytest.mark.parametrize("extension", [".srt", ".highlights.csv"])
    def test_a_long_one_is_shortened_at_a_character(self, extension: str) -> None:
        name = "会" * 82 + "xx.ogg"
        shortened = output_name(name, extension)
        assert len(shortened.encode()) <= 255 and shortened.endswith(extension)
        assert shortened.startswith("会" * 70)
        assert shortened != output_name("会" * 82 + "xy.ogg", extension)
