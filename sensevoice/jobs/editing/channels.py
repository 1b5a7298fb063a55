"""Work on rows that came from different channels of one recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sensevoice.options import CHANNELS, Channel, Options
from sensevoice.transcript import Segment, Span

_Result = TypeVar("_Result")


def each_from_its_channel(
    rows: Sequence[Segment], options: Options, work: Callable[[list[Span], Channel], list[_Result]]
) -> list[_Result]:
    """Return one result per row, in the order of the rows.

    `work` is called once per channel with the spans of its rows and returns one result per span. A row
    without a channel is taken from the channel that the options name, the mix when they were split.
    """
    whole: Channel = "mix" if options.channel == "split" else options.channel
    known: dict[str, Channel] = {channel: channel for channel in CHANNELS}
    channels = [known.get(row.channel or "", whole) for row in rows]
    results: dict[int, _Result] = {}
    for channel in dict.fromkeys(channels):
        places = [place for place, its_channel in enumerate(channels) if its_channel == channel]
        results.update(zip(places, work([rows[place].span for place in places], channel), strict=True))
    return [results[place] for place in range(len(rows))]
