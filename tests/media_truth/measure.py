"""How far the times of a transcript are from those that a player shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from sensevoice.options import Options
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.pipeline import transcribe
from tests.media_truth.cases import HOLE_AT_S, HOLES_S, Case, source

OPTIONS = Options(sounds=False)

FALSE_ALARMS = {"damaged", "incomplete", "broken_clock", "wrong_length"}


@dataclass(frozen=True)
class Measured:
    """By how many ms each row is off, in order of time, and what was said of the file that is not so."""

    off_ms: tuple[int, ...]
    alarms: tuple[str, ...]


def starts_ms(path: Path, recognizer: Recognizer) -> tuple[list[int], set[str]]:
    transcript = transcribe(path, recognizer, OPTIONS)
    rows = [segment.span.start_ms for segment in transcript.segments if segment.text]
    return rows, {diagnostic.name for diagnostic in transcript.diagnostics}


def plain_starts_ms(folder: Path, recognizer: Recognizer) -> dict[float, list[int]]:
    """Return for each hole where the rows of the same sound begin in a WAV, without the hole's length.

    The silence of the hole is in the WAV, too: how far a detector begins a row before its first sound depends
    on what precedes it.
    """
    samples, rate_hz = soundfile.read(source(), dtype="float32")
    at = round(HOLE_AT_S * rate_hz)
    starts = {}
    for hole_s in HOLES_S:
        hole = np.zeros(round(hole_s * rate_hz), dtype=np.float32)
        path = folder / f"reference-{hole_s:g}.wav"
        soundfile.write(path, np.concatenate((samples[:at], hole, samples[at:])), rate_hz)
        first, *later = starts_ms(path, recognizer)[0]
        starts[hole_s] = [first, *(start - round(hole_s * 1000) for start in later)]
    return starts


def measure(case: Case, folder: Path, recognizer: Recognizer, plain_ms: dict[float, list[int]]) -> Measured:
    path = case.write(folder)
    try:
        rows, result = starts_ms(path, recognizer)
    finally:
        path.unlink()
    wanted = [
        start + round(late * 1000) for start, late in zip(plain_ms[case.hole_s], case.late_s, strict=True)
    ]
    if len(rows) != len(wanted):
        return Measured((), (f"{len(rows)} rows", *sorted(result & FALSE_ALARMS)))
    off = tuple(row - want for row, want in zip(rows, wanted, strict=True))
    return Measured(off, tuple(sorted(result & FALSE_ALARMS)))
