"""A file cut at whole seconds, in the process that decodes it."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from sensevoice.audio.decoders import seeking
from sensevoice.audio.info import SAMPLE_RATE_HZ, Decoder, Samples
from sensevoice.errors import MediaError

OVERLAP_SAMPLES = SAMPLE_RATE_HZ // 2
"""Half a second behind a cut is compared: long beside every codec's frames."""

INAUDIBLE = 1e-4
"""In such silence two decoders whose memory only fades would agree whatever they remember."""


class RangeReader:
    """Reads a decoder's sound from second to second; `at` is the number of the next sample.

    `mark` describes the cut at `at`. Two decoders of the same file that give the same mark have the same
    sound from there on; one that cannot tell gives None.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.at = 0
        self.ended = False
        self._decoder = decoder
        self._chunks = decoder.chunks()
        self._held: deque[Samples] = deque()

    def read(self, until_s: int | None) -> Iterator[Samples]:
        """Yield what comes before a second, or all there is."""
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
        """Go on at that second; False when there is no way to it."""
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
                pass  # the decoder and the resampler come to what they would be in one pass
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
        """Decode on until so many samples lie ready; False when there are no more."""
        while sum(chunk.shape[1] for chunk in self._held) < samples:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._held.append(chunk)
        return True
