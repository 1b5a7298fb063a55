"""fsmn-vad over one stream, through funasr's AutoModel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.options import MAX_SEGMENT_S
from sensevoice.protocols import FunasrModel, Speech

VAD_CHUNK_MS = 60_000
"""How much fsmn-vad takes at a time offline (`chunk_size` in funasr); its segments depend on it."""

SETTLE_MARGIN_MS = 2_000
"""fsmn-vad starts a segment a little before the frame at which it noticed speech."""

MIN_SAMPLES = 25 * SAMPLES_PER_MS
"""One feature frame: nothing shorter holds speech, and funasr divides by zero there."""

NOTHING = np.zeros(0, dtype=np.float32)


class FsmnSpeechFinder:
    """fsmn-vad over one stream, with the same segments as funasr's call on the whole file.

    funasr works in chunks of a minute and marks the last one, so one chunk is always held back. The pauses
    of at least `pause_ms` inside the segments are found beside them; with 0, none.
    """

    def __init__(
        self,
        vad: FunasrModel,
        lock: threading.Lock,
        pause_ms: int = 0,
        on_error: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self._vad = vad
        self._lock = lock
        self._on_error = on_error
        self._pause_ms = pause_ms
        self._cache: dict[str, Any] = {}
        self._waiting: list[np.ndarray] = []
        self._seen_ms = 0
        self.settled_ms = 0

    def feed(self, samples: np.ndarray) -> list[Speech]:
        """See SpeechFinder."""
        self._waiting.append(samples)
        chunk = VAD_CHUNK_MS * SAMPLES_PER_MS
        if sum(map(len, self._waiting)) <= chunk:
            return []
        waiting = self._take()
        result: list[Speech] = []
        while len(waiting) > chunk:
            result += self._detect(waiting[:chunk], is_final=False)
            waiting = waiting[chunk:]
        self._waiting = [waiting.copy()]  # a view would keep the minute that has been searched
        return result

    def finish(self) -> list[Speech]:
        """See SpeechFinder."""
        waiting = self._take()
        if not len(waiting):
            return []
        if not self._seen_ms and len(waiting) < MIN_SAMPLES:
            return []
        return self._detect(waiting, is_final=True)

    def _take(self) -> np.ndarray:
        waiting, self._waiting = self._waiting, []
        return waiting[0] if len(waiting) == 1 else np.concatenate([NOTHING, *waiting])

    def _detect(self, samples: np.ndarray, is_final: bool) -> list[Speech]:
        try:
            with self._lock:
                results = self._vad.generate(
                    input=np.ascontiguousarray(samples, dtype=np.float32),
                    cache=self._cache,
                    is_final=is_final,
                    chunk_size=VAD_CHUNK_MS,
                    pause_ms=self._pause_ms,
                )
        except RuntimeError as exc:
            self._on_error(exc)
            raise
        self._seen_ms += len(samples) // SAMPLES_PER_MS
        result, pauses = results[0]["value"], results[0].get("pauses")
        # Where funasr's own code had to do the work, nothing is known of pauses, and of speech that goes on
        # only that it began at most a longest segment ago.
        at_latest_ms = self._seen_ms - int(MAX_SEGMENT_S * 1000) - SETTLE_MARGIN_MS
        self.settled_ms = results[0].get("settled_ms", max(0, at_latest_ms))
        pairs = zip(result, pauses or [[] for _ in result], strict=True)
        # Silence comes out as one empty segment at 0.
        return [Speech.of(start, end, inside) for (start, end), inside in pairs if start < end]
