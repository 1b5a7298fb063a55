"""One file of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TEXT = "sound"
"""All of the sound comes out."""

DAMAGED = "part of the sound"
"""At least a tenth of the sound comes out."""


@dataclass(frozen=True)
class Case:
    """A file by its name, how it is written, and its expected fate: TEXT, DAMAGED or codes of errors.

    `duration_ms` is how much sound TEXT means, ±5 %; None accepts any length.
    """

    family: str
    name: str
    write: Callable[[Path], None]
    fate: tuple[str, ...]
    duration_ms: int | None = None


def written(content: bytes) -> Callable[[Path], None]:
    """Return a function that writes just this."""
    return lambda path: path.write_bytes(content) and None  # type: ignore[func-returns-value]
