"""Decodes with PyAV, which has its own FFmpeg; nearly every file is read this way."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard

from sensevoice import headerless
from sensevoice.audio import sniff
from sensevoice.audio.clock import Limits, Placed, StreamClock
from sensevoice.audio.decoding.resampler import TimedResampler
from sensevoice.audio.decoding.vox import wav_around
from sensevoice.audio.info import (
    CONTAINERS,
    MAX_CHANNELS,
    PROTOCOLS,
    RATES_HZ,
    SAMPLE_RATE_HZ,
    AudioInfo,
    Samples,
    longest_ms,
    plausible_duration_ms,
)
from sensevoice.audio.media import is_cover, is_default, media_of
from sensevoice.errors import (
    CopyProtected,
    MediaError,
    MissingDependency,
    NoAudioTrack,
    NoSuchTrack,
    NotMedia,
    NoUsableSound,
    UnfinishedRecording,
    UnsupportedCodec,
    UnusualAudio,
)
from sensevoice.headerless import VOX, RawFormat

log = logging.getLogger(__name__)

FAULTS = (av.FFmpegError, ValueError, IndexError, MemoryError)
"""What PyAV raises for damaged input. The types are misleading (a damaged MP4 raises PermissionError, a
truncated Matroska OSError, a truncated Ogg EOFError), so the stage that failed decides what is reported."""

MAX_BAD_PACKETS = 2_000
"""Give up after so many: a file with about 45 s of unreadable AAC or MP3 frames is not a recording."""

MAX_READ_AGAIN = 2
"""Packets of a track are parts of its file, so together they are no larger, but for what a container adds to
each. An index that names the same bytes again and again makes hours of sound of 81 kB."""

FREE_PACKET_BYTES = 1 << 16
"""Small files need some room for what is added."""

MAX_DEMUX_FAULTS = 8
"""Consecutive faults without a packet between them; a demuxer that has lost its position never ends."""

MIN_FFMPEG = (8, 1, 2)
"""The first without CVE-2026-8461 and the bugs fixed with it."""

WAV_PACKET_BYTES = 1 << 16
"""FFmpeg's default is a fifteenth of a second, and then the overhead per packet in Python dominates: an hour
at 16 kHz took 2.2 s, and takes 0.13 s."""

UNSTATED_LENGTH = ("mpegts", "mpeg")
"""Of these FFmpeg takes the length from the last stamps, which then cannot bear out a jump of the stamps."""

UNSTAMPED = (
    "mp3",
    "aac",
    "ac3",
    "eac3",
    "dts",
    "amr",
    "amrnb",
    "amrwb",
    "gsm",
    "g722",
    "g729",
    "loas",
)
"""FFmpeg's names of containers that are nothing but frames; it makes up stamps from their first rate."""

ID3_HEADER_BYTES = 10

MAX_FIRST_PACKETS = 1_000
"""Among so many is the first of every track: muxers interleave them by less than a few seconds."""

IO_TIMEOUT_S = 30.0
"""For opening, and for every read: a network drive may become unreachable."""


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
            self._stream = _choose_stream(self._container, path, stream_index)
            start_us = start_us_of(self._container, path, raw)
            self.info = _read_info(self._container, self._stream, path, start_us)
        except MediaError:
            self.close()
            raise
        except FAULTS as exc:
            self.close()
            raise NotMedia(path=path) from exc
        self._clock = _open_clock(self._container, self._stream, path, start_us)
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


def open_container(path: Path, raw: RawFormat | None, codecs: str = "") -> InputContainer:
    """Open a file with the decoders of these names, all those of sound by default. Raises MediaError."""
    # A length in the header that is too small, as of 4 GB and more, must not end the reading.
    whole = {"ignore_length": "1"} if sniff.wav_header_percent(path) is not None else {}
    source: str | BinaryIO = str(path)
    if raw is not None and raw.demuxer == VOX:
        source, raw = wav_around(path), None
    elif raw is not None:
        layout = {1: "mono", 2: "stereo"}.get(raw.channels, f"{raw.channels}c")
        whole |= {"sample_rate": str(raw.rate_hz), "ch_layout": layout}
    try:
        return av.open(
            source,
            mode="r",
            format=raw.demuxer if raw else None,
            metadata_errors="replace",  # tags in GBK or worse must not matter
            options={
                "protocol_whitelist": PROTOCOLS,
                "format_whitelist": CONTAINERS + (f",{raw.demuxer}" if raw else ""),
                "codec_whitelist": codecs or audio_codecs(),
                "max_size": str(WAV_PACKET_BYTES),  # the demuxer of WAV alone knows it
                **whole,
            },
            timeout=(IO_TIMEOUT_S, IO_TIMEOUT_S),
        )
    except FAULTS as exc:
        error = UnfinishedRecording if sniff.lacks_index(path) else NotMedia
        raise error(path=path) from exc


