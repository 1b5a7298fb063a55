"""Decoding with the ffmpeg program of the system, for what PyAV cannot read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from sensevoice.audio.info import (
    CONTAINERS,
    MAX_CHANNELS,
    PROTOCOLS,
    RATES_HZ,
    SAMPLE_RATE_HZ,
    AudioInfo,
    Samples,
    plausible_duration_ms,
)
from sensevoice.errors import NoAudioTrack, NotMedia, NoUsableSound, UnusualAudio

SAFE_INPUT = {"protocol_whitelist": PROTOCOLS, "format_whitelist": CONTAINERS}


def is_installed() -> bool:
    """Tell whether ffmpeg and ffprobe, which come together, are on the PATH."""
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


class FfmpegDecoder:
    """See `Decoder`. Raises NotMedia, NoAudioTrack, UnusualAudio or NoUsableSound.

    `path` is absolute, `stream_index` as in PyavDecoder. The first second is decoded at once, because
    only then it is known whether the program can do it. Packets that cannot be decoded are not counted:
    the program writes of them in words only.
    """

    bad_packets = 0

    def __init__(self, path: Path, stream_index: int | None = None) -> None:
        track = stream_index or 0
        self.info = _probe(path, track)
        self._channels = min(self.info.channels, 2)
        # stderr goes nowhere: a pipe that nobody empties would stop the program when it is full.
        self._process = subprocess.Popen(
            _command(path, track, self._channels),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._first = self._read()
        if not self._first.size:
            self.close()
            raise NoUsableSound(path=path)

    def chunks(self) -> Iterator[Samples]:
        try:
            chunk = self._first
            while chunk.size:
                yield chunk
                chunk = self._read()
        finally:
            self.close()

    def close(self) -> None:
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def _read(self) -> Samples:
        """Return up to a second, (channels, n); empty at the end."""
        assert self._process.stdout is not None
        frame_bytes = 4 * self._channels
        data = self._process.stdout.read(SAMPLE_RATE_HZ * frame_bytes)
        packed = np.frombuffer(data, "<f4", len(data) // frame_bytes * self._channels)
        return packed.reshape(-1, self._channels).T


def _command(path: Path, track: int, channels: int) -> list[str]:
    source = ffmpeg.input(_address(path), **SAFE_INPUT)[f"a:{track}"]
    output = source.output("pipe:1", format="f32le", ac=channels, ar=SAMPLE_RATE_HZ)
    command: list[str] = output.global_args("-nostdin", "-v", "quiet").compile()
    return command


def _address(path: Path) -> str:
    """Return `path` so that ffmpeg takes it for a file whatever its name looks like."""
    return f"file:{path}"


def _probe(path: Path, track: int) -> AudioInfo:
    try:
        result: dict[str, Any] = ffmpeg.probe(_address(path), v="quiet", **SAFE_INPUT)
    except (ffmpeg.Error, OSError, ValueError) as exc:
        raise NotMedia(path=path) from exc
    streams = [stream for stream in result.get("streams", ()) if stream.get("codec_type") == "audio"]
    if not 0 <= track < len(streams) or not streams[track].get("channels"):
        raise NoAudioTrack(path=path)
    stream, container = streams[track], result.get("format", {})
    codec, rate_hz = stream.get("codec_name", "?"), int(stream.get("sample_rate", 0))
    if rate_hz not in RATES_HZ or int(stream["channels"]) > MAX_CHANNELS:
        raise UnusualAudio(path=path, found=f"{rate_hz} Hz, {stream['channels']} ch")
    duration_s = stream.get("duration") or container.get("duration")
    return AudioInfo(
        path=path,
        container=container.get("format_name", "?"),
        codec=codec,
        sample_rate_hz=rate_hz,
        channels=int(stream["channels"]),
        duration_ms=plausible_duration_ms(float(duration_s) if duration_s else None, path.stat().st_size),
    )
