"""One run over one file: the stages one after another, each a little ahead of the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from sensevoice.analysis.diagnostics import SignalMeter, diagnose, no_speakers
from sensevoice.audio.info import Samples
from sensevoice.audio.source import AudioSource, select_channels
from sensevoice.errors import ModelError, NoSuchChannel, SenseVoiceError
from sensevoice.options import Options
from sensevoice.progress import Progress, Stage
from sensevoice.protocols import Recognizer
from sensevoice.segment.batching import batches
from sensevoice.segment.runs import Run, RunCollector
from sensevoice.segment.segmenter import Chunk, Segmenter, open_finder
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcribe.held_sound import HeldSound
from sensevoice.transcribe.prefetch import prefetch
from sensevoice.transcribe.rows import RowMaker
from sensevoice.transcript import Media, Segment, Speaker, Transcript

if TYPE_CHECKING:  # they import scipy
    from sensevoice.transcribe.speaker_tracker import SpeakerTracker

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


class FileRun:
    """The state of one run over one file; `held` bounds the sound that it keeps."""

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
