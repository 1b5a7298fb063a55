"""Grouping stretches into batches that fit the memory of the device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sensevoice.segmenter import Stretch


def batches(stretches: Iterable[Stretch], batch_size_s: float) -> Iterator[list[Stretch]]:
    """Group stretches, in order, into batches of at most `batch_size_s` seconds (one at least)."""
    batch: list[Stretch] = []
    batch_ms = 0
    for stretch in stretches:
        if batch and batch_ms + stretch.span.duration_ms > batch_size_s * 1000:
            yield batch
            batch, batch_ms = [], 0
        batch.append(stretch)
        batch_ms += stretch.span.duration_ms
    if batch:
        yield batch
