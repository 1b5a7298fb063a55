"""A run under way: what it has given so far, for how long it has gone on, and when to draw it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.transcript import ModelInfo, Segment, Transcript
from sensevoice.ui.runs import Result

Clock = Callable[[], float]
"""Gives seconds from any beginning; time.monotonic outside of tests."""

REDRAW_S = 0.25
"""Four times a second looks alive and leaves the connection free."""

REDRAW_COST = 4
"""After drawing for t seconds wait 4 t: a transcript of many hours takes a fifth of the time at most."""


class Heard:
    """What a run has given so far, as a record at any time."""

    def __init__(
        self, source: str, options: Options, model: ModelInfo, clock: Clock = time.monotonic
    ) -> None:
        self.progress: Progress | None = None
        self._transcript: Transcript | None = None
        self._segments: list[Segment] = []
        self._source, self._options, self._model = source, options, model
        self._clock = clock
        self._began_s = clock()

    @property
    def whole(self) -> bool:
        return self._transcript is not None

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self._began_s

    def take(self, item: Progress | Segment | Transcript) -> None:
        if isinstance(item, Progress):
            self.progress = item
        elif isinstance(item, Segment):
            self._segments.append(item)
        else:
            self._transcript = item

    def result(self) -> Result | None:
        """Return the record: partial before the end, None before the first segment."""
        if self._transcript is not None:
            return Result(self._transcript, partial=False)
        if not self._segments:
            return None
        known_ms = (self.progress.total_ms or self.progress.done_ms) if self.progress else 0
        duration_ms = max(known_ms, *(segment.span.end_ms for segment in self._segments))
        segments = tuple(self._segments)
        transcript = Transcript(self._source, duration_ms, segments, options=self._options, model=self._model)
        return Result(transcript, partial=True)


class Pace:
    """Says when it is time to draw again."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock()

    def due(self) -> bool:
        return self._clock() >= self._next_s

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Measure a drawing and put the next one off by as much as it cost."""
        began_s = self._clock()
        yield
        now_s = self._clock()
        self._next_s = now_s + max(REDRAW_S, REDRAW_COST * (now_s - began_s))
