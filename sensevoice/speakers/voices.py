"""Voice prints: what a voice encoder says of each window of a recording."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensevoice.runtime.atomic import replacing
from sensevoice.speakers.windows import windows
from sensevoice.transcript import Span


@dataclass(frozen=True, eq=False)
class VoicePrints:
    """The windows of one stream of sound, in order of time.

    `spans` is (windows, 2), start and end in ms; `pieces` the number of the piece of speech that each lies
    in; `embeddings` (windows, size), of length 1 each, float16: 1.8 MB for an hour of speech at CAM++'s size.
    """

    spans: np.ndarray
    pieces: np.ndarray
    embeddings: np.ndarray

    def __len__(self) -> int:
        return len(self.pieces)

    @classmethod
    def of(cls, pieces: Sequence[Span], embeddings: np.ndarray, first: int = 0) -> VoicePrints:
        """Return the prints of pieces of speech, counted from `first`, by the embeddings of their windows."""
        numbered = [(number, span) for number, piece in enumerate(pieces, first) for span in windows(piece)]
        spans = np.array([(span.start_ms, span.end_ms) for _, span in numbered], np.int32).reshape(-1, 2)
        numbers = np.array([number for number, _ in numbered], np.int32)
        return cls(spans, numbers, unit_rows(embeddings).astype(np.float16))

    @classmethod
    def joined(cls, parts: Sequence[VoicePrints]) -> VoicePrints:
        """Return prints that follow each other as one."""
        if not parts:
            return cls.of([], np.zeros((0, 0), np.float32))
        names = ("spans", "pieces", "embeddings")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def part(self, which: slice) -> VoicePrints:
        """Return the prints of some of the windows."""
        return VoicePrints(self.spans[which], self.pieces[which], self.embeddings[which])

    def save(self, path: Path) -> None:
        """Write the prints; the file is there whole or not at all. Raises OSError."""
        content = io.BytesIO()
        np.savez(content, spans=self.spans, pieces=self.pieces, embeddings=self.embeddings)
        with replacing(path) as part:
            part.write_bytes(content.getvalue())

    @classmethod
    def load(cls, path: Path) -> VoicePrints | None:
        """Return the prints that `save` wrote, None where there are none or the file is damaged."""
        try:
            # numpy leaves a file that it opened itself, and cannot read, to the garbage collector.
            with path.open("rb") as source, np.load(source, allow_pickle=False) as file:
                return cls(file["spans"], file["pieces"], file["embeddings"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Return float32 rows of length 1; a row of zeros, or with what is not a number in it, stays zeros."""
    finite = np.nan_to_num(np.asarray(rows, np.float32), posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(finite, axis=1, keepdims=True)
    result: np.ndarray = finite / np.where(lengths > 0, lengths, 1.0)
    return result
