"""Job records: state, options, failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from sensevoice.errors import SenseVoiceError
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Speaker, Transcript

JobState = Literal["live", "queued", "running", "waiting", "done", "failed", "cancelled"]
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")
STATES: tuple[JobState, ...] = ("live", "queued", "running", "waiting", *FINISHED)
"""What is live is still being recorded. What waits has begun, and goes on when the disk takes it."""

SCHEMA_VERSION = 1
"""Of the entry in a job's folder; counts up when a field changes its meaning or goes away."""

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
    `complete_until_ms`: see Transcript. `keep` says that it never goes by itself; `released_s` is when
    somebody took that back.
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
    complete_until_ms: int | None = None
    keep: bool = False
    released_s: float | None = None

    @property
    def finished(self) -> bool:
        return self.state in FINISHED


@dataclass(frozen=True)
class Result:
    """What a job has given so far; `partial` until it has come to its end, and to that of the recording."""

    transcript: Transcript
    partial: bool


@dataclass(eq=False)
class ActiveJob:
    """A job that waits or runs. `changes` counts up with everything that can be seen of it.

    `address` is where it was submitted from. `stop` ends a recording that is live; others have none.
    `is_deleted` says that somebody removes it. `turns` counts how often it gave its place up, and `leaving`
    says that it is about to; `is_guest` that it runs beside the ordinary places; see JobQueue.
    """

    job: Job
    progress: Progress | None = None
    segments: list[Segment] = field(default_factory=list)
    changes: int = 0
    began_s: float | None = None
    cancelled: bool = False
    address: str = ""
    stop: Callable[[], None] | None = None
    is_deleted: bool = False
    turns: int = 0
    leaving: bool = False
    is_guest: bool = False

    @property
    def visitor(self) -> tuple[str, str]:
        """Who shares the places with others: a login, or without logins an address."""
        return self.job.owner, self.address


def speakers_of(segments: Iterable[Segment]) -> tuple[Speaker, ...]:
    """Return the people of rows that came before their record, in the order in which they speak."""
    return tuple(Speaker(id) for id in dict.fromkeys(row.speaker for row in segments) if id)


def whole_until_ms(segments: Iterable[Segment]) -> int:
    """Return until when rows without a record are all there: as far as the slower channel came."""
    ends: dict[str | None, int] = {}
    for segment in segments:
        ends[segment.channel] = max(ends.get(segment.channel, 0), segment.span.end_ms)
    return min(ends.values(), default=0)


def to_dict(job: Job) -> dict[str, Any]:
    """Return a job as values of JSON."""
    return {"schema_version": SCHEMA_VERSION, **asdict(job), "options": job.options.as_dict()}


def from_dict(data: Mapping[str, Any]) -> Job:
    """Return the job that `to_dict` wrote; fields and settings of a later version are passed over.

    Raises KeyError, TypeError, ValueError or AttributeError for what is damaged, OptionError for a setting
    that is not allowed.
    """
    values = _known(data, Job)
    values["options"] = Options(**_known(data["options"], Options))
    values["tags"] = tuple((str(name), int(count)) for name, count in data.get("tags") or ())
    failure = data.get("failure")
    values["failure"] = Failure(**_known(failure, Failure)) if failure else None
    if values["state"] not in STATES:
        raise ValueError(f"state {values['state']!r}")
    for name in ("id", "name", "owner"):
        values[name] = str(values[name])
    values["created_s"] = float(values["created_s"])
    values["keep"] = values.get("keep") is True
    released_s = values.get("released_s")
    values["released_s"] = None if released_s is None else float(released_s)
    return Job(**values)


def _known(data: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def count_tags(segments: Iterable[Segment]) -> tuple[tuple[str, int], ...]:
    """Return how often each emotion and sound was heard, the most frequent first."""
    counts: Counter[str] = Counter()
    for segment in segments:
        counts.update({segment.emotion, *(event.name for event in segment.events)} - {""})
    return tuple(counts.most_common())
