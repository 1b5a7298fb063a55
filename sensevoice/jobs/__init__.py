"""Jobs: recordings that are recognised, kept on disk and looked at again, whatever happens to the page.

store.py keeps them, rebuild.py reads them back from their folders, runner.py works through them in the order
of queue.py, answers.py lets a job go on where a killed process left it, edits.py holds what people corrected.
Nothing here knows of gradio, and nothing in recognition knows of this.
"""

from __future__ import annotations

from sensevoice.jobs.answers import RememberingRecognizer
from sensevoice.jobs.folder import answers_beside
from sensevoice.jobs.runner import JobRunner
from sensevoice.jobs.store import JobStore, data_directory
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
    "TranscribeFn",
    "Update",
    "answers_beside",
    "data_directory",
]
