"""Where the program keeps what outlives it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def data_directory(wanted: str | None, port: int) -> Path:
    """Return the directory for jobs: the one that is wanted, else one in the user's own place for data.

    The latter is named after the port, so that two programs on one machine do not share their jobs.
    """
    if wanted:
        return Path(wanted).expanduser()
    try:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    except RuntimeError:  # this user has no home
        home = Path(tempfile.gettempdir())
    return home / "sensevoice" / str(port)
