"""Decodes with the ffmpeg program of the system, for what PyAV cannot read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from sensevoice import headerless
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
from sensevoice.audio.media import language_tag, title_tag
from sensevoice.errors import NoAudioTrack, NoSuchTrack, NotMedia, NoUsableSound, UnusualAudio
from sensevoice.headerless import PCM, VOX, RawFormat
from sensevoice.transcript import Media, Track

SAFE_INPUT = {"protocol_whitelist": PROTOCOLS, "format_whitelist": CONTAINERS}

MIN_HOLE_S = 0.04
"""Holes and overlaps from here on are filled and cut, counted from the container's start."""


def is_installed() -> bool:
    """Return whether ffmpeg and ffprobe, which come together, are on the PATH."""
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


class FfmpegDecoder:
    """See `Decoder`. Raises NotMedia, NoAudioTrack, UnusualAudio or NoUsableSound.

    `path` is absolute, `stream_index` as in PyavDecoder. The first second is decoded at once, because
    only then it is known whether the program can do it. Packets that cannot be decoded are not counted,
    nor are stamps that cannot be true: the program writes of them in words only.
    """

    bad_packets = 0
    clock_breaks = 0
    gave_up = False

    def __init__(self, path: Path, stream_index: int | None = None, raw_format: str = "") -> None:
        how = _input_options(path, headerless.raw_format(path, raw_format))
        self.info, start_s = _probe(path, stream_index, how)
        track = self.info.media.track - 1
        self._channels = self.info.channels
        # stderr goes nowhere: a pipe that nobody empties would stop the program when it is full.
        self._process = subprocess.Popen(
            _command(path, track, self._channels, start_s, how),
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


def _input_options(path: Path, raw: RawFormat | None) -> dict[str, str]:
    if raw is None:
        return SAFE_INPUT
    if raw.demuxer == VOX:
        raise NotMedia(path=path)
    layout = {1: "mono", 2: "stereo"}.get(raw.channels, f"{raw.channels}c")
    formats = f"{CONTAINERS},{raw.demuxer}"
    data = {"f": raw.demuxer, "sample_rate": str(raw.rate_hz), "ch_layout": layout}
    return SAFE_INPUT | {"format_whitelist": formats} | (data if raw.demuxer in PCM else {"f": raw.demuxer})


def _command(path: Path, track: int, channels: int, start_s: float, how: dict[str, str]) -> list[str]:
    """Return the command; without -copyts ffmpeg counts a transport stream from its sound alone."""
    source = ffmpeg.input(_address(path), copyts=None, **how)[f"a:{track}"]
    placed = source.filter("asetpts", f"PTS-({start_s:.6f})/TB").filter(
        "aresample", **{"async": 1, "first_pts": 0, "min_hard_comp": MIN_HOLE_S}
    )
    output = placed.output("pipe:1", format="f32le", ac=channels, ar=SAMPLE_RATE_HZ)
    command: list[str] = output.global_args("-nostdin", "-v", "quiet").compile()
    return command


def _address(path: Path) -> str:
    """Return `path` so that ffmpeg takes it for a file, whatever its name."""
    return f"file:{path}"


def _probe(path: Path, stream_index: int | None, how: dict[str, str]) -> tuple[AudioInfo, float]:
    """Return what a file says of itself, and the container's start in seconds."""
    try:
        result: dict[str, Any] = ffmpeg.probe(_address(path), v="quiet", **how)
    except (ffmpeg.Error, OSError, ValueError) as exc:
        raise NotMedia(path=path) from exc
    streams = [stream for stream in result.get("streams", ()) if stream.get("codec_type") == "audio"]
    tracks = tuple(_track(number, stream) for number, stream in enumerate(streams, start=1))
    if not tracks:
        raise NoAudioTrack(path=path)
    defaults = [track.number - 1 for track in tracks if track.default]
    index = stream_index if stream_index is not None else (*defaults, 0)[0]
    if not 0 <= index < len(tracks):
        raise NoSuchTrack(path=path, track=index + 1, count=len(tracks))
    if not tracks[index].channels:
        raise NoUsableSound(path=path)
    stream, container = streams[index], result.get("format", {})
    rate_hz = int(stream.get("sample_rate", 0))
    if rate_hz not in RATES_HZ or int(stream["channels"]) > MAX_CHANNELS:
        raise UnusualAudio(path=path, found=f"{rate_hz} Hz, {stream['channels']} ch")
    start_s, duration_s = float(container.get("start_time") or 0), container.get("duration")
    if stream.get("duration"):
        duration_s = float(stream.get("start_time") or start_s) - start_s + float(stream["duration"])
    duration_ms = plausible_duration_ms(float(duration_s) if duration_s else None, path.stat().st_size)
    media = Media(
        container=container.get("format_name", "?"),
        codec=tracks[index].codec,
        sample_rate_hz=rate_hz,
        channels=tracks[index].channels,
        track=index + 1,
        tracks=tracks,
    )
    return AudioInfo(path, media, duration_ms), start_s


def _track(number: int, stream: dict[str, Any]) -> Track:
    tags = stream.get("tags", {})
    return Track(
        number,
        stream.get("codec_name", "?"),
        int(stream.get("channels", 0)),
        language_tag(tags.get("language", "")),
        title_tag(tags.get("title", "")),
        bool(stream.get("disposition", {}).get("default")),
    )
