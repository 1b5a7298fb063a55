"""Synthetic sounds: music, applause, laughter, coughing and background noise.

Each function draws one sound of the wished length from a random generator; no recordings are used.
All come out at the same loudness, so that whoever mixes them sets the level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal

from .voices import SAMPLE_RATE, Audio

Rng = np.random.Generator

LOUDNESS = 0.1
"""Root mean square of every sound."""


def at_loudness(audio: Audio, loudness: float = LOUDNESS) -> Audio:
    """Scale to a root mean square."""
    current = float(np.sqrt(np.mean(np.square(audio)))) + 1e-9
    return (audio * (loudness / current)).astype(np.float32)


def _add(target: Audio, start: int, piece: Audio) -> None:
    """Add a piece into a target from a sample on, cutting what reaches over the end."""
    piece = piece[: max(0, len(target) - start)]
    target[start : start + len(piece)] += piece


def _note(frequency: float, seconds: float, decay: float, harmonics: int, rng: Rng) -> Audio:
    """One note: harmonics that fade, with a short attack."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = np.zeros_like(time)
    for number in range(1, harmonics + 1):
        if frequency * number < SAMPLE_RATE / 2:
            phase = rng.uniform(0, 2 * np.pi)
            wave += np.sin(2 * np.pi * frequency * number * time + phase) * number**-1.3
    envelope = np.minimum(1.0, time / 0.015) * np.exp(-decay * time)
    envelope *= np.minimum(1.0, (seconds - time) / 0.03)
    result: Audio = (wave * envelope).astype(np.float32)
    return result


CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14), (2, 5, 9), (4, 7, 11))


def music(seconds: float, rng: Rng) -> Audio:
    """Chords over a bass, as a pad, an arpeggio, plucked, or with a beat."""
    out = np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)
    style = rng.choice(["pad", "arpeggio", "pluck", "beat"])
    beat = 60.0 / rng.uniform(80, 140)
    tones: tuple[int, ...]
    root = 110.0 * 2 ** (rng.integers(0, 12) / 12)
    harmonics = int(rng.integers(3, 8))
    position = 0.0
    while position < seconds:
        chord = CHORDS[int(rng.integers(len(CHORDS)))]
        bass = _note(root * 2 ** (chord[0] % 12 / 12), 4 * beat, 0.6, harmonics, rng)
        _add(out, int(position * SAMPLE_RATE), bass * 0.8)
        for step in range(8):
            start = int((position + step * beat / 2) * SAMPLE_RATE)
            if style == "pad":
                tones = chord if step == 0 else ()
                length, decay = 4 * beat, 0.2
            elif style == "arpeggio":
                tones = (chord[step % 3] + 12 * (step % 2),)
                length, decay = beat, 3.0
            else:
                tones = chord if step % 2 == 0 else ()
                length, decay = beat, 5.0 if style == "pluck" else 3.0
            for tone in tones:
                _add(out, start, _note(2 * root * 2 ** (tone / 12), length, decay, harmonics, rng) * 0.5)
            if style == "beat":
                hat = rng.standard_normal(int(0.04 * SAMPLE_RATE)) * np.exp(-np.arange(640) / 120)
                _add(out, start, (0.25 * np.diff(hat, prepend=0.0)).astype(np.float32))
        position += 4 * beat
    return at_loudness(out)


def applause(seconds: float, rng: Rng) -> Audio:
    """Many short, band-limited bursts at random times: from a few hands to a hall."""
    count = int(seconds * SAMPLE_RATE)
    density = np.exp(rng.uniform(np.log(40), np.log(250)))
    out = np.zeros(count, dtype=np.float32)
    for _ in range(6):
        length = int(rng.uniform(0.006, 0.02) * SAMPLE_RATE)
        burst = rng.standard_normal(4 * length) * np.exp(-np.arange(4 * length) / length)
        centre = rng.uniform(900, 2200)
        sos = signal.butter(2, [centre * 0.6, centre * 1.7], "bandpass", fs=SAMPLE_RATE, output="sos")
        claps = rng.random(count) < density / 6 / SAMPLE_RATE
        train = claps * rng.uniform(0.3, 1.0, count)
        out += signal.fftconvolve(train, signal.sosfilt(sos, burst))[:count].astype(np.float32)
    return at_loudness(out)


def _resonate(source: Audio, formants: tuple[float, ...]) -> Audio:
    """Send a source through vocal tract resonances."""
    out = np.zeros_like(source)
    for number, frequency in enumerate(formants):
        b, a = signal.iirpeak(min(frequency, 7000.0), Q=5.0, fs=SAMPLE_RATE)
        out += (signal.lfilter(b, a, source) * 0.7**number).astype(np.float32)
    return out


