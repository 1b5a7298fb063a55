"""Jobs: recordings that are recognised, kept on disk and looked at again, whatever happens to the page.

store.py keeps them, rebuild.py reads them back from their folders, runner.py works through them in the order
of queue.py, each by a JobRun of run.py, whose rows rows.py keeps. answers.py lets a job go on where a killed
process left it, suspects.py finds the clip that killed it, edits.py holds what people corrected, clock.py
tells for how long a job has been kept. Nothing here knows of gradio, nor anything in recognition of this.
"""

from __future__ import annotations

from sensevoice.jobs.answers import RememberingRecognizer
from sensevoice.jobs.folder import answers_beside
from sensevoice.jobs.runner import JobRunner
from sensevoice.jobs.store import JobStore, data_directory
from sensevoice.jobs.suspects import SuspectingRecognizer
from sensevoice.jobs.values import FINISHED, Job, JobState, Live, Result, TranscribeFn, Update

__all__ = [
    "FINISHED",
    "Job",
    "JobRunner",
    "JobState",
    "JobStore",
    "Live",
    "RememberingRecognizer",
    "Result",
    "SuspectingRecognizer",
    "TranscribeFn",
    "Update",
    "answers_beside",
    "data_directory",
]
