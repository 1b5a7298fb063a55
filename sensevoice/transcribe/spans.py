"""Spans of a recording: their sound, and what is recognised in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from sensevoice.audio.source import SAMPLES_PER_MS, check_channel, open_audio, select_channels
from sensevoice.options import Channel, Options
from sensevoice.protocols import Recognizer
from sensevoice.recognise.second_pass import recognise_with_fallbacks
from sensevoice.segment.pieces import MAX_PIECE_MS
from sensevoice.segment.runs import RunCollector
from sensevoice.segment.segmenter import Chunk, Segmenter, open_finder
from sensevoice.transcribe.assemble import in_pieces, speech_segment
from sensevoice.transcribe.rows import RowMaker
from sensevoice.transcript import Segment, Span


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
