"""Decodes from the middle of a file, to exactly the samples of one pass from its start.

A decoder and a resampler that start in the middle need some preroll until their output is the same. The
first sample is known from the time stamp of the packet that the seek found; `place` identifies a sample, so
that two decoders can check that they are at the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from sensevoice.audio.clock import Placed
from sensevoice.audio.decoding.container import FAULTS
from sensevoice.audio.decoding.pyav import PyavDecoder
from sensevoice.audio.decoding.resampler import common_hz
from sensevoice.audio.info import SAMPLE_RATE_HZ
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
"""With more, a resampler cannot be set to the phase of one pass, see TimedResampler."""


Place: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True)
class _First:
    """What the first frame of the file is like, and where it ends, in samples at its rate."""

    kind: tuple[str, str, int]
    channels: int
    end: int


class SeekingDecoder(PyavDecoder):
    """A decoder that can seek to any second, if its file is `cuttable`.

    `place` tells where in the file the sample is that `watch` named, None before it has come.
    """

    def __init__(self, path: Path, stream_index: int | None = None, raw_format: str = "") -> None:
        super().__init__(path, stream_index, raw_format)
        self.place: Place | None = None
        self._watched = 0
        self._latest = range(0)  # the samples of the latest frame
        self._packet: Packet[AudioStream] | None = None
        self._first: _First | None = None
        self._changed = False

    @property
    def start(self) -> int:
        """The number of the first 16 kHz sample that comes after a jump, once it has come."""
        return self._resampler.start

    @property
    def cuttable(self) -> bool:
        info = self.info
        codecs = [codecs for name, codecs in CUTTABLE.items() if info.container.startswith(name)]
        known = any(info.codec.startswith(codec) for codec in sum(codecs, ()))
        exact = info.sample_rate_hz > 0 and SAMPLE_RATE_HZ // common_hz(info.sample_rate_hz) <= MAX_PHASES
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
            self._place_first()
        if self._first is None:
            raise NoUsableSound(path=self.info.path)
        try:
            self._container.seek(self._clock.pts_at(max(0, second - preroll_s)), stream=self._stream)
        except FAULTS as exc:
            raise NoUsableSound(path=self.info.path) from exc
        self._resampler.jump(self._first.channels)
        self._clock.jump()

    def _place_first(self) -> None:
        frame = next(self._frames())
        if frame is not None:
            self._place(frame)

    def _decode(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        self._packet = packet or self._packet
        return super()._decode(packet)

    def _place(self, frame: AudioFrame) -> Placed:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        placed = self._place_after_jump(frame) if self._clock.at is None else super()._place(frame)
        if self._first is None:
            self._first = _First(kind, frame.layout.nb_channels, placed.start + frame.samples)
        self._changed = self._changed or kind != self._first.kind
        self._latest = range(placed.start, placed.start + frame.samples)
        self._note_place()
        return placed

    def _place_after_jump(self, frame: AudioFrame) -> Placed:
        """Place a frame by its stamp, to the sample where its codec has a grid."""
        if frame.pts is None or self._first is None:
            raise NoUsableSound(path=self.info.path)
        placed = super()._place(frame)
        grid = FRAME_GRID.get(self.info.codec)
        if not grid or not placed.start:
            return placed
        start = self._first.end + round((placed.start - self._first.end) / grid) * grid
        self._clock.at = start + frame.samples
        return Placed(start, placed.follows)

    def _note_place(self) -> None:
        packet = self._packet
        if packet is not None and self._watched in self._latest and not self._changed:
            shift_ms = self._clock.shift_ms
            self.place = (self._latest.start, packet.pts, packet.pos, packet.size, shift_ms)
