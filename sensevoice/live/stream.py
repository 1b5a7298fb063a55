"""Speech while it is being made: rows as in a file's transcript, and the words of what goes on.

The same stages as for a file, with a detector that knows of a pause at once: pieces make runs, and runs make
rows. The rows of a run that has not ended are made anew with each of its pieces.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.errors import ModelError
from sensevoice.live.commits import Committer
from sensevoice.live.memory import RememberingRecognizer, RememberingSpeakers
from sensevoice.options import Options
from sensevoice.protocols import PromptRecognizer
from sensevoice.segment.runs import Run, RunCollector
from sensevoice.segment.segmenter import Chunk, Segmenter
from sensevoice.tags.parse import parse
from sensevoice.tags.word_times import words_from_tokens
from sensevoice.transcribe.rows import RowMaker, Speakers
from sensevoice.transcript import Segment, Span

log = logging.getLogger(__name__)

SOUND_STRETCH_MS = 2_000
"""Laughter and applause are shown after so long, in windows as in a file."""

PASS_EVERY_S = 0.5
"""How often speech that goes on is recognised anew, at most."""

REST = 1.0
"""… and after a pass there is none for this many times as long as it took, so that under load, when a pass
takes long, there are fewer of them."""

SHORTEST_MS = 300
"""Of less than this nobody, and no model, can tell what is being said."""


@dataclass(frozen=True)
class Growing:
    """Speech that goes on: words that stay as they are until it pauses, and those that may still change.

    `ends_ms` is when each of the words that stay ended.
    """

    span: Span
    committed: str = ""
    tail: str = ""
    language: str = ""
    emotion: str = ""
    events: tuple[str, ...] = ()
    ends_ms: tuple[int, ...] = ()


@dataclass(frozen=True)
class Heard:
    """Rows that are settled, in addition to those before, and those that may change with what follows.

    Everything before `until_ms` is in settled rows.
    """

    settled: tuple[Segment, ...]
    open: tuple[Segment, ...]
    until_ms: int


class LiveStream:
    """One stream of sound, of which the part before `start_ms` was heard before. For one thread."""

    def __init__(
        self,
        recognizer: PromptRecognizer,
        options: Options,
        start_ms: int = 0,
        pass_every_s: float = PASS_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = replace(options, word_times=False)
        self._recognizer = RememberingRecognizer(recognizer)
        self._start_ms = start_ms
        self._pass_every_s = pass_every_s
        self._clock = clock
        self._finder = recognizer.open_live_finder(options.pause_ms)
        self._segmenter = Segmenter(self._finder, self._options, SOUND_STRETCH_MS)
        self._collector = RunCollector(self._options)
        asked = options.speakers != "off"
        speakers = RememberingSpeakers(partial(self._open_speakers, recognizer)) if asked else None
        self._maker = RowMaker(self._recognizer, self._options, None, speakers)
        self._committer = Committer()
        self._growing: Growing | None = None
        self._grows_from_ms: int | None = None
        self._due_s = 0.0

    @property
    def growing(self) -> Growing | None:
        """What goes on at this moment, as it was recognised last."""
        return self._growing

    @property
    def fed_ms(self) -> int:
        return self._start_ms + self._segmenter.fed_ms

    def feed(self, samples: np.ndarray) -> Heard | None:
        """Take the next float32 mono 16 kHz samples; return the rows when they are others than before."""
        before = self._collector.open
        runs = self._collected(self._segmenter.feed(samples))
        runs += self._collector.settle(self._segmenter.settled_ms)
        if self._finder.open_ms != self._grows_from_ms:
            self._begin_growing(self._finder.open_ms)
        open_run = self._collector.open
        changed = runs or len(open_run.chunks if open_run else ()) != len(before.chunks if before else ())
        return self._heard(runs) if changed else None

    def finish(self) -> Heard:
        """Return the rest; nothing more will be fed."""
        runs = [*self._collected(self._segmenter.finish()), *self._collector.flush()]
        self._begin_growing(None)
        settled = [*self._maker.of(runs), *self._maker.finish()]
        return Heard(self._placed(settled), (), self.fed_ms)

    def look(self) -> bool:
        """Recognise what goes on, if that is due; return whether it was."""
        start_ms = self._grows_from_ms
        is_short = start_ms is None or self._segmenter.fed_ms - start_ms < SHORTEST_MS
        began_s = self._clock()
        if start_ms is None or is_short or began_s < self._due_s:
            return False
        samples = self._segmenter.heard_since(start_ms)
        span = Span(self._segmenter.fed_ms - len(samples) // SAMPLES_PER_MS, self._segmenter.fed_ms)
        answer = self._recognizer.now(samples, self._options)
        took_s = self._clock() - began_s
        self._due_s = began_s + max(self._pass_every_s, took_s * (1 + REST))
        if answer.error:
            return False
        self._committer.push(words_from_tokens(answer.tokens, span))
        tagged = parse(answer.raw)
        self._growing = Growing(
            self._moved(span),
            self._committer.committed,
            self._committer.tail,
            tagged.language,
            tagged.emotion,
            tuple(event.name for event in tagged.events),
            tuple(self._start_ms + word.span.end_ms for word in self._committer.words),
        )
        return True

    def _collected(self, chunks: Iterable[Chunk]) -> list[Run]:
        return [run for chunk in chunks for run in self._collector.push(chunk)]

    def _begin_growing(self, from_ms: int | None) -> None:
        self._grows_from_ms = from_ms
        self._committer = Committer()
        self._growing = None

    def _heard(self, runs: list[Run]) -> Heard:
        settled = self._placed(self._maker.of(runs)) if runs else ()
        until_ms = self._maker.open_from_ms
        open_run = self._collector.open
        if until_ms is None:
            until_ms = open_run.chunks[0].span.start_ms if open_run else self._segmenter.done_ms
        return Heard(settled, self._placed(self._maker.preview(open_run)), self._start_ms + until_ms)

    def _placed(self, rows: Iterable[Segment]) -> tuple[Segment, ...]:
        """Return rows at their place in the recording, without what only a file's record needs."""
        return tuple(replace(row, span=self._moved(row.span), pieces=(), words=()) for row in rows)

    def _moved(self, span: Span) -> Span:
        return Span(self._start_ms + span.start_ms, self._start_ms + span.end_ms)

    def _open_speakers(self, recognizer: PromptRecognizer) -> Speakers | None:
        """Return what tells the speakers apart, None where it cannot be had: the transcript will say why."""
        from sensevoice.transcribe.speaker_tracker import SpeakerTracker  # imports scipy

        try:
            return SpeakerTracker(recognizer.open_voices(), self._options.people)
        except ModelError as error:
            log.info("nobody is told apart: %s", error.code)
            return None
