"""Recordings in which every second has a tone of its own, and a shade of grey where there is a picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from sensevoice.audio.decoding.pyav import PyavDecoder
from sensevoice.transcript import Segment, Span, Transcript
from tests.media import ffmpeg, tone, write_wav

SECONDS = 9
RATE_HZ = 44_100
WINDOW_S = 0.04
NEAR_S = 0.045
"""Around a change of tone nothing is looked at: half a window, and a frame."""

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast")


def hz(second: int) -> float:
    return 400.0 + 150.0 * second


def write_tones(path: Path) -> Path:
    parts = [tone(hz(second), 1.0, rate_hz=RATE_HZ) for second in range(SECONDS)]
    return write_wav(path, np.concatenate(parts), RATE_HZ)


def write_film(path: Path, *options: str, rate: str = "30000/1001", sound: tuple[str, ...] = ()) -> Path:
    """Write a film whose second n is 16 + 20n bright; `sound` are filters of the tones."""
    wav = write_tones(path.with_suffix(".tones.wav"))
    grey = f"color=black:size=96x64:rate={rate}:duration={SECONDS},geq=lum='16+20*floor(T)':cb=128:cr=128"
    ffmpeg("-f", "lavfi", "-i", grey, "-i", wav, "-map", "0:v", "-map", "1:a", *sound, *options, path)
    return path


def transcript_of(path: Path, duration_ms: int = 1000 * SECONDS, **more: object) -> Transcript:
    """Return a row for each second, with what is said in it."""
    rows = tuple(
        Segment("speech", Span(1000 * n, 1000 * n + 1000), f"第{n}秒", emotion="ANGRY" if n % 2 else "")
        for n in range(SECONDS)
    )
    return Transcript(path.name, duration_ms, rows, **more)  # type: ignore[arg-type]


def sound_of(path: Path) -> np.ndarray:
    """Return the sound of a file on its clock, mono, at RATE_HZ."""
    decoder = PyavDecoder(path, rate_hz=RATE_HZ)
    try:
        return np.concatenate(list(decoder.chunks()), axis=1).mean(axis=0)
    finally:
        decoder.close()


def heard_at(samples: np.ndarray, second: float) -> int | None:
    """Return which second's tone is heard around a time, None for silence."""
    start = round((second - WINDOW_S / 2) * RATE_HZ)
    window = samples[start : start + round(WINDOW_S * RATE_HZ)]
    if np.sqrt(np.mean(window**2)) < 0.02:
        return None
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window)), 1 << 14))
    return round((np.argmax(spectrum) * RATE_HZ / (1 << 14) - hz(0)) / 150)


def seen_in(path: Path) -> Iterator[tuple[float, int]]:
    """Yield the time of each picture and which second's grey it is."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        for frame in film.decode(stream):
            grey = frame.reformat(format="gray").to_ndarray()[:64, :96]
            yield float(Fraction(frame.pts) * stream.time_base), round(float(grey.mean()) * 219 / 255 / 20)
