"""From a media file to its transcript: the one place where the stages meet.

audio ─► Segmenter (speech finder, joining, sounds) ─► Recognizer ─► tags ─► Segment … ─► Transcript
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sensevoice.analysis.diagnostics import SignalMeter, diagnose, no_speakers
from sensevoice.audio.info import AudioInfo, Samples
from sensevoice.audio.source import SAMPLES_PER_MS, AudioSource, open_audio, select_channels
from sensevoice.errors import ModelError, NoSuchChannel, SenseVoiceError
from sensevoice.options import Channel, Options, is_number
from sensevoice.progress import Progress, Stage
from sensevoice.protocols import Recognizer
from sensevoice.recognise.second_pass import recognise_with_fallbacks
from sensevoice.segment.batching import batches
from sensevoice.segment.pieces import MAX_PIECE_MS
from sensevoice.segment.runs import Run, RunCollector
from sensevoice.segment.segmenter import Chunk, Segmenter, open_finder
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcribe.assemble import in_pieces, speech_segment
from sensevoice.transcribe.held_sound import HeldSound
from sensevoice.transcribe.prefetch import prefetch
from sensevoice.transcribe.rows import RowMaker
from sensevoice.transcript import Media, Segment, Span, Speaker, Transcript

if TYPE_CHECKING:  # they import scipy
    from sensevoice.transcribe.speaker_tracker import SpeakerTracker

log = logging.getLogger(__name__)

Update = Progress | Segment | VoicePrints | Transcript

BLOCKS_AHEAD = 6
"""How many blocks of ten seconds are decoded while others are searched for speech, and searched while others
are recognised."""


class Tap(Protocol):
    """Is shown the sound of a recording while it is read; `end` comes when it was read whole."""

    def begin(self, media: Media) -> None: ...

    def write(self, block: Samples) -> None: ...

    def end(self) -> None: ...

    def close(self) -> None:
        """Release what the stages hold, finished or not."""


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
        run = _Run(source, recognizer, options, tap, held)
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


def recognise_spans(
    path: str | os.PathLike[str],
    spans: Sequence[Span],
    recognizer: Recognizer,
    options: Options | None = None,
    rejoin: bool = False,
) -> list[Segment]:
    """Recognise the given chunks of a file as speech, one segment each, in the order given.

    With `rejoin` the speech inside each chunk is found anew and joined as the options say, and so it is
    for a chunk that is longer than the recogniser was made for. The channels are mixed unless the options
    name one. Raises MediaError subclasses.
    """
    options = options or Options()
    channel = "mix" if options.channel == "split" else options.channel
    clips = cut(path, spans, channel, options.stream_index, options.raw_format)
    if rejoin or any(span.duration_ms > MAX_PIECE_MS for span in spans):
        chunks = zip(spans, clips, strict=True)
        return [row for span, clip in chunks for row in _rows_in(span, clip, recognizer, options, rejoin)]
    answers = recognise_with_fallbacks(recognizer, clips, options)
    return [speech_segment(span, next(answers), None, options) for span in spans]


def _rows_in(
    chunk: Span, samples: np.ndarray, recognizer: Recognizer, options: Options, rejoin: bool
) -> Iterator[Segment]:
    """Yield the rows of a chunk; all of it is recognised where no speech is found: it was asked for."""
    if not rejoin and chunk.duration_ms <= MAX_PIECE_MS:
        answer = next(recognise_with_fallbacks(recognizer, [samples], options))
        yield speech_segment(chunk, answer, None, options)
        return
    segmenter = Segmenter(open_finder(recognizer, options), replace(options, sounds=False))
    result = [*segmenter.feed(samples), *segmenter.finish()] or in_pieces(
        Chunk("speech", Span(0, chunk.duration_ms), samples)
    )
    collector, maker = RunCollector(options), RowMaker(recognizer, options, None)
    placed = (
        replace(each, span=Span(chunk.start_ms + each.span.start_ms, chunk.start_ms + each.span.end_ms))
        for each in result
    )
    runs = [*(run for each in placed for run in collector.push(each)), *collector.flush()]
    yield from maker.of(runs)
    yield from maker.finish()


def check_channel(info: AudioInfo, channel: Channel) -> None:
    """Raise NoSuchChannel for the number of a channel that a track does not have."""
    if is_number(channel) and int(channel) > info.channels > 0:
        raise NoSuchChannel(path=info.path, channel=channel, count=info.channels)


def cut(
    path: str | os.PathLike[str],
    spans: Sequence[Span],
    channel: Channel = "mix",
    stream_index: int | None = None,
    raw_format: str = "",
) -> list[np.ndarray]:
    """Return the samples of each span, float32 mono 16 kHz, on the same clock as the transcript's times.

    The file is read from its start up to the last of them; only what is asked for stays in memory.
    Raises MediaError subclasses.
    """
    parts: list[list[np.ndarray]] = [[] for _ in spans]
    end_ms = max((span.end_ms for span in spans), default=0)
    with open_audio(path, stream_index, raw_format) as source:
        check_channel(source.info, channel)
        start_ms = 0
        for block in source.blocks():
            (samples,) = select_channels(block, channel)
            for part, span in zip(parts, spans, strict=True):
                first = max(0, (span.start_ms - start_ms) * SAMPLES_PER_MS)
                piece = samples[first : max(0, (span.end_ms - start_ms) * SAMPLES_PER_MS)]
                if piece.size:
                    part.append(piece.copy())  # a view would keep the whole block
            start_ms += samples.size // SAMPLES_PER_MS
            if start_ms >= end_ms:
                break
    return [np.concatenate(part) if part else np.zeros(0, np.float32) for part in parts]


class _Stream:
    """One stream of sound, the whole file or one of its channels, on its way through the stages."""

    def __init__(
        self,
        recognizer: Recognizer,
        options: Options,
        channel: str | None,
        tracker: SpeakerTracker | None = None,
    ) -> None:
        self.segmenter = Segmenter(open_finder(recognizer, options), options)
        self.collector = RunCollector(options)
        self.maker = RowMaker(recognizer, options, channel, tracker)

    def collected(self, chunks: Iterable[Chunk]) -> list[Run]:
        """Return the runs that end with the next chunks."""
        return [run for chunk in chunks for run in self.collector.push(chunk)]


class _Run:
    """The state of one run over one file."""

    def __init__(
        self,
        source: AudioSource,
        recognizer: Recognizer,
        options: Options,
        tap: Tap | None,
        held: HeldSound,
    ) -> None:
        self._source = source
        self._tap = tap
        self._held = held
        self._recognizer = recognizer
        self._options = options
        self._meter = SignalMeter()
        self._streams: list[_Stream] = []
        self._done_ms = 0
        self._tracker: SpeakerTracker | None = None
        self._no_voices: SenseVoiceError | None = None

    def updates(self) -> Iterator[Update]:
        for stream, runs, decoded_ms in prefetch(self._runs(), BLOCKS_AHEAD):
            try:
                with self._held.until_stopped(), self._held.recognising():
                    yield from self._recognise(stream, runs)
                    if decoded_ms is not None:
                        self._held.let_go(decoded_ms)
                        yield self._progress("decode", decoded_ms)
            except BaseException:  # cancelled, or what a stage raises
                self._source.stop()  # the threads that read ahead may wait a minute for the decoder
                raise
        for stream in self._streams:
            yield from stream.maker.finish()

    def _runs(self) -> Iterator[tuple[_Stream, list[Run], int | None]]:
        """Read the file to its end; yield what is to be recognised, and how far all streams have come."""
        for block in prefetch(self._measured(), BLOCKS_AHEAD):
            with self._held.until_stopped():
                yield from self._runs_in(block)
                self._held.searched()
        for stream in self._streams:
            yield stream, [*stream.collected(stream.segmenter.finish()), *stream.collector.flush()], None

    def _runs_in(self, block: Samples) -> Iterator[tuple[_Stream, list[Run], int | None]]:
        tracks = self._tracks(block)
        self._streams = self._streams or self._open_streams(len(tracks))
        for stream, samples in zip(self._streams, tracks, strict=True):
            result = stream.collected(stream.segmenter.feed(samples))
            result += stream.collector.settle(stream.segmenter.settled_ms)
            last = stream is self._streams[-1]
            done_ms = min(each.segmenter.done_ms for each in self._streams) if last else None
            yield stream, result, done_ms

    def _tracks(self, block: Samples) -> Samples:
        try:
            return select_channels(block, self._options.channel)
        except IndexError as exc:  # the file did not say how many there are
            info = self._source.info
            raise NoSuchChannel(path=info.path, channel=self._options.channel, count=len(block)) from exc

    def _measured(self) -> Iterator[Samples]:
        if self._tap is None:
            yield from self._blocks()
            return
        try:
            self._tap.begin(self._source.info.media)
            for block in self._blocks():
                self._tap.write(block)
                yield block
            self._tap.end()
        finally:
            self._tap.close()

    def _blocks(self) -> Iterator[Samples]:
        """Yield the blocks of the file, each when there is memory for it."""
        for block in self._source.blocks():
            self._meter.feed(block)
            self._held.add(block, len(block) if self._options.channel == "split" else 1)
            yield block
            self._held.wait_for_room()

    @property
    def prints(self) -> VoicePrints | None:
        """What was heard of voices; None where nobody asked, or each channel is a person."""
        return self._tracker.prints() if self._tracker else None

    def transcript(self, name: str, segments: Sequence[Segment]) -> Transcript:
        duration_ms = max((stream.segmenter.fed_ms for stream in self._streams), default=0)
        speech = sorted(span for stream in self._streams for span in stream.segmenter.speech)
        source = self._source
        whole_until_ms = source.whole_until_ms
        result = diagnose(
            self._meter,
            speech,
            segments,
            source.info.sample_rate_hz,
            source.bad_packets,
            source.readable_percent,
            whole_until_ms,
            clock_breaks=source.clock_breaks,
            header_percent=source.info.header_percent,
            channel=self._options.channel,
            other_tracks=0 if self._options.track else max(0, len(source.info.media.tracks) - 1),
        )
        if self._no_voices is not None:
            result = (*result, no_speakers(self._no_voices))
        ordered = tuple(sorted(segments, key=lambda segment: (segment.span, segment.channel or "")))
        rows, speakers = self._with_speakers(ordered)
        return Transcript(
            source=name,
            duration_ms=duration_ms,
            segments=rows,
            diagnostics=result,
            options=self._options,
            model=self._recognizer.info,
            media=source.info.media,
            complete_until_ms=whole_until_ms,
            speakers=speakers,
        )

    def _with_speakers(self, rows: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], tuple[Speaker, ...]]:
        """Return the rows with who speaks in each, and the people."""
        if self._options.speakers == "off":
            return rows, ()
        from sensevoice.speakers.assign import by_channel, by_voice

        if self._tracker is not None:
            return by_voice(rows, self._tracker.prints(), self._options.people)
        return by_channel(rows) if len(self._streams) > 1 else (rows, ())

    def _open_streams(self, count: int) -> list[_Stream]:
        numbers: list[str | None] = [str(number) for number in range(1, count + 1)]
        few: dict[int, list[str | None]] = {1: [None], 2: ["left", "right"]}
        if count == 1 and self._options.speakers != "off":
            self._tracker = self._open_tracker()
        names = few.get(count, numbers)
        return [_Stream(self._recognizer, self._options, name, self._tracker) for name in names]

    def _open_tracker(self) -> SpeakerTracker | None:
        """Return what tells the speakers apart; where it cannot be had, None, and the transcript says why."""
        from sensevoice.transcribe.speaker_tracker import SpeakerTracker

        try:
            return SpeakerTracker(self._recognizer.open_voices(), self._options.people)
        except ModelError as error:
            self._no_voices = error
            return None

    def _progress(self, stage: Stage, done_ms: int) -> Progress:
        """Return the progress of the slowest stage, so that a bar never moves backwards between stages."""
        self._done_ms = max(self._done_ms, done_ms)
        total_ms = self._source.info.duration_ms
        return Progress(stage, self._done_ms, None if total_ms is None else max(total_ms, self._done_ms))

    def _recognise(self, stream: _Stream, runs: Sequence[Run]) -> Iterator[Update]:
        """Recognise runs a batch at a time and yield what was heard, in order."""
        for batch in batches(runs, self._options.batch_size_s):
            yield from stream.maker.of(batch)
            yield self._progress("recognise", batch[-1].end_ms)


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
