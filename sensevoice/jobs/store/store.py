"""All jobs on disk: what each is, its record, and people's corrections of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sensevoice.errors import BadRequest
from sensevoice.jobs.editing.edits import Change, Edits, Step
from sensevoice.jobs.editing.people import People
from sensevoice.jobs.model import Job, Result
from sensevoice.jobs.store.directory import JobDirectory
from sensevoice.jobs.store.records import Record
from sensevoice.runtime.atomic import write_whole
from sensevoice.transcript import Segment, Transcript

Correct = Callable[[Sequence[Segment], Sequence[int]], Iterable[Change]]
"""Returns the changes of rows, which it is given with the numbers of those that are to be changed."""


class JobStore(JobDirectory):
    """The jobs below one directory. Methods may be called from several threads.

    `model` says which models run now; it is asked when that is needed, because they may still be loading.
    `keep_hours` counts from the end of a job, by a clock of its own unless one is given; what has been kept
    for so long goes within a minute. Raises DataDirectoryUnusable, also when another program has it open: two
    would work on the same jobs.
    """

    def finish(self, job: Job, transcript: Transcript) -> None:
        """Write the record of a job that came to its end. Raises OSError when the disk is full."""
        self.folder(job.id).write_record(transcript)
        self._records.forget()

    def result(self, job: Job) -> Result:
        """Return what is on disk of a job, with people's corrections."""
        record = self._record(job)
        transcript = record.transcript
        if record.damage is not None:
            self.set_aside(job, record.damage)
        if not record.whole:
            transcript = replace(transcript, source=job.name, options=job.options, model=self.model)
            transcript = replace(transcript, duration_ms=max(transcript.duration_ms, job.duration_ms or 0))
        return Result(transcript, partial=transcript.complete_until_ms is not None)

    def _record(self, job: Job) -> Record:
        """Return what is on disk of a job: kept in memory once it has ended, until then rows are added."""
        now = self.find(job.id) or job
        return self._records.get(job.id) if now.finished else self._records.read(job.id)

    def read(self, job: Job) -> Transcript:
        """Return what `result` does, without keeping it in memory: for those who go through all jobs."""
        return self._records.read(job.id).transcript

    def change(self, job: Job, changes: Iterable[Change], what: str = "edit") -> None:
        """Keep corrections; `what` is one of edits.STEPS. Raises JobNotFound, DiskLow."""
        self._room.check_headroom()
        with self._changing:
            self.job(job.id, job.owner)
            with self._records.changing(job.id) as record:
                record.change(changes, what)
            self._tell(job.id)

    def correct(
        self, job: Job, rows: Sequence[int], lines: int | None, correct: Correct, what: str = "edit"
    ) -> list[int]:
        """Change the rows that had these numbers after so many lines of corrections; None stands for now.

        `correct` is given all rows, and the numbers that those have now, which are returned. Raises
        RowChanged when one of them is no longer as it was, BadRequest, JobNotFound.
        """
        with self._changing:
            record = self._records.get(job.id)
            moved = lines is not None and lines != record.version
            now = record.numbers_now(rows, lines) if moved and lines is not None else list(rows)
            segments = record.transcript.segments
            for number in now:
                if not 0 <= number < len(segments):
                    raise BadRequest(reason=f"row {number}")
            self.change(job, correct(segments, now), what)
            return now

    def corrections(self, job: Job) -> int:
        """Return how often the rows of a job were corrected or a correction taken back."""
        if not self.job(job.id, job.owner).finished:
            return 0  # only then rows have numbers, and what is read now would be kept
        return self._records.get(job.id).version

    def people(self, job: Job) -> People:
        """Return what somebody said about the people of a job."""
        return self._record(job).people

    def change_people(self, job: Job, change: Callable[[People], People]) -> None:
        """Keep what somebody says about the people of a job. Raises JobNotFound when the job is gone."""
        with self._changing:
            self.job(job.id, job.owner)
            people = change(self.people(job))
            write_whole(self.folder(job.id).people, json.dumps(people.as_dict(), ensure_ascii=False))
            self._records.forget()
            self._tell(job.id)

    def undo(self, job: Job) -> Step | None:
        """Take the last correction back and return it; None when there is none."""
        return self._turn(job, Edits.undo)

    def redo(self, job: Job) -> Step | None:
        """Make the correction again that was taken back last and return it; None when there is none."""
        return self._turn(job, Edits.redo)

    def _turn(self, job: Job, way: Callable[[Edits], Step | None]) -> Step | None:
        with self._changing:
            with self._records.changing(job.id) as record:
                step = record.turn(way)
            self._tell(job.id)
            return step
