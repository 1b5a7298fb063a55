"""How loud a recording is, over time: one small number per channel for every 100 ms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from sensevoice.transcript import Span

Levels = npt.NDArray[np.float64]

SILENCE_DBFS = -100.0
"""Stands for digital silence; 16-bit sound ends at -98 dBFS."""

METER_FRAME_MS = 100
FRAME_SAMPLES = METER_FRAME_MS * SAMPLES_PER_MS

TREBLE_HZ = 5_000
"""What lies above is out of reach of an 8 kHz telephone line; in the kHz between, resamplers leave images
of the line's upper end."""

FULL_SCALE = 0.999
"""16-bit full scale, less what dither and resampling take off it."""

CLIP_RUN = 3
"""Samples at full scale in a row. One or two are the top of an honest peak."""

HALF_DB_STEPS = 2
"""Levels are kept as half decibels below full scale, 0 to 200, in one byte."""


def level_dbfs(samples: Samples) -> float:
    """Return the RMS level of samples of any shape in dBFS; SILENCE_DBFS for silence and for none."""
    if not samples.size:
        return SILENCE_DBFS
    return float(to_dbfs(np.mean(np.square(samples, dtype=np.float64))))


def to_dbfs(power: npt.ArrayLike) -> Levels:
    """Return mean squares as dBFS, not below SILENCE_DBFS."""
    floor = 10 ** (SILENCE_DBFS / 10)
    return 10 * np.log10(np.maximum(np.asarray(power, np.float64), floor))


def mean_dbfs(levels: Levels) -> float:
    """Return the level of the mean power of frames of these levels; SILENCE_DBFS for none."""
    return float(to_dbfs(np.mean(10 ** (levels / 10)))) if levels.size else SILENCE_DBFS


class SignalMeter:
    """Measures the blocks of a recording as they pass, before channels are selected.

    Keeps three bytes for 100 ms of stereo: some 110 kB an hour.
    """

    def __init__(self) -> None:
        self.samples = 0
        self.clipped_samples = 0
        self._channels: list[bytearray] = []
        self._treble = bytearray()
        self._rest: Samples | None = None
        self._window = np.hanning(FRAME_SAMPLES).astype(np.float32)

    def feed(self, block: Samples) -> None:
        """Take the next block: (channels, n) float32 within ±1 at 16 kHz, as many channels every time."""
        self.samples += block.shape[1]
        joined = block if self._rest is None else np.concatenate([self._rest, block], axis=1)
        whole = joined.shape[1] - joined.shape[1] % FRAME_SAMPLES
        self._rest = joined[:, whole:].copy()
        if whole:
            self._measure(joined[:, :whole].reshape(len(joined), -1, FRAME_SAMPLES))

    def _measure(self, frames: Samples) -> None:
        if not self._channels:
            self._channels = [bytearray() for _ in frames]
        for levels, power in zip(self._channels, np.mean(np.square(frames), axis=2), strict=True):
            levels += _as_bytes(power)
        self._treble += _as_bytes(self._treble_power(frames.mean(axis=0)))
        # Runs are not followed across blocks: at ten seconds each that misses next to nothing.
        self.clipped_samples += max(_clipped(channel.ravel()) for channel in frames)

    def _treble_power(self, frames: Samples) -> npt.NDArray[np.float64]:
        """Return the mean square of what lies above TREBLE_HZ, by Parseval's theorem."""
        spectrum = np.fft.rfft(frames * self._window, axis=1)
        first = TREBLE_HZ * FRAME_SAMPLES // SAMPLE_RATE_HZ
        energy = 2 * np.sum(np.square(np.abs(spectrum[:, first:])), axis=1)
        return np.asarray(energy / (FRAME_SAMPLES * np.sum(np.square(self._window))))

    @property
    def channel_levels(self) -> Levels:
        """Return the level of every channel in every whole frame, (channels, frames) in dBFS."""
        return (
            np.stack([_as_levels(levels) for levels in self._channels])
            if self._channels
            else np.empty((0, 0))
        )

    @property
    def levels(self) -> Levels:
        """Return the level of every whole frame, the mean power of its channels, (frames,) in dBFS."""
        if not self._channels:
            return np.empty(0)
        return to_dbfs(np.mean(10 ** (self.channel_levels / 10), axis=0))

    @property
    def treble_levels(self) -> Levels:
        """Return the level of what lies above TREBLE_HZ in every whole frame, (frames,) in dBFS."""
        return _as_levels(self._treble)


def frames_within(spans: Sequence[Span], frames: int) -> npt.NDArray[np.bool_]:
    """Tell for each of the first frames whether one span covers all of it."""
    covered = np.zeros(frames, bool)
    for span in spans:
        covered[-(-span.start_ms // METER_FRAME_MS) : span.end_ms // METER_FRAME_MS] = True
    return covered


def frames_touched(spans: Sequence[Span], frames: int, margin_ms: int) -> npt.NDArray[np.bool_]:
    """Tell for each of the first frames whether a span, widened by `margin_ms`, reaches into it."""
    touched = np.zeros(frames, bool)
    for span in spans:
        start_ms, end_ms = max(0, span.start_ms - margin_ms), span.end_ms + margin_ms
        touched[start_ms // METER_FRAME_MS : -(-end_ms // METER_FRAME_MS)] = True
    return touched


def _as_bytes(power: npt.ArrayLike) -> bytes:
    return np.round(-to_dbfs(power) * HALF_DB_STEPS).clip(0, 255).astype(np.uint8).tobytes()


def _as_levels(stored: bytearray) -> Levels:
    return -np.frombuffer(bytes(stored), np.uint8).astype(np.float64) / HALF_DB_STEPS


def _clipped(channel: Samples) -> int:
    """Count the samples that stand in a run of CLIP_RUN or more at full scale."""
    loud = np.abs(channel) >= FULL_SCALE
    if not loud.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]])))
    runs = edges[1::2] - edges[::2]
    return int(runs[runs >= CLIP_RUN].sum())
