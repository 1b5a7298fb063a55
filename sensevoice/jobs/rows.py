"""The rows of a job as they come, each written at once, and those of a run that did not come to its end.

A run begins with the same models and settings as the one before, or the job begins anew. Then the same rows
come again; they are compared by what they hold, and where one differs, what was kept from there on goes.
"""

from __future__ import annotations

import json

from sensevoice.jobs.files import JobFolder
from sensevoice.options import Options
from sensevoice.runtime.atomic import write_whole
from sensevoice.transcript import ModelInfo, Segment


class KeptRows:
    """Rows in their order. `shown` is the list that people see: those of the run before stay in it."""

    def __init__(self, folder: JobFolder, shown: list[Segment]) -> None:
        self._folder = folder
        self._shown = shown
        self._came = 0

    def add(self, row: Segment) -> None:
        """Take the next row, new or known. Raises OSError; then it has not been taken."""
        if self._came < len(self._shown) and self._shown[self._came] != row:
            self._folder.write_segments(self._shown[: self._came])
            del self._shown[self._came :]
        if self._came == len(self._shown):
            self._folder.add_segment(row)
            self._shown.append(row)
        self._came += 1


def begin(folder: JobFolder, model: ModelInfo, options: Options) -> bool:
    """Note with which models and settings a job is run; return whether it begins anew because of them.

    Then nothing is left of what the run before had found. The device is not compared: what it changes is the
    precision. Raises OSError.
    """
    now = json.dumps(
        {
            "model": [model.name, model.vad_name, model.precision, model.demo],
            "settings": options.as_dict(),
        },
        ensure_ascii=False,
        sort_keys=True,
    )
    try:
        before = folder.run.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        before = None
    if before == now:
        return False
    anew = before is not None
    if anew:
        folder.segments.unlink(missing_ok=True)
        folder.answers.unlink(missing_ok=True)
    write_whole(folder.run, now)
    return anew
