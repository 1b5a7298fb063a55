"""Runs of chunks that follow each other closely, and which pieces of speech are asked about together.

Rows are joined within a run, so that a run is all that has to be kept until its rows are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sensevoice.options import Options
from sensevoice.segment.segmenter import Chunk
from sensevoice.transcript import Span

MAX_RUN_MS = 30_000
"""How much speech without a long pause is recognised before its rows are shown."""

SHORT_MS = 700
"""A piece shorter than this is too short to tell language and mood by: 嗯, OK, はい."""

MAX_TOGETHER_GAP_MS = 250
"""Across a longer gap (half a second of silence, with the margins) a short piece is better alone: what is
heard with it would lend it a mood and a language."""


@dataclass(frozen=True)
class Run:
    """RangeReader in order of time; `goes_on` when speech of the next run may belong to the last row."""

    chunks: tuple[Chunk, ...]
    goes_on: bool = False

    @property
    def end_ms(self) -> int:
        return self.chunks[-1].span.end_ms

    @property
    def duration_ms(self) -> int:
        """How much sound is in it to recognise."""
        return sum(chunk.duration_ms for chunk in self.chunks)


class RunCollector:
    """Collect chunks as they arrive into runs.

    Nothing joins across more than `merge_gap_s`. Where nothing is joined by what was heard, each chunk is a
    run.
    """

    def __init__(self, options: Options) -> None:
        self._joins = options.merge == "agreement"
        self._max_gap_ms = options.merge_gap_s * 1000
        self._open: list[Chunk] = []

    @property
    def open(self) -> Run | None:
        """The chunks of the run that has not ended, None before its first."""
        return Run(tuple(self._open)) if self._open else None

    def push(self, chunk: Chunk) -> Iterator[Run]:
        """Take the next chunk; yield the run before it if it does not belong there."""
        if not self._joins or (chunk.kind == "sound" and chunk.duration_ms > self._max_gap_ms):
            yield from self.flush()
            yield Run((chunk,))
            return
        if self._is_over(chunk.span.start_ms):
            yield from self.flush()
        self._open.append(chunk)
        if sum(each.duration_ms for each in self._speech()) > MAX_RUN_MS:
            yield self._first_part()

    def settle(self, settled_ms: int) -> Iterator[Run]:
        """Yield the open run if no speech that starts at or after `settled_ms` could go on with it."""
        if self._is_over(settled_ms):
            yield from self.flush()

    def flush(self) -> Iterator[Run]:
        """Yield what is still open; nothing more will come that belongs to it."""
        if self._open:
            opened, self._open = tuple(self._open), []
            yield Run(opened)

    def _is_over(self, start_ms: int) -> bool:
        return bool(self._open) and start_ms - self._open_end_ms() > self._max_gap_ms

    def _open_end_ms(self) -> int:
        """Where the speech of the open run ends; a run without speech ends with its sound."""
        return (self._speech() or self._open)[-1].span.end_ms

    def _speech(self) -> list[Chunk]:
        return [chunk for chunk in self._open if chunk.kind == "speech"]

    def _first_part(self) -> Run:
        """Take what lies before the longest pause in the second half of a run that has grown too long."""
        middle = len(self._open) // 2
        gaps_ms = [
            after.span.start_ms - before.span.end_ms if after.kind == before.kind == "speech" else -1
            for before, after in zip(self._open[middle:], self._open[middle + 1 :], strict=False)
        ]
        at = middle + 1 + gaps_ms.index(max(gaps_ms)) if gaps_ms else len(self._open)
        first, self._open = tuple(self._open[:at]), self._open[at:]
        return Run(first, goes_on=True)


def together(pieces: Sequence[Chunk], options: Options) -> list[list[Chunk]]:
    """Group the pieces of a run into what is recognised at once.

    A piece that is too short to judge goes with the neighbour across the shorter pause, unless the two are
    known to be of different people, or too far apart, or too long together, to become one row.
    """
    groups: list[list[Chunk]] = []
    for number, piece in enumerate(pieces):
        if number and _goes_with(pieces, number, options) and _fits(groups[-1], piece, options):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _goes_with(pieces: Sequence[Chunk], number: int, options: Options) -> bool:
    """Return whether a piece is recognised together with the one before it."""
    gap_ms = _gap_ms(pieces, number, options)
    if gap_ms is None:
        return False
    wider_ms = [_gap_ms(pieces, number - 1, options), _gap_ms(pieces, number + 1, options)]
    for piece, other_ms in zip((pieces[number - 1], pieces[number]), wider_ms, strict=True):
        if piece.span.duration_ms < SHORT_MS and (other_ms is None or gap_ms <= other_ms):
            return True
    return False


def _gap_ms(pieces: Sequence[Chunk], number: int, options: Options) -> int | None:
    """Return the silence before a piece; None where the piece before it cannot belong to it."""
    if not 0 < number < len(pieces):
        return None
    before, after = pieces[number - 1], pieces[number]
    gap_ms = after.span.start_ms - before.span.end_ms
    if gap_ms > min(options.merge_gap_s * 1000, MAX_TOGETHER_GAP_MS) or not options.merge_length_s:
        return None
    return None if differ(before.speaker, after.speaker) else gap_ms


def differ(one: str | None, other: str | None) -> bool:
    """Return whether two speakers are known to be two."""
    return one is not None and other is not None and one != other


def _fits(group: Sequence[Chunk], piece: Chunk, options: Options) -> bool:
    span = Span(group[0].span.start_ms, piece.span.end_ms)
    if any(differ(each.speaker, piece.speaker) for each in group):
        return False
    return span.duration_ms <= options.merge_length_s * 1000
