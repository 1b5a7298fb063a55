"""From one stream of samples to the chunks worth recognising, in order of time.

Speech comes from the voice activity detector and is cut at its pauses, or joined across them, as the
settings say; what is audible between the speech becomes sound. Samples are kept only until the chunk
they belong to has been handed out; a chunk has its own, as a view of what is kept would keep all of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.options import Options
from sensevoice.protocols import Recognizer, Speech, SpeechFinder
from sensevoice.segment.kept import KeptSamples
from sensevoice.segment.merge import SpanMerger
from sensevoice.segment.pieces import PieceCutter
from sensevoice.segment.sounds import LEVEL_FRAME_MS, NoiseFloor, audible_spans, frame_levels_dbfs
from sensevoice.transcript import Kind, Span

MAX_SOUND_STRETCH_MS = 60_000
"""Sound without an end is handed out in pieces of a minute, so that memory stays flat."""


@dataclass(frozen=True)
class Chunk:
    """A chunk to recognise, with its samples (float32 mono 16 kHz).

    Speech that follows other speech closely has `lead`, the samples between the two. `speaker` is who spoke,
    None where that is not known.
    """

    kind: Kind
    span: Span
    samples: np.ndarray
    lead: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    speaker: str | None = None

    @property
    def duration_ms(self) -> int:
        return self.span.duration_ms

    def part(self, span: Span) -> np.ndarray:
        """Return the samples of a span that lies inside this chunk."""
        start = (span.start_ms - self.span.start_ms) * SAMPLES_PER_MS
        return self.samples[start : start + span.duration_ms * SAMPLES_PER_MS]


def open_finder(recognizer: Recognizer, options: Options) -> SpeechFinder:
    """Return a detector that finds what the settings need: the pauses, where speech is cut at them."""
    return recognizer.open_speech_finder(options.pause_ms if options.merge == "agreement" else 0)


class _LengthJoiner:
    """Join the detector's segments by length alone, as funasr does; see `SpanMerger`."""

    def __init__(self, options: Options) -> None:
        # Joining up to length 0 must join nothing, not even segments that touch.
        gap_ms = round(options.merge_gap_s * 1000) if options.merge_length_s else -1
        self._joiner = SpanMerger(round(options.merge_length_s * 1000), gap_ms)
        self.settle, self.flush = self._joiner.settle, self._joiner.flush

    @property
    def open_from_ms(self) -> int | None:
        return self._joiner.open_from_ms

    def push(self, speech: Speech) -> Iterator[Span]:
        return self._joiner.push(speech.span)


class Segmenter:
    """Cut one stream of blocks into chunks; `speech` collects the speech found, unjoined.

    Sound without speech is handed out when so much of it, `sound_stretch_ms`, has come.
    """

    def __init__(
        self, finder: SpeechFinder, options: Options, sound_stretch_ms: int = MAX_SOUND_STRETCH_MS
    ) -> None:
        self._finder = finder
        self._sound_stretch_ms = sound_stretch_ms
        self._kept = KeptSamples()
        self._joiner: PieceCutter | _LengthJoiner = (
            PieceCutter(self._kept.of) if options.merge == "agreement" else _LengthJoiner(options)
        )
        self._sounds = options.sounds
        self._max_lead_ms = round(options.merge_gap_s * 1000) if options.merge == "agreement" else 0
        self._floor = NoiseFloor()
        self._fed_samples = 0
        self._done_ms = 0
        self.speech: list[Span] = []

    @property
    def fed_ms(self) -> int:
        return self._fed_samples // SAMPLES_PER_MS

    @property
    def settled_ms(self) -> int:
        """No speech that is still to be handed out begins before this time."""
        open_ms = self._joiner.open_from_ms
        settled_ms = max(self._done_ms, min(self._finder.settled_ms, self.fed_ms))
        return settled_ms if open_ms is None else min(open_ms, settled_ms)

    @property
    def done_ms(self) -> int:
        """Everything before this time has been handed out."""
        return self._done_ms

    def feed(self, samples: np.ndarray) -> Iterator[Chunk]:
        """Take the next samples; yield the chunks that are now certain."""
        self._keep(samples)
        yield from self._take(self._finder.feed(samples))
        settled_ms = min(self._finder.settled_ms, self.fed_ms)
        for span in self._joiner.settle(settled_ms):
            yield from self._speech(span)
        if self._joiner.open_from_ms is None and settled_ms - self._done_ms >= self._sound_stretch_ms:
            yield from self._between(settled_ms // LEVEL_FRAME_MS * LEVEL_FRAME_MS)

    def heard_since(self, start_ms: int) -> np.ndarray:
        """Return the samples from a time to the last that was fed, as far as they were not handed out."""
        return self._kept.of(Span(max(start_ms, self._done_ms), self.fed_ms)).copy()

    def finish(self) -> Iterator[Chunk]:
        """Yield the rest; nothing more will be fed."""
        yield from self._take(self._finder.finish())
        for span in self._joiner.flush():
            yield from self._speech(span)
        yield from self._between(self.fed_ms)

    def _keep(self, samples: np.ndarray) -> None:
        self._kept.append(samples)
        self._fed_samples += len(samples)
        self._floor.feed(frame_levels_dbfs(samples))

    def _take(self, found: list[Speech]) -> Iterator[Chunk]:
        self.speech.extend(speech.span for speech in found)
        for speech in found:
            for span in self._joiner.push(speech):
                yield from self._speech(span)

    def _speech(self, span: Span) -> Iterator[Chunk]:
        lead = self._lead(span.start_ms)
        yield from self._between(span.start_ms)
        inside = self._inside(span)
        if inside is not None:
            yield Chunk("speech", inside, self._kept.of(inside).copy(), lead)
        self._release(span.end_ms)

    def _lead(self, start_ms: int) -> np.ndarray:
        """Return what lies between the last chunk and speech that starts here, if that is not long."""
        if not 0 < start_ms - self._done_ms <= self._max_lead_ms:
            return np.zeros(0, dtype=np.float32)
        return self._kept.of(Span(self._done_ms, start_ms)).copy()

    def _inside(self, span: Span) -> Span | None:
        """Cut a span to what was fed and not yet handed out; the detector may overrun by a frame."""
        start_ms, end_ms = max(span.start_ms, self._done_ms), min(span.end_ms, self.fed_ms)
        return Span(start_ms, end_ms) if start_ms < end_ms else None

    def _between(self, end_ms: int) -> Iterator[Chunk]:
        """Yield what is audible from where the last chunk ended to here."""
        start_ms = self._done_ms
        if self._sounds and end_ms > start_ms:
            levels = frame_levels_dbfs(self._kept.of(Span(start_ms, end_ms)))
            for span in audible_spans(levels, self._floor.threshold_dbfs):
                sound = Span(start_ms + span.start_ms, start_ms + span.end_ms)
                yield Chunk("sound", sound, self._kept.of(sound).copy())
        self._release(end_ms)

    def _release(self, until_ms: int) -> None:
        """Drop the samples before a time."""
        self._done_ms = min(max(until_ms, self._done_ms), self.fed_ms)
        self._kept.drop_before(self._done_ms)
