"""What the player needs beside the recording itself: its loudness to draw, and a copy any browser plays.

Each is made by one thread at a time; see making.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sensevoice.audio import SAMPLE_RATE_HZ, open_audio
from sensevoice.jobs.folder import JobFolder, write_whole
from sensevoice.pyav_encoder import write_opus

PEAKS_PER_S = 20
"""A bar every 50 ms: a syllable is seen, and 3 hours are 216,000 small numbers."""

PEAK_SAMPLES = SAMPLE_RATE_HZ // PEAKS_PER_S


def peaks_file(folder: JobFolder) -> Path:
    """Return a JSON file with the loudest sample of each twentieth of a second, 0 to 255.

    Raises MediaError subclasses for a recording that cannot be read.
    """
    path = folder.path / "peaks.json"
    if not path.exists():
        write_whole(path, json.dumps({"per_s": PEAKS_PER_S, "peaks": _peaks(folder.source)}))
    return path


def playable_file(folder: JobFolder) -> Path:
    """Return the recording as Opus, which every browser plays. Raises MediaError subclasses."""
    path = folder.path / "playable.ogg"
    if not path.exists():
        part = path.with_suffix(".part")
        with open_audio(folder.source) as source:
            write_opus(source.blocks(), part)
        part.replace(path)
    return path


def _peaks(recording: Path) -> list[int]:
    peaks: list[int] = []
    with open_audio(recording) as source:
        for block in source.blocks():  # ten seconds, of which a peak's length is a whole part
            loudest = np.abs(block).max(axis=0)
            padded = np.pad(loudest, (0, -len(loudest) % PEAK_SAMPLES))
            peaks += (padded.reshape(-1, PEAK_SAMPLES).max(axis=1) * 255).round().astype(int).tolist()
    return peaks
