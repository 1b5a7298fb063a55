"""Honest files of every container, made with PyAV: what the damage is done to."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np

from tests.media import noise

SECONDS = 4.0

CARRIERS = {
    "wav": ("wav", "pcm_s16le", 16_000),
    "wav8": ("wav", "pcm_mulaw", 8_000),
    "w64": ("w64", "pcm_s16le", 16_000),
    "aiff": ("aiff", "pcm_s16be", 16_000),
    "au": ("au", "pcm_s16be", 16_000),
    "caf": ("caf", "pcm_s16le", 16_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "mp2": ("mp2", "mp2", 44_100),
    "flac": ("flac", "flac", 16_000),
    "m4a": ("mp4", "aac", 44_100),
    "mov": ("mov", "aac", 44_100),
    "aac": ("adts", "aac", 44_100),
    "opus": ("ogg", "libopus", 48_000),
    "ogg": ("ogg", "libvorbis", 44_100),
    "oga": ("ogg", "flac", 16_000),
    "mka": ("matroska", "aac", 44_100),
    "webm": ("webm", "libopus", 48_000),
    "wma": ("asf", "wmav2", 44_100),
    "avi": ("avi", "libmp3lame", 44_100),
    "ts": ("mpegts", "aac", 44_100),
    "flv": ("flv", "aac", 44_100),
    "ac3": ("ac3", "ac3", 48_000),
    "eac3": ("eac3", "eac3", 48_000),
    "wv": ("wv", "wavpack", 16_000),
    "tta": ("tta", "tta", 16_000),
}
"""Name → (FFmpeg's container, codec, sample rate)."""


@cache
def carrier(name: str, layout: str = "mono", rate_hz: int | None = None, seconds: float = SECONDS) -> bytes:
    """Return a whole file of noise. Raises av.FFmpegError or ValueError where this FFmpeg cannot make it."""
    container, codec, own_rate_hz = CARRIERS[name]
    rate_hz = rate_hz or own_rate_hz
    options = {"movflags": "faststart"} if container in ("mp4", "mov") else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        _encode(path, container, codec, layout, rate_hz, seconds, options)
        return path.read_bytes()


def _encode(
    path: Path, container: str, codec: str, layout: str, rate_hz: int, seconds: float, options: dict[str, str]
) -> None:
    with av.open(str(path), "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        channels = stream.codec_context.channels
        samples = np.tile(noise(seconds, -20, rate_hz=rate_hz).astype(np.float32), (channels, 1))
        for start in range(0, samples.shape[1], 1152):
            packed = np.ascontiguousarray(samples[:, start : start + 1152].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate = rate_hz
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


@cache
def available() -> tuple[str, ...]:
    """Return the carriers that this build of FFmpeg can write."""
    made = []
    for name in CARRIERS:
        try:
            carrier(name)
        except (av.FFmpegError, ValueError):
            continue
        made.append(name)
    return tuple(made)


def wav(
    samples: bytes = b"", tag: int = 1, channels: int = 1, rate_hz: int = 16_000, bits: int = 16, **lie: int
) -> bytes:
    """Return a WAV file with any header; `data_bytes` lies about the length."""
    width = max(1, channels * bits // 8)
    chunk = b"fmt " + (16).to_bytes(4, "little")
    for value, size in (
        (tag, 2),
        (channels, 2),
        (rate_hz, 4),
        (min(rate_hz * width, 2**32 - 1), 4),
        (width & 0xFFFF, 2),
        (bits, 2),
    ):
        chunk += (value & (256**size - 1)).to_bytes(size, "little")
    chunk += b"data" + lie.get("data_bytes", len(samples)).to_bytes(4, "little") + samples
    return b"RIFF" + (4 + len(chunk) & 0xFFFFFFFF).to_bytes(4, "little") + b"WAVE" + chunk


def pcm(seconds: float = SECONDS, rate_hz: int = 16_000) -> bytes:
    return bytes((noise(seconds, -20, rate_hz=rate_hz) * 32767).astype("<i2").tobytes())
