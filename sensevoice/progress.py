"""How far a run, or the loading of the models, has come: for progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["decode", "recognise", "done"]

Step = Literal["libraries", "download", "check", "load", "prepare", "self_test"]
"""What is done before the models answer; "prepare" makes the graph for a CPU, once."""


@dataclass(frozen=True)
class LoadStep:
    """The step under way; bytes are counted while models are downloaded, and 0 while they are not known."""

    step: Step
    done_bytes: int = 0
    total_bytes: int = 0


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
