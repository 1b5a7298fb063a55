"""What lies in the folder of one job: the recording, its segments as they came, the record, corrections."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sensevoice.formats.record import from_dict, segment_from_dict, segment_to_dict, to_dict
from sensevoice.transcript import Segment, Transcript

MAX_NAME_BYTES = 200
"""File systems take 255; some room is left for what is added to a name."""


class JobFolder:
    """The files of one job below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers = path / "answers.jsonl"
        self.segments = path / "segments.jsonl"
        self.record = path / "record.json"
        self.edits = path / "edits.jsonl"
        self.voices = path / "voices.npz"
        self.people = path / "people.json"

    @property
    def source(self) -> Path:
        """Return the recording, the only file of its folder. Raises FileNotFoundError."""
        for path in (self.path / "source").iterdir():
            return path
        raise FileNotFoundError(self.path / "source")

    def take_in(self, recording: Path) -> None:
        """Make the folder with a recording in it, by a second name for the same file where that can be.

        The job then owns it: whoever deletes the upload takes nothing away.
        """
        target = self.path / "source" / _short(recording.name)
        target.parent.mkdir(parents=True, mode=0o700)
        try:
            os.link(recording, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(recording, target)

    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def add_segment(self, segment: Segment) -> None:
        append_line(self.segments, segment_to_dict(segment))

    def read_segments(self) -> list[Segment]:
        return [segment_from_dict(item) for item in read_lines(self.segments)]

    def write_record(self, transcript: Transcript) -> None:
        write_whole(self.record, json.dumps(to_dict(transcript), ensure_ascii=False, allow_nan=False))

    def read_record(self) -> Transcript | None:
        """Return the whole record, or None before the job has come to its end."""
        if not self.record.exists():
            return None
        return from_dict(json.loads(self.record.read_text("utf-8")))


def append_line(path: Path, value: Any) -> None:
    """Add a line of JSON in one write, so that a killed process leaves at most one broken line, the last."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the values of a file of JSON lines up to its end or its first broken line."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            try:
                yield json.loads(line)
            except ValueError:
                return


def cut_broken_line(path: Path) -> None:
    """Take away what a killed process left of a last line, so that the next one starts afresh."""
    if path.exists():
        whole = path.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            os.truncate(path, end)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that at any time the old or the new one is there, never a part."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _short(name: str) -> str:
    """Return a file name that every file system takes, with its extension."""
    stem, suffix = Path(name).stem or "recording", Path(name).suffix[:20]
    room = MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix


def answers_beside(recording: Path) -> Path:
    """Return where the answers about a job's recording are kept."""
    return JobFolder(recording.parent.parent).answers
