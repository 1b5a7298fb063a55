"""Frames of any kind → samples at one rate, each at its place on the record's clock."""

from __future__ import annotations

import math

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from sensevoice.audio.clock import Placed
from sensevoice.audio.info import RATES_HZ, SAMPLE_RATE_HZ, Samples

SILENCE_SAMPLES = 10 * SAMPLE_RATE_HZ
"""Silence is handed out in pieces of this length, however long it is."""

MAX_ALIGNED_CHANNELS = 2
"""With more, `silent_frame` would touch planes that PyAV 18.1 counts wrongly."""


class TimedResampler:
    """Frames → (channels, n) float32 at `rate_hz` without holes; the first frame decides on the channels.

    Holes become silence, what was given already is left out. `at` is the number of the next sample,
    None before the first one after `jump`, which `start` is then the number of. Only the packed output
    of FFmpeg's resampler is read. The planes of a decoder's frame are never touched: PyAV 18.1 runs past
    their end for eight or more planar channels, which ends the process.
    """

    def __init__(self, rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._rate_hz = rate_hz
        self._resampler: AudioResampler | None = None
        self._source: tuple[str, str, int] | None = None
        self._channels = 0
        self._surplus = 0  # samples to come that are not wanted
        self.at: int | None = 0
        self.start = 0

    def push(self, frame: AudioFrame | None, placed: Placed | None = None) -> list[Samples]:
        """Return what comes out when a frame goes in at its place; None at the end asks for the rest."""
        if frame is None or placed is None:
            return self._pull(None)
        rest: list[Samples] = []
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source or not placed.follows:
            rest = self._pull(None)
            if self._is_past(frame, placed):
                self._resampler = self._source = None
                return rest
            rest += self._begin(frame, placed.start)
            self._source = source
        return rest + self._pull(frame)

    def jump(self, channels: int) -> None:
        """Forget all that went in; go on anywhere, as if the first frame had had so many channels."""
        self._resampler = self._source = self.at = None
        self._channels = channels

    def _is_past(self, frame: AudioFrame, placed: Placed) -> bool:
        end = placed.start + frame.samples
        return self.at is not None and end * self._rate_hz <= self.at * frame.sample_rate

    def _begin(self, frame: AudioFrame, start: int) -> list[Samples]:
        """Make a resampler for what begins at `start`; return the silence before it.

        It is set to the phase that one from the file's start would have there, so that the same samples
        come out of it wherever it began.
        """
        self._resampler = self._source = None
        rate_hz = frame.sample_rate
        if rate_hz not in RATES_HZ:
            raise ValueError(f"a rate of {rate_hz} Hz")
        channels = frame.layout.nb_channels
        self._channels = self._channels or channels
        self._resampler = AudioResampler("flt", frame.layout, self._rate_hz)
        wanted = round(start * self._rate_hz / rate_hz)
        lead = (
            start % (rate_hz // common_hz(rate_hz, self._rate_hz)) if channels <= MAX_ALIGNED_CHANNELS else 0
        )
        first = (start - lead) * self._rate_hz // rate_hz if lead else wanted
        if self.at is None:
            self.start = wanted
        at = wanted if self.at is None else self.at
        self._surplus = max(at, wanted) - first
        self.at = at
        silence = self._silence(wanted - at)
        return silence + (self._pull(silent_frame(frame, lead)) if lead else [])

    def _silence(self, samples: int) -> list[Samples]:
        if samples <= 0:
            return []
        assert self.at is not None
        self.at += samples
        whole, rest = divmod(samples, SILENCE_SAMPLES)
        piece = np.zeros((self._channels, SILENCE_SAMPLES), np.float32)
        return [piece] * whole + ([piece[:, :rest]] if rest else [])

    def _pull(self, frame: AudioFrame | None) -> list[Samples]:
        if self._resampler is None:
            return []
        if frame is not None:
            frame.pts = None  # holes are filled here; FFmpeg's resampler is to drop and repeat nothing
        pulled = [self._wanted(out) for out in self._resampler.resample(frame) if out.samples]
        return [samples for samples in pulled if samples.shape[1]]

    def _wanted(self, frame: AudioFrame) -> Samples:
        """Return a frame's samples as (channels, n) without what is not wanted of them."""
        assert self.at is not None
        packed = frame.to_ndarray().astype(np.float32, copy=False)
        samples = with_channels(packed.reshape(-1, frame.layout.nb_channels).T, self._channels)
        kept = samples[:, self._surplus :]
        self._surplus = max(0, self._surplus - samples.shape[1])
        self.at += kept.shape[1]
        return kept


def with_channels(samples: Samples, channels: int) -> Samples:
    """Return samples with so many channels, for a track that changes its number on the way.

    One channel is heard in all; of several that are too many, each is added to one that is there.
    """
    results = len(samples)
    if results == channels:
        return samples
    if results == 1:
        return np.repeat(samples, channels, axis=0)
    result = np.zeros((channels, samples.shape[1]), np.float32)
    for number, channel in enumerate(samples):
        result[number % channels] += channel
    return result / np.float32(math.ceil(results / channels))


def common_hz(rate_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> int:
    return math.gcd(rate_hz, to_hz)


def silent_frame(like: AudioFrame, samples: int) -> AudioFrame:
    """Return a silent frame of the same kind, one or two channels."""
    frame = AudioFrame(format=like.format.name, layout=like.layout.name, samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = like.sample_rate
    return frame
