"""From a media file to its transcript: the one place where the stages meet.

audio ─► Segmenter (speech finder, joining, sounds) ─► Recognizer ─► tags ─► Segment … ─► Transcript
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sensevoice.asking import ask
from sensevoice.audio import SAMPLES_PER_MS, AudioSource, open_audio, select_channels
from sensevoice.audio_info import Samples
from sensevoice.batching import batches
from sensevoice.diagnostics import SignalMeter, diagnose
from sensevoice.hearing import Heard, SoundJoiner, clips_of, heard_in, speech_missed_in, speech_segment
from sensevoice.options import MAX_SEGMENT_S, Channel, Options
from sensevoice.progress import Progress, Stage
from sensevoice.readahead import read_ahead
from sensevoice.recognizer import Recognition, Recognizer
from sensevoice.segmenter import Segmenter, Stretch, joiner
from sensevoice.spans import pieces
from sensevoice.transcript import Segment, Span, Transcript

log = logging.getLogger(__name__)

Update = Progress | Segment | Transcript

MAX_CLIP_MS = round(MAX_SEGMENT_S * 1000)

BLOCKS_AHEAD = 6
"""How many blocks of ten seconds are decoded while others are searched for speech, and searched while others
are recognised."""


def iter_updates(
    path: str | os.PathLike[str], recognizer: Recognizer, options: Options | None = None
) -> Iterator[Update]:
    """Transcribe a file; yield Progress, each Segment as it is known, and the Transcript last.

    Segments come in order of time within a channel. Closing the iterator cancels the run. Raises
    MediaError subclasses for a file that cannot be read.
    """
    options = options or Options()
    started_s = time.perf_counter()
    with open_audio(path) as source:
        run = _Run(source, recognizer, options)
        yield Progress("decode", 0, source.info.duration_ms)
        segments: list[Segment] = []
        for update in run.updates():
            if isinstance(update, Segment):
                segments.append(update)
            try:
                yield update
            except GeneratorExit:
                source.close()  # at once: the threads that read ahead may wait for the decoder, for a minute
                raise
        transcript = run.transcript(Path(path).name, segments)
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
    for update in iter_updates(path, recognizer, options):
        if isinstance(update, Transcript):
            return update
        if isinstance(update, Progress) and on_progress:
            on_progress(update)
    raise AssertionError("a run ends with its transcript")


def recognise_spans(
    path: str | os.PathLike[str],
    spans: Sequence[Span],
    recognizer: Recognizer,
    options: Options | None = None,
    rejoin: bool = False,
) -> list[Segment]:
    """Recognise the given stretches of a file as speech, one segment each, in the order given.

    With `rejoin` the speech inside each stretch is found anew and joined as the options say, and so it is for
    a stretch that is longer than the model takes; where none is found, that one is heard in equal pieces. The
    channels are mixed unless the options name one. Raises MediaError subclasses.
    """
    options = options or Options()
    clips = cut(path, spans, "mix" if options.channel == "split" else options.channel)
    stretches = [
        part
        for span, clip in zip(spans, clips, strict=True)
        for part in _parts(span, clip, recognizer, options, rejoin)
    ]
    answers = ask(recognizer, [samples for _, samples in stretches], options)
    return [speech_segment(span, next(answers), None, options) for span, _ in stretches]


def _parts(
    stretch: Span, samples: np.ndarray, recognizer: Recognizer, options: Options, rejoin: bool
) -> Iterator[tuple[Span, np.ndarray]]:
    """Yield a stretch as clips that the model takes."""
    if not rejoin and stretch.duration_ms <= MAX_CLIP_MS:
        yield stretch, samples
        return
    for span, part in _speech_in(stretch, samples, recognizer, options):
        for piece in pieces(span, MAX_CLIP_MS):
            first = (piece.start_ms - span.start_ms) * SAMPLES_PER_MS
            yield piece, part[first : first + piece.duration_ms * SAMPLES_PER_MS]


def _speech_in(
    stretch: Span, samples: np.ndarray, recognizer: Recognizer, options: Options
) -> Iterator[tuple[Span, np.ndarray]]:
    """Yield the joined speech in a stretch; all of it where none is found, as it had been heard before."""
    finder, joining = recognizer.open_speech_finder(), joiner(options)
    found = [*finder.feed(samples), *finder.finish()]
    joined = [*(done for span in found for done in joining.push(span)), *joining.flush()]
    for span in joined or [Span(0, stretch.duration_ms)]:
        end_ms = min(span.end_ms, stretch.duration_ms)  # the detector may overrun by a frame
        if span.start_ms < end_ms:
            part = samples[span.start_ms * SAMPLES_PER_MS : end_ms * SAMPLES_PER_MS]
            yield Span(stretch.start_ms + span.start_ms, stretch.start_ms + end_ms), part


def cut(path: str | os.PathLike[str], spans: Sequence[Span], channel: Channel = "mix") -> list[np.ndarray]:
    """Return the samples of each span, float32 mono 16 kHz.

    The file is read from its start up to the last of them. Raises MediaError subclasses.
    """
    parts: list[list[np.ndarray]] = [[] for _ in spans]
    end_ms = max((span.end_ms for span in spans), default=0)
    with open_audio(path) as source:
        start_ms = 0
        for block in source.blocks():
            (samples,) = select_channels(block, channel)
            for part, span in zip(parts, spans, strict=True):
                first = max(0, (span.start_ms - start_ms) * SAMPLES_PER_MS)
                last = (span.end_ms - start_ms) * SAMPLES_PER_MS
                if last > 0 and first < samples.size:
                    part.append(samples[first:last].copy())  # a view would keep the whole block
            start_ms += samples.size // SAMPLES_PER_MS
            if start_ms >= end_ms:
                break
    return [np.concatenate(part) if part else np.zeros(0, np.float32) for part in parts]


class _Stream:
    """One stream of sound, the whole file or one of its channels, on its way through the stages."""

    def __init__(self, recognizer: Recognizer, options: Options, channel: str | None) -> None:
        self.segmenter = Segmenter(recognizer.open_speech_finder(), options)
        self.joiner = SoundJoiner(channel)
        self.channel = channel


class _Run:
    """The state of one run over one file."""

    def __init__(self, source: AudioSource, recognizer: Recognizer, options: Options) -> None:
        self._source = source
        self._recognizer = recognizer
        self._options = options
        self._meter = SignalMeter()
        self._streams: list[_Stream] = []
        self._done_ms = 0

    def updates(self) -> Iterator[Update]:
        for stream, stretches, decoded_ms in read_ahead(self._stretches(), BLOCKS_AHEAD):
            yield from self._recognise(stream, stretches)
            if decoded_ms is not None:
                yield self._progress("decode", decoded_ms)
        for stream in self._streams:
            yield from stream.joiner.flush()

    def _stretches(self) -> Iterator[tuple[_Stream, list[Stretch], int | None]]:
        """Read the file to its end; yield what is to be recognised, and how far all streams have come."""
        for block in read_ahead(self._measured(), BLOCKS_AHEAD):
            tracks = select_channels(block, self._options.channel)
            self._streams = self._streams or self._open_streams(len(tracks))
            for stream, samples in zip(self._streams, tracks, strict=True):
                found = list(stream.segmenter.feed(samples))
                last = stream is self._streams[-1]
                done_ms = min(each.segmenter.done_ms for each in self._streams) if last else None
                yield stream, found, done_ms
        for stream in self._streams:
            yield stream, list(stream.segmenter.finish()), None

    def _measured(self) -> Iterator[Samples]:
        for block in self._source.blocks():
            self._meter.feed(block)
            yield block

    def transcript(self, name: str, segments: Sequence[Segment]) -> Transcript:
        duration_ms = max((stream.segmenter.fed_ms for stream in self._streams), default=0)
        speech = sorted(span for stream in self._streams for span in stream.segmenter.speech)
        source = self._source
        rate_hz, percent = source.info.sample_rate_hz, source.readable_percent
        whole_until_ms = source.whole_until_ms
        found = diagnose(self._meter, speech, segments, rate_hz, source.bad_packets, percent, whole_until_ms)
        return Transcript(
            source=name,
            duration_ms=duration_ms,
            segments=tuple(sorted(segments, key=lambda segment: (segment.span, segment.channel or ""))),
            diagnostics=found,
            options=self._options,
            model=self._recognizer.info,
            complete_until_ms=whole_until_ms,
        )

    def _open_streams(self, count: int) -> list[_Stream]:
        names: list[str | None] = ["left", "right"] if count == 2 else [None]
        return [_Stream(self._recognizer, self._options, name) for name in names]

    def _progress(self, stage: Stage, done_ms: int) -> Progress:
        """Say how much is finished for good, so that a bar never goes back from one stage to the other."""
        self._done_ms = max(self._done_ms, done_ms)
        total_ms = self._source.info.duration_ms
        return Progress(stage, self._done_ms, None if total_ms is None else max(total_ms, self._done_ms))

    def _recognise(self, stream: _Stream, stretches: Sequence[Stretch]) -> Iterator[Update]:
        """Recognise stretches a batch at a time and yield what was heard, in order."""
        for batch in batches(stretches, self._options.batch_size_s):
            clips = [clips_of(stretch) for stretch in batch]
            answers = ask(self._recognizer, [clip for part in clips for clip in part], self._options)
            for stretch, part in zip(batch, clips, strict=True):
                recognitions = [next(answers) for _ in part]
                yield from self._heard(stream, stretch, recognitions)
                yield self._progress("recognise", stretch.span.end_ms)

    def _heard(self, stream: _Stream, stretch: Stretch, recognitions: list[Recognition]) -> Iterator[Segment]:
        if stretch.kind == "speech":
            yield from self._speech_or_sound(stream, stretch, recognitions[0])
            return
        for item in speech_missed_in(stretch, recognitions):
            if isinstance(item, Heard):
                yield from stream.joiner.push(item)
            else:
                yield from self._missed_speech(stream, stretch, item)

    def _speech_or_sound(self, stream: _Stream, stretch: Stretch, answer: Recognition) -> Iterator[Segment]:
        """Detectors take some music and laughter for speech; what the model gives no text is a sound."""
        segment = speech_segment(stretch.span, answer, stream.channel, self._options)
        if segment.text or segment.error:
            yield from stream.joiner.flush()
            yield segment
        else:
            yield from stream.joiner.push(heard_in(stretch, stretch.span, answer))

    def _missed_speech(self, stream: _Stream, stretch: Stretch, span: Span) -> Iterator[Segment]:
        """Recognise what the detector passed over although it is plainly speech, in pieces as all speech."""
        yield from stream.joiner.flush()
        parts = pieces(span, MAX_CLIP_MS)
        answers = ask(self._recognizer, [stretch.part(part) for part in parts], self._options)
        for part in parts:
            yield speech_segment(part, next(answers), stream.channel, self._options)


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
