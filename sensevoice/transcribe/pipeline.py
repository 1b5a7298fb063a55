"""From a media file to its transcript: the one place where the stages meet.

audio ─► Segmenter (speech finder, joining, sounds) ─► Recognizer ─► tags ─► Segment … ─► Transcript
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sensevoice.audio.source import check_channel, open_audio
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.held_sound import HeldSound
from sensevoice.transcribe.run import FileRun, Tap, Update
from sensevoice.transcribe.spans import cut, recognise_spans
from sensevoice.transcript import Segment, Transcript

__all__ = [
    "Tap",
    "Update",
    "cut",
    "iter_segments",
    "iter_updates",
    "recognise_spans",
    "transcribe",
    "transcript_of",
]

log = logging.getLogger(__name__)


def iter_updates(
    path: str | os.PathLike[str],
    recognizer: Recognizer,
    options: Options | None = None,
    tap: Tap | None = None,
) -> Iterator[Update]:
    """Transcribe a file; yield Progress, each Segment as it is known, and the Transcript last.

    Segments come in order of time within a channel. Where speakers are told apart, their VoicePrints come
    before the Transcript. `tap` is shown all sound that is read. Closing the iterator cancels the run.
    Raises MediaError subclasses for a file that cannot be read.
    """
    options = options or Options()
    started_s = time.perf_counter()
    with open_audio(path, options.stream_index, options.raw_format) as source, HeldSound() as held:
        check_channel(source.info, options.channel)
        run = FileRun(source, recognizer, options, tap, held)
        yield Progress("decode", 0, source.info.duration_ms)
        segments: list[Segment] = []
        for update in run.updates():
            if isinstance(update, Segment):
                segments.append(update)
            yield update
        transcript = run.transcript(Path(path).name, segments)
        if run.prints is not None:
            yield run.prints
    _log_run(transcript, time.perf_counter() - started_s)
    yield Progress("done", transcript.duration_ms, transcript.duration_ms)
    yield transcript


def iter_segments(
    path: str | os.PathLike[str],
    recognizer: Recognizer,
    options: Options | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Iterator[Segment]:
    """Yield the segments of a file as they are known; see `iter_updates`."""
    for update in iter_updates(path, recognizer, options):
        if isinstance(update, Segment):
            yield update
        elif isinstance(update, Progress) and on_progress:
            on_progress(update)


def transcribe(
    path: str | os.PathLike[str],
    recognizer: Recognizer,
    options: Options | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Transcript:
    """Return the whole transcript of a file; see `iter_updates`."""
    return transcript_of(iter_updates(path, recognizer, options), on_progress)


def transcript_of(
    updates: Iterable[Update], on_progress: Callable[[Progress], None] | None = None
) -> Transcript:
    """Return the transcript with which the updates of a run end."""
    for update in updates:
        if isinstance(update, Transcript):
            return update
        if isinstance(update, Progress) and on_progress:
            on_progress(update)
    raise AssertionError("a run ends with its transcript")


def _log_run(transcript: Transcript, seconds: float) -> None:
    audio_s = transcript.duration_ms / 1000
    log.info(
        "transcribed %.1f s of audio in %.2f s (real-time factor %.4f), %d segments, %d failed",
        audio_s,
        seconds,
        seconds / audio_s if audio_s else 0.0,
        len(transcript.segments),
        len(transcript.failed()),
    )
