"""Decodes with PyAV, which has its own FFmpeg; nearly every file is read this way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from sensevoice import headerless
from sensevoice.audio import sniff
from sensevoice.audio.clock import Placed
from sensevoice.audio.decoding.container import FAULTS, open_container
from sensevoice.audio.decoding.resampler import TimedResampler
from sensevoice.audio.decoding.track import choose_stream, open_clock, read_info, start_us_of
from sensevoice.audio.info import SAMPLE_RATE_HZ, Samples
from sensevoice.errors import CopyProtected, MediaError, NotMedia, NoUsableSound, UnusualAudio

MAX_BAD_PACKETS = 2_000
"""Give up after so many: a file with about 45 s of unreadable AAC or MP3 frames is not a recording."""

MAX_READ_AGAIN = 2
"""Packets of a track are parts of its file, so together they are no larger, but for what a container adds to
each. An index that names the same bytes again and again makes hours of sound of 81 kB."""

FREE_PACKET_BYTES = 1 << 16
"""Small files need some room for what is added."""

MAX_DEMUX_FAULTS = 8
"""Consecutive faults without a packet between them; a demuxer that has lost its position never ends."""

ID3_HEADER_BYTES = 10


class PyavDecoder:
    """See `Decoder`. Raises NotMedia, UnfinishedRecording, NoAudioTrack or UnsupportedCodec.

    `path` is an absolute real path: PyAV takes names such as "http:x.wav" for addresses.
    `stream_index` counts the audio tracks from 0; None takes the one that the container marks as the
    default, else the first, of those that can be decoded (phones put a spatial track, which FFmpeg cannot
    decode, beside the plain one). `raw_format` says what .raw files are, `rate_hz` at how many samples a
    second the sound is wanted.
    """

    def __init__(
        self,
        path: Path,
        stream_index: int | None = None,
        raw_format: str = "",
        rate_hz: int = SAMPLE_RATE_HZ,
    ) -> None:
        self.bad_packets = 0
        self.gave_up = False
        self._packet_bytes = 0
        self._unsupported = False
        raw = headerless.raw_format(path, raw_format)
        self._container = open_container(path, raw)
        try:
            if sniff.is_protected(path):
                raise CopyProtected(path=path)
            self._stream = choose_stream(self._container, path, stream_index)
            start_us = start_us_of(self._container, path, raw)
            self.info = read_info(self._container, self._stream, path, start_us)
        except MediaError:
            self.close()
            raise
        except FAULTS as exc:
            self.close()
            raise NotMedia(path=path) from exc
        self._clock = open_clock(self._container, self._stream, path, start_us)
        self._resampler = TimedResampler(rate_hz)
        self._tags = _Tags()

    def close(self) -> None:
        self._container.close()

    @property
    def clock_breaks(self) -> int:
        """Time stamps so far that could not be true; from each on, samples were counted."""
        return self._clock.breaks

    def chunks(self) -> Iterator[Samples]:
        any_sound = False
        for frame in self._frames():
            for chunk in self._resample(frame):
                any_sound = True
                yield chunk
        if not any_sound:
            raise self._nothing_readable()

    def _nothing_readable(self) -> MediaError:
        if self._unsupported:
            result = f"{self.info.codec}, {self.info.sample_rate_hz} Hz, {self.info.channels} ch"
            return UnusualAudio(path=self.info.path, found=result)
        return NoUsableSound(path=self.info.path)

    def _resample(self, frame: AudioFrame | None) -> list[Samples]:
        try:
            return self._resampler.push(frame, None if frame is None else self._place(frame))
        except FAULTS:
            self.bad_packets += 1
            self._unsupported = True
            return []

    def _place(self, frame: AudioFrame) -> Placed:
        return self._clock.place(frame.pts, frame.samples, frame.sample_rate)

    def _frames(self) -> Iterator[AudioFrame | None]:
        """Yield the frames of the packets that can be decoded, then None."""
        for packet in self._packets():
            if self.bad_packets >= MAX_BAD_PACKETS:
                self.gave_up = True
                break
            try:
                yield from self._decode(packet)
            except FAULTS:
                self.bad_packets += not self._tags.holds(packet)
        yield None

    def _decode(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        return self._stream.codec_context.decode(packet)

    def _packets(self) -> Iterator[Packet[AudioStream] | None]:
        """Yield the packets of the track, then None, which flushes the decoder."""
        faults = 0
        most_bytes = MAX_READ_AGAIN * self.info.path.stat().st_size + FREE_PACKET_BYTES
        while faults < MAX_DEMUX_FAULTS and self._packet_bytes <= most_bytes:
            try:
                for packet in self._container.demux(self._stream):
                    faults = 0
                    self._packet_bytes += packet.size
                    if self._packet_bytes > most_bytes:
                        break
                    yield packet
                else:
                    return
            except FAULTS:
                self.bad_packets += faults == 0
                faults += 1
        self.gave_up = True
        yield None


class _Tags:
    """Recognises the tags between MP3s that were put together; they hold no sound and are no damage."""

    def __init__(self) -> None:
        self._end = 0

    def holds(self, packet: Packet[AudioStream] | None) -> bool:
        if packet is None or packet.pos is None:
            return False
        head = bytes(packet)[:ID3_HEADER_BYTES] if packet.pos >= self._end else b""
        if head.startswith(b"ID3") and len(head) == ID3_HEADER_BYTES:
            # Its length has seven bits a byte (ID3v2.4, section 3.1).
            size = sum(part << shift for part, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            self._end = packet.pos + ID3_HEADER_BYTES + size
        return packet.pos < self._end or head.startswith((b"TAG", b"APETAGEX"))
