"""Several listeners to the sound of one recording while it is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sensevoice.audio.info import Samples
from sensevoice.jobs.copies import CopyWriter
from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.waveform import PeakWriter
from sensevoice.transcript import Media

if TYPE_CHECKING:  # it imports all of recognition
    from sensevoice.transcribe.pipeline import Tap


class Taps:
    """Shows all sound to each of several taps; see `pipeline.Tap`."""

    def __init__(self, *taps: Tap) -> None:
        self._taps = taps

    def begin(self, media: Media) -> None:
        for tap in self._taps:
            tap.begin(media)

    def write(self, block: Samples) -> None:
        for tap in self._taps:
            tap.write(block)

    def end(self) -> None:
        for tap in self._taps:
            tap.end()

    def close(self) -> None:
        for tap in self._taps:
            tap.close()


def for_the_player(recording: Path) -> Taps:
    """Return what writes all that the player needs of a job's recording."""
    folder = JobFolder(recording.parent.parent)
    return Taps(CopyWriter(folder.playable), PeakWriter(folder.peaks))
