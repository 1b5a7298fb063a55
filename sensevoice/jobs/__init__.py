"""Jobs: recordings that are recognised, kept on disk and looked at again, whatever happens to the page.

store/ keeps them, running/ works through them, editing/ is what people change in them. model.py says what a
job is and files.py what lies in its folder; rows.py keeps the rows of a run as they come. waveform.py and
copies.py make what the player needs, through taps.py while a recording is read; comparisons.py sets several
jobs side by side.
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
