"""Decoding from the middle of a file, with exactly the samples that one pass from its start gives there.

A decoder and a resampler that start in the middle need some sound before they give what they would have
given. Which sample comes out first is told by the time stamp of the packet that was found; `place` says
enough about a sample for two decoders to find out whether they mean the same.
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
"""FFmpeg's names of containers whose seeks are exact, and in them of codecs that forget: what comes out
depends on the last packets alone. Left out are AAC (FFmpeg fills bands with noise from a generator that
is never set back: measured, other samples to the end of the file), PCM (two processes took longer than
one: it is little but reading), and whatever was not measured."""

PREROLL_S = {"opus": 3}
"""Its predictors fade: at most 1.6 s passed until the samples were the same, mostly 0.6."""

SHORT_PREROLL_S = 1
"""For the others: 0.14 s at most, of which the resampler takes 0.01; an MP3 frame may need 0.5 s."""

FRAME_GRID = {"opus": 120}
"""All its frames are so many samples or a multiple. Matroska rounds time stamps to milliseconds."""

MAX_PHASES = 1024
"""For so many FFmpeg's resampler has filters. For a rate that needs more, such as 44,101 Hz, it interpolates
between them, and then a sample in half a million depends on where it began (measured)."""

MAX_CHANNELS = 2
"""With more, `silence` would touch planes that PyAV 18.1 counts wrongly."""


Place: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True)
class _First:
    """What the first frame of the file is like."""

    kind: tuple[str, str, int]
    channels: int
    pts: int
    samples: int


class SeekingDecoder(PyavDecoder):
    """A decoder that can be sent to any second of the sound, if its file is `cuttable`.

    `start` is the number of the first 16 kHz sample that `chunks` gives; `place` tells where in the file
    the sample is that `watch` named, None before it has come.
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
        """Whether the codec forgets by and by, not after so many packets."""
        return self.info.codec in PREROLL_S

    def watch(self, sample: int) -> None:
        """Note the place of the frame that holds a sample, which has not been given out yet."""
        self._watched = sample * self.info.sample_rate_hz // SAMPLE_RATE_HZ
        self.place = None
        self._note_place()

    def jump(self, second: int) -> None:
        """Let `chunks`, called again, begin long enough before a second to be right when it comes.

        Raises NoUsableSound when there is no way to it.
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
        """Keep count of the samples; after a jump, yield what sets the resampler to its phase."""
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
        """Return how many samples of the file come before a frame, by its time stamp."""
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
    """Return a silent frame of the same kind; it takes the place of the sound before a cut."""
    frame = AudioFrame(format=like.format.name, layout=like.layout.name, samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = like.sample_rate
    return frame
