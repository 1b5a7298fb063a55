"""Rows that are heard again with other settings: what was found is proposed, and kept when it is accepted."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sensevoice.errors import BadRequest, RowsChanged
from sensevoice.jobs import Job, JobStore
from sensevoice.jobs.edits import Change, put_together
from sensevoice.options import CHANNELS, Channel, Options
from sensevoice.transcript import Segment, Span
from sensevoice.ui.parameters import whole_numbers
from sensevoice.ui.rows import segment_row

MAX_ROWS = 50
"""Of 30 s at most: more would keep the page waiting, and their samples are in memory together."""

KEPT = 32
"""Proposals that nobody accepts are forgotten."""

SETTINGS = ("language", "use_itn", "keep_numbers", "merge_length_s", "merge_gap_s")

_Found = TypeVar("_Found")


class HearAgainFn(Protocol):
    """Recognises stretches of a recording anew: one segment for each; with `rejoin`, what comes of it."""

    def __call__(
        self, path: Path, spans: Sequence[Span], options: Options, rejoin: bool = False
    ) -> list[Segment]: ...


@dataclass(frozen=True)
class Proposal:
    """Neighbouring rows, and what would stand in their place."""

    old: tuple[Segment, ...]
    new: tuple[Segment, ...]


class HeardAgain:
    """The proposals that wait for an answer. Methods may be called from several threads."""

    def __init__(self, store: JobStore, hear: HearAgainFn) -> None:
        self._store = store
        self._hear = hear
        self._lock = threading.Lock()
        self._waiting: OrderedDict[tuple[str, str], list[Proposal]] = OrderedDict()

    def propose(self, job: Job, rows: Sequence[Segment], body: Mapping[str, Any]) -> dict[str, Any]:
        """Hear the rows named in `rows` of the body again. Raises BadRequest, OptionError, MediaError.

        With `merge_length_s` in the body their speech is joined and split anew, across neighbouring rows.
        """
        wanted = sorted({row for row in whole_numbers(body, "rows") if 0 <= row < len(rows)})
        if len(wanted) > MAX_ROWS:
            raise BadRequest(reason=f"{len(wanted)} > {MAX_ROWS}")
        options = replace(job.options, **{name: body[name] for name in SETTINGS if name in body})
        rejoin = "merge_length_s" in body
        runs = neighbours(rows, wanted, options.merge_gap_s) if rejoin else [[row] for row in wanted]
        heard = self._heard(job, [[rows[row] for row in run] for run in runs], options, rejoin)
        found = [
            Proposal(tuple(rows[row] for row in run), new)
            for run, new in zip(runs, heard, strict=True)
            if new
        ]
        key = secrets.token_urlsafe(9)
        with self._lock:
            self._waiting[job.id, key] = found
            while len(self._waiting) > KEPT:
                self._waiting.popitem(last=False)
        return {"id": key, "proposals": [_told(each, rows) for each in found]}

    def accepted(self, job: Job, rows: Sequence[Segment], body: Mapping[str, Any]) -> list[Change]:
        """Return the changes that put the chosen proposals in place. Raises RowsChanged."""
        with self._lock:
            proposals = self._waiting.get((job.id, str(body.get("id"))))
        if proposals is None:
            raise RowsChanged()
        chosen = whole_numbers(body, "chosen")
        if not all(0 <= number < len(proposals) for number in chosen):
            raise BadRequest(reason="chosen")
        return [change for number in chosen for change in changes_of(proposals[number], rows)]

    def _heard(
        self, job: Job, runs: Sequence[Sequence[Segment]], options: Options, rejoin: bool
    ) -> list[tuple[Segment, ...]]:
        """Return what is heard in the place of each run of rows, each in the channel that it came from."""
        source = self._store.folder(job.id).source
        whole = [replace(run[0], span=Span(run[0].span.start_ms, _end_ms(run))) for run in runs]

        def work(spans: list[Span], channel: Channel) -> list[list[Segment]]:
            heard = self._hear(source, spans, replace(options, channel=channel), rejoin)
            if not rejoin and [segment.span for segment in heard] == spans:
                return [[segment] for segment in heard]
            return [[segment for segment in heard if _inside(segment.span, span)] for span in spans]

        found = each_from_its_channel(whole, job.options, work)
        return [
            tuple(replace(segment, channel=run.channel) for segment in new)
            for run, new in zip(whole, found, strict=True)
        ]


def neighbours(rows: Sequence[Segment], wanted: Sequence[int], merge_gap_s: float) -> list[list[int]]:
    """Return the wanted rows in runs: of one channel, with no other row and no long silence between them.

    What lies further apart than speech is ever joined need not be heard as one stretch.
    """
    runs: list[list[int]] = []
    for channel in dict.fromkeys(rows[row].channel for row in wanted):
        own = [row for row, segment in enumerate(rows) if segment.channel == channel]
        before: int | None = None
        for row in own:
            if row in wanted:
                near = before is not None and _gap_ms(rows[before], rows[row]) <= merge_gap_s * 1000
                if near:
                    runs[-1].append(row)
                else:
                    runs.append([row])
            before = row if row in wanted else None
    return sorted(runs)


def changes_of(proposal: Proposal, rows: Sequence[Segment]) -> Iterator[Change]:
    """Yield what puts a proposal in place of its rows, found by what they hold. Raises RowsChanged."""
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


def each_from_its_channel(
    rows: Sequence[Segment], options: Options, work: Callable[[list[Span], Channel], list[_Found]]
) -> list[_Found]:
    """Return what `work` finds for each row, asked for in the channel in which the row was heard."""
    whole: Channel = "mix" if options.channel == "split" else options.channel
    known: dict[str, Channel] = {channel: channel for channel in CHANNELS}
    channels = [known.get(row.channel or "", whole) for row in rows]
    found: dict[int, _Found] = {}
    for channel in dict.fromkeys(channels):
        places = [place for place, its_channel in enumerate(channels) if its_channel == channel]
        found.update(zip(places, work([rows[place].span for place in places], channel), strict=True))
    return [found[place] for place in range(len(rows))]


def _told(proposal: Proposal, rows: Sequence[Segment]) -> dict[str, Any]:
    return {
        "old": [segment_row(rows.index(old), old) for old in proposal.old],
        "new": [segment_row(number, new) for number, new in enumerate(proposal.new)],
    }


def _inside(span: Span, stretch: Span) -> bool:
    return stretch.start_ms <= span.start_ms and span.end_ms <= stretch.end_ms


def _end_ms(run: Sequence[Segment]) -> int:
    return max(row.span.end_ms for row in run)


def _gap_ms(before: Segment, after: Segment) -> int:
    return after.span.start_ms - before.span.end_ms


def _overlap_ms(one: Span, other: Span) -> int:
    return min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)