@cache
def audio_codecs() -> str:
    """Return the names of all audio decoders: no others are opened, not even for probing a stream.

    Bugs of video decoders (CVE-2026-8461) are then unreachable.
    """
    names = [name for name in av.codecs_available if _decodes_audio(name)]
    return ",".join(sorted(names))


def _decodes_audio(name: str) -> bool:
    try:
        return av.Codec(name, "r").type == "audio"
    except UnknownCodecError:  # an encoder only
        return False


def check_version() -> None:
    """Raise MissingDependency if PyAV's FFmpeg has known bugs that a file can exploit."""
    result = re.findall(r"\d+", av.ffmpeg_version_info)
    if tuple(map(int, result[:3])) < MIN_FFMPEG:
        wanted = ".".join(map(str, MIN_FFMPEG))
        raise MissingDependency(reason=f"FFmpeg {av.ffmpeg_version_info} < {wanted} (pip install -U av)")


def _choose_stream(container: InputContainer, path: Path, stream_index: int | None) -> AudioStream:
    tracks = list(container.streams.audio)
    if not tracks:
        raise NoAudioTrack(path=path)
    if stream_index is None:
        tracks.sort(
            key=lambda track: not is_default(track)
        )  # the first of those that are marked, else of all
    elif 0 <= stream_index < len(tracks):
        tracks = [tracks[stream_index]]
    else:
        raise NoSuchTrack(path=path, track=stream_index + 1, count=len(tracks))
    for track in tracks:
        if track.codec_context is not None:
            _skip_other_streams(container, track)
            return track
    raise UnsupportedCodec(path=path, codec="unknown")  # without a decoder PyAV gives no name


def _skip_other_streams(container: InputContainer, chosen: AudioStream) -> None:
    """Make the demuxer skip the packets of all other streams."""
    for stream in container.streams:
        if stream.index != chosen.index:
            stream.discard = Discard.all


def start_us_of(container: InputContainer, path: Path, raw: RawFormat | None) -> int | None:
    """Return where the file begins: the earliest stamp of its tracks, which players count from.

    Without decoders for pictures, what FFmpeg says of their begin is not to be relied on (H.264 in
    Matroska: a start half a second late); their first packets tell.
    """
    pictures = [each for each in container.streams.video if not is_cover(each)]
    if not pictures:
        return container.start_time
    sounds = [each for each in container.streams.audio if each.start_time is not None and each.time_base]
    late = [each for each in container.streams.audio if each.start_time is None]  # than FFmpeg looks ahead
    unknown = [each.index for each in (*pictures, *late)]
    stamps = [round((each.start_time or 0) * (each.time_base or 0) * av.time_base) for each in sounds]
    with open_container(path, raw) as again:
        try:
            for packet in islice(again.demux(), MAX_FIRST_PACKETS):
                if packet.stream.index in unknown and packet.pts is not None and packet.time_base:
                    stamps.append(round(packet.pts * packet.time_base * av.time_base))
                    unknown.remove(packet.stream.index)
                if not unknown:
                    break
        except FAULTS as exc:
            log.debug("no first stamp of a picture: %s", exc)
    return min(stamps, default=container.start_time)


def _read_info(container: InputContainer, stream: AudioStream, path: Path, start_us: int | None) -> AudioInfo:
    codec = stream.codec_context
    if (codec.sample_rate and codec.sample_rate not in RATES_HZ) or codec.channels > MAX_CHANNELS:
        raise UnusualAudio(path=path, found=f"{codec.sample_rate} Hz, {codec.channels} ch")
    file_bytes = path.stat().st_size
    percent = sniff.wav_header_percent(path)
    end_s = _end_s(container, stream, (start_us or 0) / av.time_base)
    if end_s and percent is not None:
        end_s *= 100 / percent
    return AudioInfo(
        path, media_of(container, stream), plausible_duration_ms(end_s, file_bytes), header_percent=percent
    )


def _end_s(container: InputContainer, stream: AudioStream, start_s: float) -> float | None:
    """Return when the track ends on the record's clock, by what the file says."""
    if stream.duration and stream.time_base:
        first_s = float(stream.start_time * stream.time_base) if stream.start_time is not None else start_s
        return first_s - start_s + float(stream.duration * stream.time_base)
    if not container.duration:
        return None
    # Matroska counts its length from 0, not from its first stamp (RFC 9559, section 5.1.2.9).
    before_s = max(0.0, start_s) if container.format.name.startswith("matroska") else 0.0
    return container.duration / av.time_base - before_s


def _open_clock(
    container: InputContainer, stream: AudioStream, path: Path, start_us: int | None
) -> StreamClock:
    file_bytes = path.stat().st_size
    stated_s = None if container.format.name in UNSTATED_LENGTH else container.duration
    stated_ms = plausible_duration_ms(stated_s / av.time_base if stated_s else None, file_bytes)
    limits = Limits(stated_ms, longest_ms(file_bytes), container.format.name not in UNSTAMPED)
    base = stream.time_base
    ticks = (base.numerator, base.denominator) if base else (1, av.time_base)
    return StreamClock(start_us, ticks, limits)
