"""How far a run has come, for progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["decode", "recognise", "done"]


@dataclass(frozen=True)
class Progress:
    """`done_ms` of `total_ms` of the file are finished, whatever the `stage` under way.

    `done_ms` never goes back; `total_ms` is None while the length is unknown.
    """

    stage: Stage
    done_ms: int
    total_ms: int | None

    @property
    def fraction(self) -> float | None:
        """Share of the file that is done, 0 to 1, or None while the length is unknown."""
        if self.total_ms is None:
            return None
        return min(1.0, self.done_ms / self.total_ms) if self.total_ms else 1.0
