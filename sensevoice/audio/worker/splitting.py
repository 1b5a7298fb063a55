"""Reads ranges of a file, cut at whole seconds, within a worker."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from sensevoice.audio.decoding.decoders import seeking
from sensevoice.audio.info import SAMPLE_RATE_HZ, Decoder, Samples
from sensevoice.errors import MediaError

OVERLAP_SAMPLES = SAMPLE_RATE_HZ // 2
"""Half a second after a cut is compared: long compared with the frames of any codec."""

INAUDIBLE = 1e-4
"""In such silence two decoders whose state decays would agree whatever their state."""


class RangeReader:
    """Reads the samples of a decoder in ranges of seconds; `at` is the index of the next sample.

    `fingerprint` describes the cut at `at`: decoders of the same file with the same fingerprint yield the
    same samples from there on. It is None when that cannot be decided.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.at = 0
        self.ended = False
        self._decoder = decoder
        self._chunks = decoder.chunks()
        self._held: deque[Samples] = deque()

    def read(self, until_s: int | None) -> Iterator[Samples]:
        """Yield the samples before a second, or all that are left."""
        decoder = seeking(self._decoder)
        if decoder is not None and until_s is not None:
            decoder.watch(until_s * SAMPLE_RATE_HZ)
        while until_s is None or self.at < until_s * SAMPLE_RATE_HZ:
            if not self._hold(1):
                self.ended = True
                return
            chunk = self._held.popleft()
            left = chunk.shape[1] if until_s is None else until_s * SAMPLE_RATE_HZ - self.at
            if chunk.shape[1] > left:
                self._held.appendleft(chunk[:, left:])
            self.at += min(chunk.shape[1], left)
            yield chunk[:, :left]
        self.ended = not self._hold(1)

    def jump(self, to_s: int) -> bool:
        """Continue at that second; return False when it cannot be sought."""
        decoder = seeking(self._decoder)
        try:
            if decoder is None:
                return False
            decoder.jump(to_s)
            self._held.clear()
            self._chunks = self._decoder.chunks()
            if not self._hold(1) or decoder.start > to_s * SAMPLE_RATE_HZ:
                return False
            self.at = decoder.start
            for _ in self.read(to_s):
                pass  # decoder and resampler reach the state that they have in one pass
        except MediaError:
            return False
        return not self.ended

    def fingerprint(self) -> dict[str, Any] | None:
        decoder = seeking(self._decoder)
        if decoder is None or not self._hold(OVERLAP_SAMPLES) or decoder.place is None or decoder.bad_packets:
            return None
        overlap = np.concatenate(self._held, axis=1)[:, :OVERLAP_SAMPLES]
        if decoder.fades and np.abs(overlap).max() < INAUDIBLE:
            return None
        digest = hashlib.blake2b(np.ascontiguousarray(overlap, "<f4").tobytes(), digest_size=16)
        return {"place": decoder.place, "sound": digest.hexdigest()}

    def _hold(self, samples: int) -> bool:
        """Decode until so many samples are buffered; return False when there are no more."""
        while sum(chunk.shape[1] for chunk in self._held) < samples:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._held.append(chunk)
        return True
