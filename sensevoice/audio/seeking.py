"""Decoding from the middle of a file, with exactly the samples that one pass from its start gives there.

A decoder and a resampler that start in the middle need some sound before they give what they would have
given. Which sample comes out first is told by the time stamp of the packet that was found; `place` says
enough about a sample for two decoders to find out whether they mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from sensevoice.audio.clock import Placed
from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.audio.pyav import FAULTS, PyavDecoder
from sensevoice.audio.resampler import common_hz
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
"""With more, a resampler cannot be set to the phase of one pass, see TimedResampler."""


Place: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True)
class _First:
    """What the first frame of the file is like, and where it ends, in samples at its rate."""

    kind: tuple[str, str, int]
    channels: int
    end: int


class SeekingDecoder(PyavDecoder):
    """A decoder that can be sent to any second of the sound, if its file is `cuttable`.

    `place` tells where in the file the sample is that `watch` named, None before it has come.
    """

    def __init__(self, path: Path, stream_index: int | None = None) -> None:
        super().__init__(path, stream_index)
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
