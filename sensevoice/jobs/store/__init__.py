"""The store of jobs, below one directory.

directory.py creates, finds and removes jobs, store.py adds their records with people's corrections. index.py
is the list of them, rebuild.py reads them back from their folders, records.py keeps what was read in memory;
keeping.py says for how long a job stays, by the clock of clock.py, and room.py how much all of them may take.
"""

from __future__ import annotations

from sensevoice.jobs.store.directory import MAX_NAME_CHARS
from sensevoice.jobs.store.room import HEADROOM_BYTES
from sensevoice.jobs.store.store import Correct, JobStore

__all__ = ["HEADROOM_BYTES", "MAX_NAME_CHARS", "Correct", "JobStore"]
