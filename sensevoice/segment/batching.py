"""Grouping what is to be recognised into batches that fit the memory of the device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar


class Sound(Protocol):
    """Anything that lasts."""

    @property
    def duration_ms(self) -> int: ...


Lasting = TypeVar("Lasting", bound=Sound)


def batches(sounds: Iterable[Lasting], batch_size_s: float) -> Iterator[list[Lasting]]:
    """Group sounds, in order, into batches of at most `batch_size_s` seconds (one at least)."""
    batch: list[Lasting] = []
    batch_ms = 0
    for sound in sounds:
        if batch and batch_ms + sound.duration_ms > batch_size_s * 1000:
            yield batch
            batch, batch_ms = [], 0
        batch.append(sound)
        batch_ms += sound.duration_ms
    if batch:
        yield batch


def packs(lengths: Sequence[int], most: float) -> list[list[int]]:
    """Group clips of similar length, so that little of a batch is padding; return their positions.

    In each group the longest length times the number of clips is at most `most` (one clip at least).
    """
    groups: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        # In ascending order the clip at hand is the longest of its group.
        if groups and (len(groups[-1]) + 1) * lengths[position] <= most:
            groups[-1].append(position)
        else:
            groups.append([position])
    return groups
