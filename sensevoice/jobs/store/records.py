"""The record of a job with people's corrections: read once, and changed in memory as it is on disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sensevoice.errors import JobDamaged, RowChanged
from sensevoice.jobs.editing.edits import Change, Edits, Step, after
from sensevoice.jobs.editing.people import AS_THE_JOB, People, with_speakers
from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.model import speakers_of, whole_until_ms
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Transcript

log = logging.getLogger(__name__)

KEPT_RECORDS = 8
"""Records of finished jobs in memory; one of 3 hours takes about 10 MB."""


@dataclass
class Record:
    """What is on disk of a job: the rows as they were heard, and the transcript with people's corrections.

    `whole` when the job came to its end; `damage` is what cannot be read.
    """

    whole: bool
    heard: Transcript
    people: People
    edits: Edits
    damage: JobDamaged | None
    transcript: Transcript = field(init=False)
    _rows: Sequence[Segment] = field(init=False)

    def __post_init__(self) -> None:
        self._show(self.edits.applied(self.heard.segments, self.people.counting))

    @property
    def version(self) -> int:
        """How often rows or people were corrected, or a correction taken back."""
        return self.edits.count + self.people.changes

    def change(self, changes: Iterable[Change], what: str) -> None:
        """Keep corrections. Raises OSError when the disk is full."""
        step = self.edits.make(changes, what)
        self._show(after(self._rows, step, self.people.counting))

    def turn(self, way: Callable[[Edits], Step | None]) -> Step | None:
        """Take a step back or make it again; return it, None when there is none."""
        step = way(self.edits)
        self._show(self.edits.applied(self.heard.segments, self.people.counting))
        return step

    def numbers_now(self, rows: Sequence[int], version: int) -> list[int]:
        """Return the numbers that rows have now which had these at a version. Raises RowChanged."""
        # What was said of the people counts as well, and nobody knows when: every answer has to be the same.
        possible = [version - said for said in range(min(self.people.changes, version) + 1)]
        segments, counting = self.heard.segments, self.people.counting
        found = [
            {self.edits.number_now(segments, row, lines, counting) for lines in possible} for row in rows
        ]
        if any(len(numbers) != 1 or None in numbers for numbers in found):
            raise RowChanged()
        return [number for numbers in found for number in numbers if number is not None]

    def _show(self, rows: Sequence[Segment]) -> None:
        self._rows = rows
        segments = tuple(with_speakers(rows, self.heard.segments))
        self.transcript = self.people.named(replace(self.heard, segments=segments))


class KeptRecords:
    """The records of jobs by their ids, those last asked for in memory. For several threads."""

    def __init__(self, folder_of: Callable[[str], JobFolder]) -> None:
        self._folder_of = folder_of
        self._reading = threading.Lock()
        self._kept = lru_cache(KEPT_RECORDS)(self._read)

    def get(self, job_id: str) -> Record:
        """Return the record of a job, read once however many ask for it at the same time."""
        with self._reading:
            return self._kept(job_id)

    def read(self, job_id: str) -> Record:
        """Return the record of a job without keeping it in memory: for those who go through all jobs."""
        with self._reading:
            return self._read(job_id)

    @contextmanager
    def changing(self, job_id: str) -> Iterator[Record]:
        """Hold the record of a job while it is changed; nobody else reads one meanwhile."""
        with self._reading:
            yield self._kept(job_id)

    def forget(self) -> None:
        """Read records anew from now on; one that is being read is waited for, lest it be kept."""
        with self._reading:
            self._kept.cache_clear()

    def _read(self, job_id: str) -> Record:
        return read_record(
            self._folder_of(job_id), lambda damage: log.warning("job %s: %s", job_id, damage.message("en"))
        )


def read_record(folder: JobFolder, warn: Callable[[JobDamaged], None]) -> Record:
    """Return what is on disk of a job; `warn` is told what cannot be read of it."""
    damage: JobDamaged | None = None
    try:
        record = folder.read_record()
    except JobDamaged as exc:
        warn(exc)
        record, damage = None, exc
    people = People.read(folder.people)
    heard = record or _partial(folder.readable_segments())
    if record is not None and people.counting != AS_THE_JOB:
        heard = people.told_apart(heard, VoicePrints.load(folder.voices))
    return Record(record is not None, heard, people, Edits(folder.edits), damage)


def _partial(segments: list[Segment]) -> Transcript:
    """Return the rows of a job that did not come to its end."""
    ordered = tuple(sorted(segments, key=lambda segment: (segment.span, segment.channel or "")))
    return Transcript(
        "",
        max((segment.span.end_ms for segment in ordered), default=0),
        ordered,
        complete_until_ms=whole_until_ms(ordered),
        speakers=speakers_of(ordered),
    )
