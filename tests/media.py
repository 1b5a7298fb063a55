"""Writes media files for the tests, and reads them the way the ffmpeg program does."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
import pytest

RATE_HZ = 16_000

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed"
)
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

TEST_PICTURE = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=10")


def run(*command: str | Path) -> bytes:
    done = subprocess.run([str(part) for part in command], capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def ffmpeg(*arguments: str | Path) -> None:
    run("ffmpeg", "-v", "error", "-y", *arguments)


def ffmpeg_samples(path: Path, channels: int) -> np.ndarray:
    """Return (channels, n) as the ffmpeg program decodes the first audio track at 16 kHz."""
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", path, "-map", "0:a:0", "-ac", channels]
    # Of a damaged file ffmpeg writes what it can and then fails, so the exit code is not looked at.
    done = subprocess.run(
        [str(part) for part in [*command, "-ar", RATE_HZ, "-f", "f32le", "-"]], capture_output=True
    )
    return np.frombuffer(done.stdout, "<f4").reshape(-1, channels).T


def encoders() -> str:
    return run("ffmpeg", "-v", "error", "-encoders").decode()


def write_wav(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    """Write (n,) or (channels, n) floats as 16-bit PCM."""
    channels = np.atleast_2d(samples).astype(np.float32)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.round(channels.T * 32767).astype("<i2").tobytes())
    return path


def write_float_wav(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    """Write (n,) floats as 32-bit float PCM, in which NaN and infinity can be stored."""
    data = samples.astype("<f4").tobytes()
    number = lambda value, size: value.to_bytes(size, "little")  # noqa: E731
    layout = (
        number(3, 2)
        + number(1, 2)
        + number(rate_hz, 4)
        + number(4 * rate_hz, 4)
        + number(4, 2)
        + number(32, 2)
    )
    body = b"WAVEfmt " + number(16, 4) + layout + b"data" + number(len(data), 4) + data
    path.write_bytes(b"RIFF" + number(len(body), 4) + body)
    return path


def tone(frequency_hz: float, seconds: float, amplitude: float = 0.5, rate_hz: int = RATE_HZ) -> np.ndarray:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def noise(seconds: float, level_dbfs: float, seed: int = 0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Return white noise of that RMS level."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))
    return (samples * 10 ** (level_dbfs / 20)).astype(np.float32)


def babble(seconds: float, level_dbfs: float = -20.0, seed: int = 0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Return something like speech, of that RMS level: noise that swells and fades as syllables do."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    swell = 0.1 + np.sin(2 * np.pi * 2 * time_s + seed) ** 2
    return (noise(seconds, level_dbfs, seed, rate_hz) * swell / np.sqrt(np.mean(swell**2))).astype(np.float32)


@functools.cache
def spoken(text: str, voice: str = "en", rate_hz: int = RATE_HZ) -> np.ndarray:
    """Return `text` spoken by espeak-ng, (n,) float32."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        run("espeak-ng", "-v", voice, "-w", path, text)
        converted = path.with_name("converted.wav")
        ffmpeg("-i", path, "-ar", str(rate_hz), converted)
        return ffmpeg_samples(converted, 1)[0] if rate_hz == RATE_HZ else _read_wav(converted)


def _read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
