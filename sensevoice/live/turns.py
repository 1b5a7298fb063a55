"""Speech in turns, for programs that want each with a beginning, words as they come, and an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.live.commits import Committer
from sensevoice.live.memory import RememberingRecognizer
from sensevoice.live.stream import PASS_EVERY_S, REST, SHORTEST_MS
from sensevoice.options import Options
from sensevoice.protocols import LiveSpeechFinder, PromptRecognizer
from sensevoice.segment.runs import Run
from sensevoice.segment.segmenter import Chunk, Segmenter
from sensevoice.tags.word_times import words_from_tokens
from sensevoice.transcribe.assemble import in_pieces
from sensevoice.transcribe.rows import RowMaker
from sensevoice.transcript import Segment, Span

BLOCK_SAMPLES = 200 * SAMPLES_PER_MS


@dataclass(frozen=True)
class Started:
    """Somebody began to speak, at this time from the start of the stream."""

    start_ms: int


@dataclass(frozen=True)
class Growing:
    """Words that were added to the turn that goes on, to be joined to those before as they are."""

    added: str


@dataclass(frozen=True)
class Ended:
    """A turn came to its end, with its rows."""

    span: Span
    rows: tuple[Segment, ...]


Turn = Started | Growing | Ended


class Turns:
    """One stream of sound, cut into turns at pauses of `pause_ms`. For one thread."""

    def __init__(
        self,
        recognizer: PromptRecognizer,
        options: Options,
        pause_ms: int,
        pass_every_s: float = PASS_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prompt = recognizer
        self._recognizer = RememberingRecognizer(recognizer)
        self._options = replace(options, sounds=False, pause_ms=pause_ms)
        self._pass_every_s = pass_every_s
        self._clock = clock
        self._fed_ms = 0  # before the stretch that is being searched
        self._due_s = 0.0
        self._begin()

    def feed(self, samples: np.ndarray) -> Iterator[Turn]:
        """Take the next float32 mono 16 kHz samples; yield what became of the turns with them."""
        for first in range(0, len(samples), BLOCK_SAMPLES):
            chunks = list(self._segmenter.feed(samples[first : first + BLOCK_SAMPLES]))
            yield from self._became(chunks)
        yield from self._grown()

    def finish(self) -> Iterator[Turn]:
        """End the turn that goes on; more sound may follow."""
        yield from self._became(list(self._segmenter.finish()), is_last=True)
        self._fed_ms += self._segmenter.fed_ms
        self._begin()

    def forget(self) -> None:
        """Drop the turn that goes on."""
        self._fed_ms += self._segmenter.fed_ms
        self._begin()

    def whole(self, samples: np.ndarray) -> Ended:
        """Return a turn that the program itself has marked."""
        span = Span(self._fed_ms, self._fed_ms + max(1, len(samples) // SAMPLES_PER_MS))
        self._fed_ms = span.end_ms
        return Ended(span, self._rows(in_pieces(Chunk("speech", span, samples))))

    def _begin(self) -> None:
        self._finder: LiveSpeechFinder = self._prompt.open_live_finder(self._options.pause_ms)
        self._segmenter = Segmenter(self._finder, self._options)
        self._open_ms: int | None = None
        self._committer = Committer()
        self._told = ""

    def _became(self, chunks: list[Chunk], is_last: bool = False) -> Iterator[Turn]:
        for chunk in chunks:
            if self._open_ms is None:  # it began and ended in one block
                yield Started(self._fed_ms + chunk.span.start_ms)
            yield self._ended(chunk)
            self._open_ms = None
        open_ms = None if is_last else self._finder.open_ms
        if open_ms is not None and self._open_ms is None:
            self._open_ms = open_ms
            self._committer, self._told = Committer(), ""
            yield Started(self._fed_ms + open_ms)

    def _ended(self, chunk: Chunk) -> Ended:
        moved = Span(self._fed_ms + chunk.span.start_ms, self._fed_ms + chunk.span.end_ms)
        return Ended(moved, self._rows([replace(chunk, span=moved)]))

    def _rows(self, chunks: list[Chunk]) -> tuple[Segment, ...]:
        maker = RowMaker(self._recognizer, self._options, None)
        rows = [*maker.of([Run(tuple(chunks))]), *maker.finish()] if chunks else []
        return tuple(row for row in rows if row.kind == "speech")

    def _grown(self) -> Iterator[Growing]:
        """Recognise what goes on, if that is due."""
        began_s = self._clock()
        fed_ms = self._segmenter.fed_ms
        if self._open_ms is None or fed_ms - self._open_ms < SHORTEST_MS or began_s < self._due_s:
            return
        samples = self._segmenter.heard_since(self._open_ms)
        answer = self._recognizer.now(samples, self._options)
        self._due_s = began_s + max(self._pass_every_s, (self._clock() - began_s) * (1 + REST))
        span = Span(fed_ms - len(samples) // SAMPLES_PER_MS, fed_ms)
        self._committer.push(words_from_tokens(answer.tokens, span))
        committed = self._committer.committed
        if committed != self._told:
            added, self._told = committed[len(self._told) :], committed
            yield Growing(added)
