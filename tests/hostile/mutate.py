"""Mutants of honest files: what a fuzzer feeds the decoder with."""

from __future__ import annotations

import random
import struct

from tests.hostile.carriers import available, carrier

SECONDS = 1.0
"""Short carriers: most of a decoder's code is reached in the first frames, and headers weigh more."""

LENGTHS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def mutant(seed: int) -> tuple[str, bytes]:
    """Return the name of a carrier and a changed copy of it; the same for the same seed."""
    chance = random.Random(seed)
    name = chance.choice(available())
    data = bytearray(carrier(name, seconds=SECONDS))
    for _ in range(chance.choice((1, 1, 2, 4))):
        chance.choice((flip, overwrite_length, cut, splice, repeat, blank))(data, chance)
    return name, bytes(data)


def _at(data: bytearray, chance: random.Random, size: int = 1) -> int:
    """Return a place, half of the time in the head, where the structure is."""
    end = max(1, len(data) - size)
    return chance.randrange(min(end, 512) if chance.random() < 0.5 else end)


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4, 32))):
        data[_at(data, chance)] ^= 1 << chance.randrange(8)


def overwrite_length(data: bytearray, chance: random.Random) -> None:
    """Put an extreme number where one may stand."""
    kind = chance.choice((">I", "<I", ">H", "<H", ">Q"))
    size = struct.calcsize(kind)
    at = _at(data, chance, size)
    data[at : at + size] = struct.pack(kind, chance.choice(LENGTHS) & (256**size - 1))


def cut(data: bytearray, chance: random.Random) -> None:
    del data[max(16, _at(data, chance)) :]


def splice(data: bytearray, chance: random.Random) -> None:
    """Put a piece of another kind of file into the middle."""
    other = carrier(chance.choice(available()), seconds=SECONDS)
    start = chance.randrange(len(other))
    at = _at(data, chance)
    data[at:at] = other[start : start + chance.randrange(1, 2000)]


def repeat(data: bytearray, chance: random.Random) -> None:
    at = _at(data, chance)
    data[at:at] = data[at : at + chance.randrange(1, 500)] * chance.randrange(1, 8)


def blank(data: bytearray, chance: random.Random) -> None:
    at = _at(data, chance)
    size = chance.randrange(1, 64)
    data[at : at + size] = bytes([chance.choice((0, 255))]) * len(data[at : at + size])
