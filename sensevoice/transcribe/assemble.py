"""From what the model wrote about a chunk to segments of the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sensevoice.options import SPOKEN_LANGUAGES, Options
from sensevoice.protocols import Recognition, Speech, moved_hits
from sensevoice.segment.pieces import PieceCutter
from sensevoice.segment.segmenter import Chunk
from sensevoice.segment.sounds import MAX_HOLE_MS, trend, windows
from sensevoice.tags.parse import TaggedText, parse
from sensevoice.tags.word_times import words_from_tokens
from sensevoice.transcribe.terms import with_terms
from sensevoice.transcript import Event, Segment, Span, TagScore

TREND_EVENTS = ("BGM",)
"""Only of music do people say that it grows or fades."""

MIN_MISSED_WINDOWS = 2
MIN_MISSED_CHARACTERS = 4
"""The detector was plainly wrong when two windows in a row name the same language, hear nothing but
speech and give some text each; a single window of noise often yields a word or two."""


def clips_of(chunk: Chunk) -> list[np.ndarray]:
    """Return the clips to recognise: speech whole, sound in its windows."""
    if chunk.kind == "speech":
        return [chunk.samples]
    return [chunk.part(window.input) for window in windows(chunk.span)]


def in_pieces(chunk: Chunk) -> list[Chunk]:
    """Return a chunk as speech in pieces that the recogniser was made for, cut where it is quiet."""
    cutter = PieceCutter(chunk.part)
    spans = [*cutter.push(Speech(chunk.span)), *cutter.flush()]
    return [Chunk("speech", span, chunk.part(span)) for span in spans]


def speech_segment(span: Span, answer: Recognition, channel: str | None, options: Options) -> Segment:
    """Return the segment of a chunk of speech, failed if its recognition failed."""
    if answer.error is not None:
        return Segment("speech", span, channel=channel, error=answer.error)
    tagged = parse(answer.raw)
    segment = Segment(
        kind="speech",
        span=span,
        text=tagged.text,
        raw=answer.raw,
        language=tagged.language,
        emotion=tagged.emotion,
        events=tagged.events,
        inline=tagged.inline,
        words=words_from_tokens(answer.tokens, span) if options.word_times else (),
        channel=channel,
        scores=best_two(answer.scores),
    )
    return with_terms(segment, moved_hits(answer.hits, span.start_ms), options)


def best_two(scores: Sequence[TagScore]) -> tuple[TagScore, ...]:
    """Return the two best of each kind, the best first."""
    kinds = dict.fromkeys(score.kind for score in scores)
    ordered = sorted(scores, key=lambda score: -score.score)
    return tuple(score for kind in kinds for score in [s for s in ordered if s.kind == kind][:2])


@dataclass(frozen=True)
class WindowResult:
    """What was heard in one cell of a sound: events by name, mean power of the samples, raw text."""

    span: Span
    events: tuple[str, ...]
    power: float
    raw: str
    error: str | None = None
    scores: tuple[TagScore, ...] = ()


def speech_missed_in(chunk: Chunk, answers: Sequence[Recognition]) -> Iterator[WindowResult | Span]:
    """Yield, in order, what each cell of a sound holds, and the spans that are speech after all."""
    cells = [window.core for window in windows(chunk.span)]
    tagged = [parse(answer.raw) for answer in answers]
    languages = [_spoken_language(item) for item in tagged]
    index = 0
    while index < len(cells):
        run = index + 1
        while run < len(cells) and languages[run] == languages[index]:
            run += 1
        if languages[index] and run - index >= MIN_MISSED_WINDOWS:
            yield Span(cells[index].start_ms, cells[run - 1].end_ms)
            index = run
        else:
            yield window_result(chunk, cells[index], answers[index])
            index += 1


def _spoken_language(tagged: TaggedText) -> str:
    """Name the language of a window that is plainly speech, "" for any other."""
    characters = sum(character.isalnum() for character in tagged.text)
    plain_speech = tagged.language in SPOKEN_LANGUAGES and not tagged.events
    return tagged.language if plain_speech and characters >= MIN_MISSED_CHARACTERS else ""


def window_result(chunk: Chunk, cell: Span, answer: Recognition) -> WindowResult:
    """Return what an answer says about a cell of a chunk, its text apart."""
    names = tuple(dict.fromkeys(event.name for event in parse(answer.raw).events))
    power = float(np.mean(np.square(chunk.part(cell), dtype=np.float64)))
    return WindowResult(cell, names, power, answer.raw, answer.error, answer.scores)


class SoundMerger:
    """Join neighbouring cells in which the same was heard into one segment of kind "sound"."""

    def __init__(self, channel: str | None = None) -> None:
        self._channel = channel
        self._cells: list[WindowResult] = []
        self._last_raw = ""
        self._sums: Counter[str] = Counter()  # of the scores of each sound over the cells

    def push(self, cell: WindowResult) -> Iterator[Segment]:
        """Take the next cell; yield the sound before it if this one does not go on with it."""
        if self._cells and not self._goes_on(self._cells[-1], cell):
            yield from self.flush()
        # An hour of music says the same 3,600 times: a raw text that repeats is kept once, scores as sums.
        self._cells.append(replace(cell, raw="" if cell.raw == self._last_raw else cell.raw, scores=()))
        self._last_raw = cell.raw
        self._sums.update({score.name: score.score for score in cell.scores if score.kind == "event"})

    def flush(self) -> Iterator[Segment]:
        """Yield what was heard so far, if it was anything; cells that name no event are silence."""
        cells, self._cells, self._last_raw = self._cells, [], ""
        sums, self._sums = self._sums, Counter()
        if cells and (cells[0].events or cells[0].error):
            scores = [TagScore("event", name, round(total / len(cells), 4)) for name, total in sums.items()]
            yield self._segment(cells, scores)

    def _goes_on(self, before: WindowResult, cell: WindowResult) -> bool:
        same = (before.events, before.error) == (cell.events, cell.error)
        return same and cell.span.start_ms - before.span.end_ms <= MAX_HOLE_MS

    def _segment(self, cells: Sequence[WindowResult], scores: Sequence[TagScore]) -> Segment:
        change = trend([cell.power for cell in cells])
        raw = "".join(cell.raw for cell in cells)
        tagged = parse(raw)
        return Segment(
            kind="sound",
            span=Span(cells[0].span.start_ms, cells[-1].span.end_ms),
            raw=raw,
            language=tagged.language,
            emotion=tagged.emotion,
            events=tuple(Event(name, change if name in TREND_EVENTS else None) for name in cells[0].events),
            channel=self._channel,
            error=cells[0].error,
            scores=best_two(scores),
        )
