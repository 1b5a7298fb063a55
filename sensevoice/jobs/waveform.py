"""What the player needs beside the recording itself: its loudness to draw, and a copy any browser plays.

Reading a whole recording takes a core for up to minutes: whoever asks makes sure that each file is made once.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sensevoice.audio.opus import write_opus
from sensevoice.audio.source import SAMPLE_RATE_HZ, open_audio
from sensevoice.jobs.copies import at_most_two
from sensevoice.jobs.files import JobFolder
from sensevoice.options import Options
from sensevoice.runtime.atomic import replacing, write_whole

PEAKS_PER_S = 20
"""A bar every 50 ms: a syllable is seen, and 3 hours are 216,000 small numbers."""

PEAK_SAMPLES = SAMPLE_RATE_HZ // PEAKS_PER_S


def peaks_file(folder: JobFolder, options: Options) -> Path:
    """Return a JSON file with the loudest sample of each twentieth of a second, 0 to 255.

    `options` name the track that was recognised. Raises MediaError subclasses for a recording that cannot
    be read.
    """
    path = folder.path / "peaks.json"
    if not path.exists():
        write_whole(path, json.dumps({"per_s": PEAKS_PER_S, "peaks": _peaks(folder.source, options)}))
    return path


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


def _peaks(recording: Path, options: Options) -> list[int]:
    peaks: list[int] = []
    with open_audio(recording, options.stream_index, options.raw_format) as source:
        for block in source.blocks():  # ten seconds, of which a peak's length is a whole part
            loudest = np.abs(block).max(axis=0)
            padded = np.pad(loudest, (0, -len(loudest) % PEAK_SAMPLES))
            peaks += (padded.reshape(-1, PEAK_SAMPLES).max(axis=1) * 255).round().astype(int).tolist()
    return peaks
