"""What the player needs beside the recording itself: its loudness to draw, and a copy any browser plays.

Both are made while the recording is decoded for recognition. Where that did not come to its end, they are
made when somebody asks; reading a whole recording takes a core for up to minutes, so whoever asks makes sure
that each is made once.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from sensevoice.audio.info import Samples
from sensevoice.audio.opus import write_opus
from sensevoice.audio.source import SAMPLE_RATE_HZ, open_audio
from sensevoice.jobs.copies import at_most_two
from sensevoice.jobs.files import JobFolder
from sensevoice.options import Options
from sensevoice.runtime.atomic import replacing
from sensevoice.transcript import Media

log = logging.getLogger(__name__)

PEAKS_PER_S = 20
"""A bar every 50 ms: a syllable is seen, and 3 hours are 216,000 bytes."""

PEAK_SAMPLES = SAMPLE_RATE_HZ // PEAKS_PER_S


class PeakMeter:
    """Finds the loudest sample of each twentieth of a second, as one byte from 0 to 255."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)

    def feed(self, block: Samples) -> bytes:
        """Return the peaks that are complete with a block of (channels, n) float32 within ±1 at 16 kHz."""
        loudest = np.concatenate([self._rest, np.abs(block).max(axis=0)])
        whole = len(loudest) - len(loudest) % PEAK_SAMPLES
        self._rest = loudest[whole:]
        return _as_bytes(loudest[:whole])

    def finish(self) -> bytes:
        """Return the last peak, of less than a twentieth of a second; empty when there is none."""
        return _as_bytes(np.pad(self._rest, (0, -len(self._rest) % PEAK_SAMPLES)))


def _as_bytes(loudest: npt.NDArray[np.float32]) -> bytes:
    highest = loudest.reshape(-1, PEAK_SAMPLES).max(axis=1)
    peaks: bytes = np.minimum(np.round(highest * 255), 255).astype(np.uint8).tobytes()
    return peaks


class PeakWriter:
    """Writes the peaks of a recording while it is decoded; see `pipeline.Tap`.

    The file is there whole or not at all; what there is so far is beside it, see `peaks_so_far`. A full disk
    costs the file, which is then made when it is asked for, and not the transcript.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        self._meter = PeakMeter()
        self._file: IO[bytes] | None = None

    def begin(self, media: Media) -> None:
        if self._path.exists():
            return
        try:
            self._file = self._part.open("wb", buffering=0)
        except OSError:
            self._give_up()

    def write(self, block: Samples) -> None:
        if self._file is not None:
            self._add(self._meter.feed(block))

    def end(self) -> None:
        if self._file is not None:
            self._add(self._meter.finish())
        if self._file is None:
            return
        self._file.close()
        self._file = None
        try:
            self._part.replace(self._path)
        except OSError:
            self._give_up()

    def close(self) -> None:
        """Remove what is not whole. May be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._part.unlink(missing_ok=True)

    def _add(self, peaks: bytes) -> None:
        try:
            if self._file is not None and self._file.write(peaks) != len(peaks):
                raise OSError("the disk took a part / 只写入了一部分")
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        log.warning("no waveform yet", exc_info=True)
        self.close()


def peaks_so_far(folder: JobFolder) -> bytes:
    """Return the peaks that are there of a recording that is being decoded; none before it is."""
    for path in (folder.peaks, folder.peaks.with_suffix(".part"), folder.peaks):  # it may just be complete
        try:
            return path.read_bytes()
        except FileNotFoundError:
            continue
    return b""


def peaks_file(folder: JobFolder, options: Options) -> Path:
    """Return the file with the peaks of a whole recording; it is decoded when there is none.

    `options` name the track that was recognised. Raises MediaError subclasses for a recording that cannot
    be read.
    """
    if not folder.peaks.exists():
        meter = PeakMeter()
        with (
            open_audio(folder.source, options.stream_index, options.raw_format) as source,
            replacing(folder.peaks) as part,
            part.open("wb") as file,
        ):
            for block in source.blocks():
                file.write(meter.feed(block))
            file.write(meter.finish())
    return folder.peaks


def playable_file(folder: JobFolder, options: Options) -> Path:
    """Return the recording as Opus, which every browser plays and seeks, on the record's clock.

    `options` name the track. Raises MediaError subclasses.
    """
    path = folder.playable
    if not path.exists():
        with (
            open_audio(folder.source, options.stream_index, options.raw_format) as source,
            replacing(path) as part,
        ):
            write_opus((at_most_two(block) for block in source.blocks()), part)
    return path
