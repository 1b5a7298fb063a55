"""One file that is encoded: sound, and for films pictures, on a clock of its own that begins at 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sensevoice.audio.info import Samples
from sensevoice.clips.worker.picture import FORMAT, Size
from sensevoice.runtime.cpus import usable_cpus

TICKS_PER_S = 90_000
"""Of pictures: a millisecond and a frame at 29.97 a second are whole numbers of them (MPEG's clock)."""

MAX_THREADS = 8
BLOCK = 4_096


@dataclass(frozen=True)
class Encoding:
    """FFmpeg's names of a container and of the codec of sound, its bits a second for each channel, and the
    rates that it takes."""

    container: str
    codec: str
    bits_per_channel: int
    rates_hz: Sequence[int]
    options: Mapping[str, str] = field(default_factory=dict)


_USUAL = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_ANY = (*_USUAL, 88_200, 96_000, 176_400, 192_000)

ENCODINGS: Mapping[str, Encoding] = MappingProxyType(
    {
        "wav": Encoding("wav", "pcm_s16le", 0, _ANY, {"rf64": "auto"}),
        "flac": Encoding("flac", "flac", 0, _ANY),
        "mp3": Encoding("mp3", "libmp3lame", 96_000, _USUAL),
        "m4a": Encoding("ipod", "aac", 96_000, _USUAL, {"movflags": "+faststart"}),
        "mp4": Encoding("mp4", "aac", 96_000, _USUAL, {"movflags": "+faststart"}),
    }
)
"""Kind of file → how it is made. 192 kbit/s of stereo are transparent with either codec."""

PICTURE_OPTIONS = {"preset": "veryfast", "crf": "20"}
"""Of x264: twice as fast as its default at the same quality, for files a few per cent larger."""


@dataclass(frozen=True)
class Chapter:
    """A named part of a file, in milliseconds."""

    start_ms: int
    end_ms: int
    title: str


@cache
def encoder_threads() -> int:
    """Return how many threads encode pictures; what the system says is read once."""
    return min(MAX_THREADS, usable_cpus())


def rate_for(media: str, rate_hz: int) -> int:
    """Return the rate to encode at: the recording's, or 48 kHz where the codec has no such rate."""
    return rate_hz if rate_hz in ENCODINGS[media].rates_hz else 48_000


class Output:
    """A file that is whole when it is closed. With a `size` it has pictures."""

    def __init__(
        self,
        path: Path,
        media: str,
        rate_hz: int,
        channels: int,
        size: Size | None,
        chapters: Sequence[Chapter] = (),
    ) -> None:
        encoding = ENCODINGS[media]
        self._rate_hz = rate_hz
        self._layout = "mono" if channels == 1 else "stereo"
        self._samples = 0
        self._tick = -1
        self._container: OutputContainer = av.open(
            str(path), "w", format=encoding.container, options=dict(encoding.options)
        )
        if chapters:
            self._container.set_chapters([chapter(number, each) for number, each in enumerate(chapters)])
        self._picture = self._add_picture(size) if size else None
        self._sound = cast(
            AudioStream, self._container.add_stream(encoding.codec, rate=rate_hz, layout=self._layout)
        )
        if encoding.bits_per_channel:
            self._sound.bit_rate = encoding.bits_per_channel * channels

    @property
    def sound_s(self) -> float:
        return self._samples / self._rate_hz

    def _add_picture(self, size: Size) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=Fraction(30), options=PICTURE_OPTIONS)
        stream.width, stream.height = size
        stream.pix_fmt = FORMAT
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        stream.codec_context.thread_count = encoder_threads()
        return stream

    def add_sound(self, samples: Samples) -> None:
        """Take the next samples, (channels, n) float32."""
        for at in range(0, samples.shape[1], BLOCK):
            part = np.clip(samples[:, at : at + BLOCK], -1.0, 1.0)
            packed = np.ascontiguousarray(part.T, dtype=np.float32).reshape(1, -1)
            frame = AudioFrame.from_ndarray(packed, format="flt", layout=self._layout)
            frame.sample_rate, frame.time_base = self._rate_hz, Fraction(1, self._rate_hz)
            frame.pts = self._samples
            self._samples += part.shape[1]
            self._container.mux(self._sound.encode(frame))

    def add_picture(self, at: Fraction, frame: VideoFrame) -> None:
        """Take a picture that is shown from a time on; one that is not behind the last is left out."""
        tick = int(at * TICKS_PER_S)
        if self._picture is None or tick <= self._tick:
            return
        frame.pts, frame.time_base = tick, Fraction(1, TICKS_PER_S)
        self._tick = tick
        self._container.mux(self._picture.encode(frame))

    def close(self) -> None:
        for stream in (self._picture, self._sound):
            if stream is not None:
                self._container.mux(stream.encode(None))
        self._container.close()


def chapter(number: int, named: Chapter) -> av.container.core.Chapter:
    """Return a chapter as PyAV takes it."""
    return {
        "id": number,
        "start": named.start_ms,
        "end": named.end_ms,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": named.title},
    }
