"""Decodes from the middle of a file, to exactly the samples of one pass from its start.

A decoder and a resampler that start in the middle need some preroll until their output is the same. The
first sample is known from the time stamp of the packet that the seek found; `place` identifies a sample, so
that two decoders can check that they are at the same one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.audio.pyav import FAULTS, PyavDecoder
from sensevoice.errors import NoUsableSound

CUTTABLE = {
    "flac": ("flac",),
    "mp3": ("mp3float",),
    "ogg": ("vorbis", "opus"),
    "mov,mp4": ("alac", "opus"),
    "matroska": ("opus",),
}
"""FFmpeg's names of containers with exact seeking, and in them of codecs whose output depends on the last
packets only. Left out are AAC (FFmpeg fills bands with noise from a generator that is never reset: measured,
other samples to the end of the file), PCM (two processes took longer than one: it is mostly reading), and
whatever was not measured."""

PREROLL_S = {"opus": 3}
"""Its predictors decay: it took at most 1.6 s until the samples were the same, mostly 0.6."""

SHORT_PREROLL_S = 1
"""The others took 0.14 s at most, of which the resampler 0.01; an MP3 frame may need 0.5 s."""

FRAME_GRID = {"opus": 120}
"""All its frames are a multiple of so many samples. Matroska rounds time stamps to milliseconds."""

MAX_PHASES = 1024
"""The number of filters of FFmpeg's resampler. For a rate that needs more, such as 44,101 Hz, it interpolates
between them, and then a sample in half a million depends on where it began (measured)."""

MAX_CHANNELS = 2
"""With more, `_silence` would write to planes that PyAV 18.1 counts wrongly."""


Place: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True)
class _First:
    """The properties of the first frame of the file."""

    kind: tuple[str, str, int]
    channels: int
    pts: int
    samples: int


class SeekingDecoder(PyavDecoder):
    """A decoder that can seek to any second, if its file is `cuttable`.

    `start` is the index of the first 16 kHz sample of `chunks`; `place` identifies the sample given to
    `watch`, None before it was decoded.
    """

    def __init__(self, path: Path, stream_index: int | None = None) -> None:
        super().__init__(path, stream_index)
        self.start = 0
        self.place: Place | None = None
        self._watched = 0
        self._taken: int | None = 0  # samples, as they are in the file, before the next frame
        self._latest = range(0)  # the samples of the latest frame
        self._packet: Packet[AudioStream] | None = None
        self._first: _First | None = None
        self._changed = False

    @property
    def cuttable(self) -> bool:
        info = self.info
        codecs = [codecs for name, codecs in CUTTABLE.items() if info.container.startswith(name)]
        known = any(info.codec.startswith(codec) for codec in sum(codecs, ()))
        exact = info.sample_rate_hz > 0 and SAMPLE_RATE_HZ // _common_hz(info.sample_rate_hz) <= MAX_PHASES
        return known and exact and 0 < info.channels <= MAX_CHANNELS

    @property
    def fades(self) -> bool:
        """Whether the codec's state decays, rather than ends after a number of packets."""
        return self.info.codec in PREROLL_S

    def watch(self, sample: int) -> None:
        """Set the sample, not yet yielded, whose `place` is to be noted."""
        self._watched = sample * self.info.sample_rate_hz // SAMPLE_RATE_HZ
        self.place = None
        self._note_place()

    def jump(self, second: int) -> None:
        """Make `chunks`, called again, begin before a second, early enough to be exact from there.

        Raises NoUsableSound when the file cannot be sought.
        """
        preroll_s = PREROLL_S.get(self.info.codec, SHORT_PREROLL_S)
        if self._first is None:
            next(self._frames())
        if self._first is None or self._stream.time_base is None:
            raise NoUsableSound(path=self.info.path)
        pts = self._first.pts + int(max(0, second - preroll_s) / self._stream.time_base)
        try:
            self._container.seek(pts, stream=self._stream)
        except FAULTS as exc:
            raise NoUsableSound(path=self.info.path) from exc
        self._resampler.restart(self._first.channels)
        self._taken = None

    def _decode(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        self._packet = packet or self._packet
        return super()._decode(packet)

    def _frames(self) -> Iterator[AudioFrame | None]:
        for frame in super()._frames():
            if frame is not None:
                yield from self._count(frame)
            yield frame

    def _count(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """Count the samples; after a jump, yield the silence that sets the phase of the resampler."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._first is None:
            self._first = _First(kind, frame.layout.nb_channels, frame.pts or 0, frame.samples)
        self._changed = self._changed or kind != self._first.kind
        if self._taken is None:
            self._taken = self._position(frame)
            period = frame.sample_rate // _common_hz(frame.sample_rate)
            missing = self._taken % period
            self.start = (self._taken - missing) * SAMPLE_RATE_HZ // frame.sample_rate
            if missing:
                yield _silence(frame, missing)
        self._latest = range(self._taken, self._taken + frame.samples)
        self._taken += frame.samples
        self._note_place()

    def _position(self, frame: AudioFrame) -> int:
        """Return the number of samples of the file before a frame, by its time stamp."""
        first, time_base = self._first, self._stream.time_base
        if frame.pts is None or first is None or time_base is None:
            raise NoUsableSound(path=self.info.path)
        position = round((frame.pts - first.pts) * time_base * frame.sample_rate)
        grid = FRAME_GRID.get(self.info.codec)
        if not grid or not position:
            return position
        return first.samples + round((position - first.samples) / grid) * grid

    def _note_place(self) -> None:
        packet = self._packet
        if packet is not None and self._watched in self._latest and not self._changed:
            self.place = (self._latest.start, packet.pts, packet.pos, packet.size)


def _common_hz(rate_hz: int) -> int:
    return math.gcd(rate_hz, SAMPLE_RATE_HZ)


def _silence(like: AudioFrame, samples: int) -> AudioFrame:
    """Return a silent frame of the same kind, in place of the sound before a cut."""
    frame = AudioFrame(format=like.format.name, layout=like.layout.name, samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = like.sample_rate
    return frame
