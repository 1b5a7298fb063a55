"""Jobs: recordings that are recognised, kept on disk and looked at again, whatever happens to the page.

store.py keeps them, runner.py works through them, answers.py lets a job go on where a killed process
left it, edits.py holds what people corrected. Nothing here knows of gradio, and nothing in recognition
knows of this.
"""

from __future__ import annotations

from sensevoice.jobs.files import answers_beside
from sensevoice.jobs.model import FINISHED, ActiveJob, Job, JobState, Result, TranscribeFn, Update
from sensevoice.jobs.resume import ResumingRecognizer
from sensevoice.jobs.runner import JobRunner
from sensevoice.jobs.store import JobStore, data_directory

__all__ = [
    "FINISHED",
    "ActiveJob",
    "Job",
    "JobRunner",
    "JobState",
    "JobStore",
    "Result",
    "ResumingRecognizer",
    "TranscribeFn",
    "Update",
    "answers_beside",
    "data_directory",
]
