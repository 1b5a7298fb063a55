"""Rows recognised again with other settings: the results are proposed, and kept when they are accepted."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sensevoice.errors import BadRequest, RowsChanged
from sensevoice.jobs.editing.channels import each_from_its_channel
from sensevoice.jobs.editing.edits import Change, put_together
from sensevoice.jobs.model import Job
from sensevoice.jobs.store import JobStore
from sensevoice.options import Channel, Options
from sensevoice.transcript import Segment, Span

MAX_ROWS = 50
"""Of 30 s at most: more would keep the page waiting, and their samples are in memory together."""

KEPT = 32
"""Sets of proposals in memory; older ones that nobody accepted are dropped."""


class RecogniseSpansFn(Protocol):
    """Recognises spans of a recording: one segment for each; with `rejoin`, the speech found inside them."""

    def __call__(
        self, path: Path, spans: Sequence[Span], options: Options, rejoin: bool = False
    ) -> list[Segment]: ...


@dataclass(frozen=True)
class Proposal:
    """Neighbouring rows, and the segments that would replace them."""

    old: tuple[Segment, ...]
    new: tuple[Segment, ...]


class Proposals:
    """The proposals that are neither accepted nor dropped. Methods may be called from several threads."""

    def __init__(self, store: JobStore, recognise: RecogniseSpansFn) -> None:
        self._store = store
        self._recognise = recognise
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, str], list[Proposal]] = OrderedDict()

    def propose(
        self, job: Job, rows: Sequence[Segment], wanted: Collection[int], options: Options, rejoin: bool
    ) -> tuple[str, list[Proposal]]:
        """Recognise the rows with the numbers `wanted` again; return a key for `accepted`, and proposals.

        Numbers of no row are ignored. With `rejoin` the speech of neighbouring rows is joined and split
        anew. Raises BadRequest, MediaError.
        """
        numbers = sorted({row for row in wanted if 0 <= row < len(rows)})
        if len(numbers) > MAX_ROWS:
            raise BadRequest(reason=f"{len(numbers)} > {MAX_ROWS}")
        runs = neighbours(rows, numbers, options.merge_gap_s) if rejoin else [[row] for row in numbers]
        olds = [tuple(rows[row] for row in run) for run in runs]
        news = self._recognised(job, olds, options, rejoin)
        proposals = [Proposal(old, new) for old, new in zip(olds, news, strict=True) if new]
        key = secrets.token_urlsafe(9)
        with self._lock:
            self._open[job.id, key] = proposals
            while len(self._open) > KEPT:
                self._open.popitem(last=False)
        return key, proposals

    def accepted(self, job: Job, rows: Sequence[Segment], key: str, chosen: Sequence[int]) -> list[Change]:
        """Return the changes that put the chosen proposals in place. Raises BadRequest, RowsChanged."""
        with self._lock:
            proposals = self._open.get((job.id, key))
        if proposals is None:
            raise RowsChanged()
        if not all(0 <= number < len(proposals) for number in chosen):
            raise BadRequest(reason="chosen")
        return [change for number in chosen for change in changes_of(proposals[number], rows)]

    def _recognised(
        self, job: Job, runs: Sequence[Sequence[Segment]], options: Options, rejoin: bool
    ) -> list[tuple[Segment, ...]]:
        """Return the new segments for each run of rows, recognised in the channel that it came from."""
        source = self._store.folder(job.id).source
        whole = [replace(run[0], span=Span(run[0].span.start_ms, _end_ms(run))) for run in runs]

        def work(spans: list[Span], channel: Channel) -> list[list[Segment]]:
            segments = self._recognise(source, spans, replace(options, channel=channel), rejoin)
            if not rejoin and [segment.span for segment in segments] == spans:
                return [[segment] for segment in segments]
            return [[segment for segment in segments if _inside(segment.span, span)] for span in spans]

        results = each_from_its_channel(whole, job.options, work)
        return [
            tuple(replace(segment, channel=run.channel) for segment in new)
            for run, new in zip(whole, results, strict=True)
        ]


def neighbours(rows: Sequence[Segment], wanted: Sequence[int], merge_gap_s: float) -> list[list[int]]:
    """Return the wanted rows in runs: of one channel, with no other row and no long silence between them.

    Speech further apart than `merge_gap_s` is never joined, so it need not be recognised in one piece.
    """
    runs: list[list[int]] = []
    for channel in dict.fromkeys(rows[row].channel for row in wanted):
        before: int | None = None
        for row in (row for row, segment in enumerate(rows) if segment.channel == channel):
            if row in wanted:
                if before is not None and _gap_ms(rows[before], rows[row]) <= merge_gap_s * 1000:
                    runs[-1].append(row)
                else:
                    runs.append([row])
            before = row if row in wanted else None
    return sorted(runs)


def changes_of(proposal: Proposal, rows: Sequence[Segment]) -> Iterator[Change]:
    """Yield the changes that replace the rows of a proposal, found by their content. Raises RowsChanged."""
    try:
        places = [rows.index(old) for old in proposal.old]
    except ValueError as exc:
        raise RowsChanged() from exc
    if len(places) == len(proposal.new) == 1:
        yield Change(proposal.new[0], places[0])
        return
    yield from (Change(None, place) for place in places)
    for new in proposal.new:
        covered = [old for old in proposal.old if _overlap_ms(old.span, new.span) > 0]
        yield Change(replace(new, original=put_together(covered or proposal.old)))


def _inside(span: Span, outer: Span) -> bool:
    return outer.start_ms <= span.start_ms and span.end_ms <= outer.end_ms


def _end_ms(run: Sequence[Segment]) -> int:
    return max(row.span.end_ms for row in run)


def _gap_ms(before: Segment, after: Segment) -> int:
    return after.span.start_ms - before.span.end_ms


def _overlap_ms(one: Span, other: Span) -> int:
    return min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)
