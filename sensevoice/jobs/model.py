"""What a job is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from sensevoice.errors import SenseVoiceError
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Speaker, Transcript

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")

Update = Progress | Segment | VoicePrints | Transcript

TranscribeFn = Callable[[Path, Options], Iterator[Update]]
"""Segments in time order as they are known, voice prints before the Transcript, which comes last.

Closing the iterator cancels the run."""


@dataclass(frozen=True)
class Failure:
    """Why a job failed: the error's code and its sentence in both languages."""

    code: str
    zh: str
    en: str

    @classmethod
    def of(cls, error: SenseVoiceError) -> Failure:
        return cls(error.code, error.message("zh"), error.message("en"))


@dataclass(frozen=True)
class Job:
    """One recording and what became of it. Times in seconds since 1970; `bytes` is its room on disk.

    `owner` is the login it belongs to, empty without logins. `elapsed_s` is the time recognition took.
    """

    id: str
    name: str
    owner: str
    state: JobState
    created_s: float
    options: Options
    finished_s: float | None = None
    elapsed_s: float = 0.0
    duration_ms: int | None = None
    segments: int = 0
    failed: int = 0
    tags: tuple[tuple[str, int], ...] = ()
    bytes: int = 0
    failure: Failure | None = None

    @property
    def finished(self) -> bool:
        return self.state in FINISHED


@dataclass(frozen=True)
class Result:
    """What a job has given so far; `partial` until it has come to its end."""

    transcript: Transcript
    partial: bool


@dataclass(eq=False)
class ActiveJob:
    """A job that waits or runs. `changes` counts up with everything that can be seen of it."""

    job: Job
    progress: Progress | None = None
    segments: list[Segment] = field(default_factory=list)
    changes: int = 0
    began_s: float | None = None
    cancelled: bool = False


def speakers_of(segments: Iterable[Segment]) -> tuple[Speaker, ...]:
    """Return the people of rows that came before their record, in the order in which they speak."""
    return tuple(Speaker(id) for id in dict.fromkeys(row.speaker for row in segments) if id)


def to_row(job: Job) -> dict[str, Any]:
    """Return a job as a row of the index."""
    row = {**asdict(job), "options": json.dumps(job.options.as_dict()), "tags": json.dumps(job.tags)}
    row["failure"] = json.dumps(asdict(job.failure)) if job.failure else None
    return row


def from_row(row: Mapping[str, Any]) -> Job:
    """Return the job that `to_row` wrote; settings of a later version are passed over."""
    data = dict(row)
    data["options"] = Options.kept(json.loads(row["options"]))
    data["tags"] = tuple((name, count) for name, count in json.loads(row["tags"]))
    data["failure"] = Failure(**json.loads(row["failure"])) if row["failure"] else None
    return Job(**data)
