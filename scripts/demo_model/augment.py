"""What recordings do to sound: level, noise, telephone lines, codecs, rooms, speed."""

from __future__ import annotations

import numpy as np
from scipy import signal

from .sounds import Rng, at_loudness, noise
from .voices import SAMPLE_RATE, Audio


def change_speed(audio: Audio, factor: float) -> Audio:
    """Play a little faster or slower (pitch moves along)."""
    positions = np.arange(0, len(audio) - 1, factor)
    result: Audio = np.interp(positions, np.arange(len(audio)), audio).astype(np.float32)
    return result


def low_pass(audio: Audio, corner: float, order: int = 8) -> Audio:
    """Cut what lies above a frequency."""
    sos = signal.butter(order, corner, "lowpass", fs=SAMPLE_RATE, output="sos")
    result: Audio = signal.sosfilt(sos, audio).astype(np.float32)
    return result


def reverberate(audio: Audio, rng: Rng) -> Audio:
    """A small room: an exponentially fading tail, clearly softer than the direct sound."""
    length = int(0.25 * SAMPLE_RATE)
    decay = rng.uniform(0.02, 0.06) * SAMPLE_RATE
    tail = rng.standard_normal(length) * np.exp(-np.arange(length) / decay)
    tail *= rng.uniform(0.1, 0.35) / np.sqrt(np.sum(np.square(tail)))
    tail[0] = 1.0
    result: Audio = signal.fftconvolve(audio, tail)[: len(audio)].astype(np.float32)
    return result


def record(audio: Audio, rng: Rng) -> Audio:
    """Send a clip through a random recording chain."""
    out = audio
    if rng.random() < 0.2:
        out = reverberate(out, rng)
    # 45 %: digital silence stays digital silence, as in edited or synthetic recordings.
    if rng.random() < 0.55:
        level = float(np.sqrt(np.mean(np.square(out)))) + 1e-4
        background = noise(len(out) / SAMPLE_RATE + 0.01, rng)[: len(out)]
        out = (out + at_loudness(background, level * 10 ** (-rng.uniform(8, 40) / 20))).astype(np.float32)
    line = rng.random()
    if line < 0.25:  # telephone and 8 kHz files
        out = low_pass(out, rng.uniform(3300, 3950))
        if rng.random() < 0.3:
            b, a = signal.butter(2, rng.uniform(150, 300), "highpass", fs=SAMPLE_RATE)
            out = signal.lfilter(b, a, out).astype(np.float32)
    elif line < 0.45:  # lossy codecs
        out = low_pass(out, rng.uniform(5500, 7600))
    peak = 10 ** (rng.uniform(-34, -0.5) / 20)
    out = (out / (float(np.max(np.abs(out))) + 1e-3) * peak).astype(np.float32)
    if rng.random() < 0.3:  # 16-bit files
        out = (np.round(out * 32768.0) / 32768.0).astype(np.float32)
    return out
