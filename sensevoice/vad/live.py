"""fsmn-vad over a stream that is being made: speech is known a moment after it pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.protocols import FunasrModel, Speech

MARGIN_MS = 700
"""fsmn-vad starts a segment up to 400 ms before the frame at which it noticed speech, which it does 150 ms
after it began."""

LONGEST_MS = 15_000
"""Speech without a pause is cut by then: all of it is recognised anew every half second."""

CUT_WITHIN_MS = 5_000
"""… at the place at its end where silence is likeliest."""

FRAME_MS = 10
SMOOTHED_FRAMES = 9
"""A cut is placed where this many frames together are quietest: between two words, not inside a consonant."""


class FsmnLiveFinder:
    """See LiveSpeechFinder."""

    def __init__(
        self,
        vad: FunasrModel,
        lock: threading.Lock,
        pause_ms: int,
        on_error: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self._vad = vad
        self._lock = lock
        self._pause_ms = pause_ms
        self._on_error = on_error
        self._cache: dict[str, Any] = {}
        self._silence = np.zeros(0, dtype=np.float32)  # of the last CUT_WITHIN_MS
        self._frames = 0
        self._seen_ms = 0
        self._free_from_ms = 0  # what lies before belongs to speech that was returned
        self.open_ms: int | None = None

    @property
    def settled_ms(self) -> int:
        if self.open_ms is not None:
            return self.open_ms
        return max(self._free_from_ms, self._seen_ms - MARGIN_MS)

    def feed(self, samples: np.ndarray) -> list[Speech]:
        """See SpeechFinder."""
        return self._detect(samples, is_final=False)

    def finish(self) -> list[Speech]:
        """See SpeechFinder."""
        return self._detect(np.zeros(0, dtype=np.float32), is_final=True) if self._frames else []

    def _detect(self, samples: np.ndarray, is_final: bool) -> list[Speech]:
        try:
            with self._lock:
                result = self._vad.generate(
                    input=np.ascontiguousarray(samples, dtype=np.float32),
                    cache=self._cache,
                    is_final=is_final,
                    live=True,
                    pause_ms=self._pause_ms,
                )[0]
        except RuntimeError as exc:
            self._on_error(exc)
            raise
        self._seen_ms += len(samples) // SAMPLES_PER_MS
        self._keep(result["silence"])
        ended = [self._ended(start_ms, end_ms) for start_ms, end_ms in result["value"]]
        began_ms = result["open_ms"]
        self.open_ms = None if began_ms is None else max(began_ms, self._free_from_ms)
        return [speech for speech in ended if speech is not None] + self._cut()

    def _keep(self, silence: np.ndarray) -> None:
        self._silence = np.concatenate((self._silence, silence))[-CUT_WITHIN_MS // FRAME_MS :]
        self._frames += len(silence)

    def _ended(self, start_ms: int, end_ms: int) -> Speech | None:
        start_ms = max(start_ms, self._free_from_ms)
        if start_ms >= end_ms:
            return None
        self._free_from_ms = end_ms + 1  # touching speech would be taken for one piece
        return Speech.of(start_ms, end_ms)

    def _cut(self) -> list[Speech]:
        """Return the beginning of speech that has become too long."""
        if self.open_ms is None or self._frames * FRAME_MS - self.open_ms < LONGEST_MS:
            return []
        smooth = np.convolve(self._silence, np.ones(SMOOTHED_FRAMES), "valid")
        frame = int(np.argmax(smooth)) + SMOOTHED_FRAMES // 2 + self._frames - len(self._silence)
        speech = self._ended(self.open_ms, frame * FRAME_MS)
        self.open_ms = self._free_from_ms
        return [speech] if speech else []
