"""How far the times of a transcript are from those that a player shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensevoice.options import Options
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.pipeline import transcribe
from tests.media_truth.cases import SECONDS, SOURCE, Case

OPTIONS = Options(sounds=False, merge_length_s=0)

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


def plain_starts_ms(folder: Path, recognizer: Recognizer) -> list[int]:
    """Return where the rows of the same sound begin in a WAV."""
    from tests.media import ffmpeg

    path = folder / "reference.wav"
    ffmpeg("-t", str(SECONDS), "-i", SOURCE, path)
    return starts_ms(path, recognizer)[0]


def measure(case: Case, folder: Path, recognizer: Recognizer, plain_ms: list[int]) -> Measured:
    path = case.write(folder)
    try:
        rows, result = starts_ms(path, recognizer)
    finally:
        path.unlink()
    wanted = [start + round(late * 1000) for start, late in zip(plain_ms, case.late_s, strict=True)]
    if len(rows) != len(wanted):
        return Measured((), (f"{len(rows)} rows", *sorted(result & FALSE_ALARMS)))
    off = tuple(row - want for row, want in zip(rows, wanted, strict=True))
    return Measured(off, tuple(sorted(result & FALSE_ALARMS)))
