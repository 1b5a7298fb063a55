"""Jobs: recordings that are recognised, kept on disk and looked at again, whatever happens to the page.

store.py keeps them, rebuild.py reads them back from their folders, runner.py works through them in the order
of queue.py, each by a JobRun of run.py, whose rows rows.py keeps. resume.py lets a job go on where a killed
process left it, suspects.py finds the clip that killed it, edits.py holds what people corrected, clock.py
says for how long a job has been kept.
Nothing here knows of gradio, and nothing in recognition knows of this.
"""

from __future__ import annotations

from sensevoice.jobs.files import answers_beside
from sensevoice.jobs.model import FINISHED, ActiveJob, Job, JobState, Result, TranscribeFn, Update
from sensevoice.jobs.running.resume import ResumingRecognizer
from sensevoice.jobs.running.runner import AT_ONCE, JobRunner
from sensevoice.jobs.running.suspects import SuspectingRecognizer, Suspects
from sensevoice.jobs.store import JobStore
from sensevoice.jobs.taps import for_the_player
from sensevoice.runtime.directories import data_directory

__all__ = [
    "AT_ONCE",
    "FINISHED",
    "ActiveJob",
    "Job",
    "JobRunner",
    "JobState",
    "JobStore",
    "Result",
    "ResumingRecognizer",
    "SuspectingRecognizer",
    "Suspects",
    "TranscribeFn",
    "Update",
    "answers_beside",
    "data_directory",
    "for_the_player",
]
