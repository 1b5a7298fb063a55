"""Damaged, yet readable: every container, four ways. None of them may lose its sound."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tests.hostile.carriers import available, carrier
from tests.hostile.case import DAMAGED, TEXT, Case, written

HEAD_BYTES = 4096
"""Left whole: these are files whose beginning arrived. What becomes of broken heads is tried elsewhere."""


SECONDS = 24.0
"""Some codecs (WavPack as FFmpeg writes it) have blocks of ten seconds, which are lost as a whole."""

BURST_BYTES = 32


def flipped(content: bytes) -> bytes:
    """Change one byte in two hundred, in bursts, as bad memory and lost packets do."""
    data, chance = bytearray(content), random.Random(5)
    for _ in range(max(1, len(data) // 200 // BURST_BYTES)):
        at = chance.randrange(HEAD_BYTES, len(data) - BURST_BYTES)
        data[at : at + BURST_BYTES] = chance.randbytes(BURST_BYTES)
    return bytes(data)


def cut(content: bytes) -> bytes:
    return content[: len(content) * 6 // 10]


def holed(content: bytes) -> bytes:
    """Blank out two per cent in the middle, as a bad sector does."""
    start, size = len(content) // 2, len(content) // 50
    return content[:start] + bytes(size) + content[start + size :]


def stuffed(content: bytes) -> bytes:
    """Put foreign bytes into the middle."""
    middle = len(content) // 2
    return content[:middle] + random.Random(7).randbytes(500) + content[middle:]


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "flipped": flipped,
    "cut": cut,
    "holed": holed,
    "stuffed": stuffed,
}


def cases() -> Iterator[Case]:
    for name in available():
        for way, damage in WAYS.items():
            fate = (TEXT, DAMAGED)
            yield Case("damaged", f"{way}.{name}", written(damage(carrier(name, seconds=SECONDS))), fate)
