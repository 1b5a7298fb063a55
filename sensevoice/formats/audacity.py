"""Audacity's label tracks: start, end in seconds and a text, with tabs between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sensevoice.analysis.highlights import highlight_name, highlights
from sensevoice.formats.base import RenderOptions, one_line
from sensevoice.formats.tagged import tagged_lines
from sensevoice.transcript import Transcript

Label = tuple[int, int, str]


def labels_track(transcript: Transcript, options: RenderOptions) -> str:
    """Return each segment as a label, with its tags as in the tagged transcript."""
    return _track(
        (line.start_ms, line.end_ms, line.text)
        for segment in transcript.segments  # one at a time, so that a sound keeps a label of its own
        for line in tagged_lines(replace(transcript, segments=(segment,)), options.locale)
    )


def highlights_track(transcript: Transcript, options: RenderOptions) -> str:
    """Return the highlights as labels."""
    return _track(
        (
            item.span.start_ms,
            item.span.end_ms,
            f"{highlight_name(item.kind, options.locale)} {item.text}",
        )
        for item in highlights(transcript)
    )


def _track(labels: Iterable[Label]) -> str:
    return "".join(f"{_seconds(start)}\t{_seconds(end)}\t{one_line(text)}\n" for start, end, text in labels)


def _seconds(time_ms: int) -> str:
    """Return seconds with the six decimals that Audacity writes; a float would round far into a file."""
    return f"{time_ms // 1000}.{time_ms % 1000:03d}000"