def _laugher(seconds: float, rng: Rng) -> Audio:
    """One person: bouts of ha-ha-ha on falling pitch, with breath between them."""
    out = np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)
    base = rng.uniform(180, 420)
    period = rng.uniform(0.15, 0.23)
    formants = tuple(f * rng.uniform(0.9, 1.2) for f in (850.0, 1400.0, 2800.0))
    position = rng.uniform(0.0, 0.1)
    while position < seconds:
        syllables = int(rng.integers(4, 10))
        for number in range(syllables):
            voiced = int(period * rng.uniform(0.45, 0.6) * SAMPLE_RATE)
            breath = int(period * 0.35 * SAMPLE_RATE)
            pitch = base * (1.25 - 0.5 * number / syllables) * rng.uniform(0.95, 1.05)
            glide = pitch * np.linspace(1.08, 0.85, voiced)
            phase = np.cumsum(glide / SAMPLE_RATE)
            pulses = (2 * (phase % 1.0) - 1.0) * np.hanning(voiced)
            noise = rng.standard_normal(breath) * np.hanning(breath) * 0.5
            source = np.concatenate([noise, pulses + 0.15 * rng.standard_normal(voiced) * np.hanning(voiced)])
            loud = 1.0 - 0.4 * number / syllables
            _add(
                out,
                int(position * SAMPLE_RATE),
                (_resonate(source.astype(np.float32), formants) * loud).astype(np.float32),
            )
            position += period * rng.uniform(0.93, 1.07)
        inhale = int(rng.uniform(0.12, 0.25) * SAMPLE_RATE)
        air = (rng.standard_normal(inhale) * np.hanning(inhale) * 0.15).astype(np.float32)
        _add(out, int(position * SAMPLE_RATE), air)
        position += inhale / SAMPLE_RATE
    return out


def laughter(seconds: float, rng: Rng) -> Audio:
    """One to six people laughing."""
    out = np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)
    for _ in range(int(rng.integers(1, 7))):
        out += _laugher(seconds, rng) * rng.uniform(0.4, 1.0)
    return at_loudness(out)


def cough(seconds: float, rng: Rng) -> Audio:
    """Coughs: an explosive burst and a rough, falling tail, a few tenths of a second apart."""
    out = np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)
    formants = tuple(f * rng.uniform(0.85, 1.15) for f in (600.0, 1300.0, 2400.0))
    base = rng.uniform(90, 220)
    position = rng.uniform(0.0, 0.1)
    while position < seconds:
        length = int(rng.uniform(0.2, 0.38) * SAMPLE_RATE)
        time = np.arange(length) / SAMPLE_RATE
        burst = rng.standard_normal(length) * np.exp(-time / 0.03)
        rough = rng.standard_normal(length) * np.exp(-time / 0.09) * 0.5
        pulses = (2 * ((base * time * (1 - time)) % 1.0) - 1.0) * np.exp(-time / 0.12) * 0.35
        piece = _resonate((burst + rough + pulses).astype(np.float32), formants)
        _add(out, int(position * SAMPLE_RATE), (piece * rng.uniform(0.6, 1.0)).astype(np.float32))
        position += length / SAMPLE_RATE + rng.uniform(0.02, 0.3)
    return at_loudness(out)


MAKERS: dict[str, Callable[[float, Rng], Audio]] = {
    "BGM": music,
    "Applause": applause,
    "Laughter": laughter,
    "Cough": cough,
}
"""How to make the sound of each event tag."""


def noise(seconds: float, rng: Rng) -> Audio:
    """Steady background: white to brown noise, sometimes with mains hum."""
    count = int(seconds * SAMPLE_RATE)
    white = rng.standard_normal(count)
    colour = rng.uniform(0.0, 0.98)
    out = signal.lfilter([1.0], [1.0, -colour], white)
    out = out / (np.std(out) + 1e-9)
    if rng.random() < 0.2:
        time = np.arange(count) / SAMPLE_RATE
        out += rng.uniform(0.3, 1.5) * np.sin(2 * np.pi * rng.choice([50.0, 100.0, 120.0]) * time)
    return at_loudness(out.astype(np.float32))


def tone(seconds: float, rng: Rng) -> Audio:
    """A test or dial tone: one or two steady frequencies, sometimes in pulses."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    low, high = np.log(80.0), np.log(4000.0)
    out = np.sin(2 * np.pi * np.exp(rng.uniform(low, high)) * time)
    if rng.random() < 0.4:
        out += rng.uniform(0.3, 1.0) * np.sin(2 * np.pi * np.exp(rng.uniform(low, high)) * time)
    if rng.random() < 0.2:
        out = np.sign(out)
    if rng.random() < 0.4:
        period = rng.uniform(0.3, 1.5)
        out = out * (time % period < period * rng.uniform(0.3, 0.8))
    return at_loudness(out.astype(np.float32))


def fade(audio: Audio, change_db: float) -> Audio:
    """Let a sound grow (positive) or sink (negative) evenly by so many decibels over its length."""
    ramp = np.linspace(min(0.0, -change_db), min(0.0, change_db), len(audio))
    return (audio * 10 ** (ramp / 20)).astype(np.float32)


def soft_edges(audio: Audio, seconds: float = 0.02) -> Audio:
    """Take the clicks off both ends."""
    count = min(len(audio) // 2, int(seconds * SAMPLE_RATE))
    out = audio.copy()
    if count:
        ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)
        out[:count] *= ramp
        out[-count:] *= ramp[::-1]
    return out
