"""Joining neighbouring speech into longer clips, under hard limits; pure arithmetic on time.

funasr's own `merge_vad` joins across silence of any length, starts the first segment at 0 and
exceeds its limit; these functions do none of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from sensevoice.transcript import Span


class SpanJoiner:
    """Join spans as they arrive, in order of time.

    A span joins the one before it when the silence between them is at most `max_gap_ms` and the two
    together are at most `max_length_ms` long. A span that is longer by itself passes unchanged.
    """

    def __init__(self, max_length_ms: int, max_gap_ms: int) -> None:
        self._max_length_ms = max_length_ms
        self._max_gap_ms = max_gap_ms
        self._open: Span | None = None

    @property
    def open_from_ms(self) -> int | None:
        """Start of the span that may still grow, None when there is none."""
        return self._open.start_ms if self._open else None

    def push(self, span: Span) -> Iterator[Span]:
        """Take the next span; yield the one before it if this one does not join it."""
        if self._open is not None and self._joins(self._open, span):
            self._open = Span(self._open.start_ms, max(self._open.end_ms, span.end_ms))
            return
        if self._open is not None:
            yield self._open
        self._open = span

    def settle(self, settled_ms: int) -> Iterator[Span]:
        """Yield the open span if no span that starts at or after `settled_ms` could join it."""
        if self._open is not None and settled_ms - self._open.end_ms > self._max_gap_ms:
            yield from self.flush()

    def flush(self) -> Iterator[Span]:
        """Yield what is still open; nothing more will come."""
        if self._open is not None:
            yield self._open
            self._open = None

    def _joins(self, left: Span, right: Span) -> bool:
        gap_ms = right.start_ms - left.end_ms
        return gap_ms <= self._max_gap_ms and right.end_ms - left.start_ms <= self._max_length_ms


def join_spans(spans: Iterable[Span], max_length_ms: int, max_gap_ms: int) -> list[Span]:
    """Join a whole list of spans in order of time; see `SpanJoiner`."""
    joiner = SpanJoiner(max_length_ms, max_gap_ms)
    joined = [done for span in spans for done in joiner.push(span)]
    return [*joined, *joiner.flush()]


def pieces(span: Span, longest_ms: int) -> list[Span]:
    """Return a span in the fewest pieces of equal length of which none is longer than that."""
    count = -(-span.duration_ms // longest_ms)
    cuts = [span.start_ms + span.duration_ms * number // count for number in range(count + 1)]
    return [Span(start_ms, end_ms) for start_ms, end_ms in pairwise(cuts)]
