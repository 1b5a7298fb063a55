"""The sound of a recording at any place of the record's clock, and joints without clicks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sensevoice.audio.decoding.pyav import PyavDecoder
from sensevoice.audio.decoding.resampler import with_channels
from sensevoice.audio.info import Samples

KEPT_S = 60
"""So much of what was read is kept for a next clip that begins before the last one ended; 23 MB of stereo."""

CROSSFADE_MS = 10
"""At the joint of two clips: long enough to be no click, too short to be heard as a fade."""

SILENCE_SAMPLES = 48_000


class SoundReader:
    """Reads samples by their numbers, at a rate and with one or two channels.

    The file is decoded from its start, as it was for recognition, so that sample n is the same sound there
    and here whatever holes or wrong stamps it has. `tell` is called with the second that was reached.
    """

    def __init__(
        self,
        path: Path,
        track: int | None,
        raw_format: str,
        rate_hz: int,
        channels: int,
        tell: Callable[[float], None],
    ) -> None:
        self._file = (path, track, raw_format, rate_hz)
        self._rate_hz = rate_hz
        self._channels = channels
        self._tell = tell
        self._decoder: PyavDecoder | None = None
        self._open()

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()

    def read(self, start: int, stop: int) -> Iterator[Samples]:
        """Yield (channels, n) of all samples from `start` to `stop`; silence before and after the file."""
        if start < self._kept_from and self._kept_from > 0:
            self._open()
        at = start
        if at < 0:
            yield from self._silence(min(stop, 0) - at)
            at = min(stop, 0)
        while at < stop:
            chunk = self._chunk_at(at)
            if chunk is None:
                yield from self._silence(stop - at)
                return
            part = chunk[:, : stop - at]
            at += part.shape[1]
            yield part

    def _open(self) -> None:
        self.close()
        self._decoder = PyavDecoder(*self._file)
        self._chunks = self._decoder.chunks()
        self._kept: deque[Samples] = deque()
        self._kept_from = self._at = 0

    def _chunk_at(self, at: int) -> Samples | None:
        """Return samples from number `at` on, None behind the end."""
        while self._at <= at:
            chunk = next(self._chunks, None)
            if chunk is None:
                return None
            self._keep(with_channels(chunk, self._channels))
        place = self._kept_from
        for chunk in self._kept:
            if at < place + chunk.shape[1]:
                return chunk[:, at - place :]
            place += chunk.shape[1]
        return None

    def _keep(self, chunk: Samples) -> None:
        self._kept.append(chunk)
        self._at += chunk.shape[1]
        self._tell(self._at / self._rate_hz)
        while self._at - self._kept_from - self._kept[0].shape[1] > KEPT_S * self._rate_hz:
            self._kept_from += self._kept.popleft().shape[1]

    def _silence(self, samples: int) -> Iterator[Samples]:
        for at in range(0, samples, SILENCE_SAMPLES):
            yield np.zeros((self._channels, min(SILENCE_SAMPLES, samples - at)), np.float32)


class Joiner:
    """Puts clips behind each other and gives their sum in order; clips may overlap by the crossfade.

    `add` takes samples and where they belong; what is before the crossfade of their end is returned.
    """

    def __init__(self, channels: int, overlap: int) -> None:
        self._overlap = overlap
        self._base = 0
        self._pending = np.zeros((channels, 0), np.float32)

    def add(self, at: int, samples: Samples) -> Samples:
        end = at - self._base + samples.shape[1]
        if end > self._pending.shape[1]:
            self._pending = np.pad(self._pending, ((0, 0), (0, end - self._pending.shape[1])))
        self._pending[:, at - self._base : end] += samples
        return self._take(max(0, end - self._overlap))

    def finish(self, total: int) -> Samples:
        """Return what is left of so many samples in all."""
        missing = total - self._base - self._pending.shape[1]
        if missing > 0:
            self._pending = np.pad(self._pending, ((0, 0), (0, missing)))
        return self._take(total - self._base)

    def _take(self, samples: int) -> Samples:
        taken, self._pending = self._pending[:, :samples], self._pending[:, samples:].copy()
        self._base += samples
        return taken


def faded(samples: Samples, at: int, length: int, fade_in: int, fade_out: int) -> Samples:
    """Return samples `at` of a clip of so many, with its first and last ones faded linearly.

    Two such fades over one another add up to the full level.
    """
    places = np.arange(at, at + samples.shape[1], dtype=np.float32) + 0.5
    gain = np.ones(samples.shape[1], np.float32)
    if fade_in:
        gain *= np.clip(places / fade_in, 0, 1)
    if fade_out:
        gain *= np.clip((length - places) / fade_out, 0, 1)
    return samples * gain
