"""What lies in the folder of one job: the recording, its segments as they came, the record, corrections."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sensevoice.errors import JobDamaged, SenseVoiceError
from sensevoice.formats.record import from_dict, segment_from_dict, segment_to_dict, to_dict
from sensevoice.jobs import model
from sensevoice.jobs.model import Job
from sensevoice.runtime.atomic import write_whole
from sensevoice.runtime.file_names import short_name
from sensevoice.transcript import Segment, Transcript

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What a value raises that is JSON, but not what was written there."""


class JobFolder:
    """The files of one job below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.job = path / "job.json"
        self.run = path / "run.json"
        self.answers = path / "answers.jsonl"
        self.segments = path / "segments.jsonl"
        self.record = path / "record.json"
        self.edits = path / "edits.jsonl"
        self.playable = path / "playable.ogg"
        self.voices = path / "voices.npz"
        self.people = path / "people.json"
        self.comparison = path / "comparison.json"
        self.peaks = path / "peaks.u8"
        self.webhooks = path / "webhooks"
        self.minutes = path / "minutes.json"
        self.live_rows = path / "live.jsonl"
        self.live_changes = path / "live_changes.jsonl"
        self.captions = path / "captions.json"

    @property
    def source(self) -> Path:
        """Return the recording, the only file of its folder. Raises FileNotFoundError."""
        for path in (self.path / "source").iterdir():
            return path
        raise FileNotFoundError(self.path / "source")

    @property
    def has_source(self) -> bool:
        try:
            return self.source.exists()
        except OSError:
            return False

    def take_in(self, recording: Path) -> None:
        """Make the folder with a recording in it, by a second name for the same file where that can be.

        The job then owns it: whoever deletes the upload takes nothing away.
        """
        target = self.path / "source" / short_name(recording.name, "recording")
        target.parent.mkdir(parents=True, mode=0o700)
        try:
            os.link(recording, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(recording, target)

    def size_bytes(self) -> int:
        """Return how much room all files take; files may come and go meanwhile."""
        return size_bytes(self.path)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def write_job(self, job: Job) -> None:
        """Write what the list says of the job. Raises OSError."""
        write_whole(self.job, json.dumps(model.to_dict(job), ensure_ascii=False, allow_nan=False))

    def read_job(self) -> Job:
        """Return what `write_job` wrote. Raises FileNotFoundError, and as `values.from_dict`."""
        job = model.from_dict(json.loads(self.job.read_text("utf-8")))
        return replace(job, id=self.path.name)

    def put_aside(self, path: Path) -> None:
        """Rename a damaged file, so that its replacement does not overwrite what is in it."""
        with suppress(OSError):
            path.replace(self.put_aside_path(path))

    def put_aside_path(self, path: Path) -> Path:
        return path.with_name(path.name + ".damaged")

    def add_segment(self, segment: Segment) -> None:
        append_line(self.segments, segment_to_dict(segment))

    def write_segments(self, segments: Sequence[Segment]) -> None:
        """Write all rows anew. Raises OSError."""
        write_whole(self.segments, "".join(_line(segment_to_dict(segment)) for segment in segments))

    def read_segments(self) -> list[Segment]:
        """Return the rows. Raises JobDamaged for a line that is none."""
        rows = self.readable_segments()
        if len(rows) < sum(1 for _ in read_lines(self.segments)):
            raise JobDamaged(file=self.segments.name, reason=f"line {len(rows) + 1} / 第 {len(rows) + 1} 行")
        return rows

    def readable_segments(self) -> list[Segment]:
        """Return the rows up to the first that cannot be read."""
        rows: list[Segment] = []
        with suppress(*UNREADABLE):
            rows.extend(segment_from_dict(item) for item in read_lines(self.segments))
        return rows

    def write_record(self, transcript: Transcript) -> None:
        text = json.dumps(to_dict(transcript), ensure_ascii=False, allow_nan=False)
        write_whole(self.record, text)

    def read_record(self) -> Transcript | None:
        """Return the whole record, None before the job has come to its end. Raises JobDamaged."""
        if not self.record.exists():
            return None
        try:
            return from_dict(json.loads(self.record.read_text("utf-8")))
        except (*UNREADABLE, SenseVoiceError) as exc:
            raise JobDamaged(file=self.record.name, reason=str(exc)[:100]) from exc


def append_line(path: Path, value: Any) -> None:
    """Add a line of JSON in one write, so that a killed process leaves at most one broken line, the last.

    Raises OSError when the disk does not take it; then nothing of it is in the file.
    """
    line = _line(value)
    with path.open("ab", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            left = memoryview(line.encode())
            while left:  # a disk that becomes full takes a part, and refuses the rest
                left = left[file.write(left) or 0 :]
        except OSError:
            file.truncate(end)
            raise


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the values of a file of JSON lines, None for a damaged line; half a line at the end is none."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            yield value


def cut_broken_line(path: Path) -> None:
    """Take away what a killed process left of a last line, so that the next one starts afresh."""
    if path.exists():
        whole = path.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            os.truncate(path, end)


def size_bytes(folder: Path) -> int:
    """Return how much room the files below a folder take; files may come and go meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # renamed or removed since it was listed
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def answers_beside(recording: Path) -> Path:
    """Return where the answers about a job's recording are kept."""
    return JobFolder(recording.parent.parent).answers
