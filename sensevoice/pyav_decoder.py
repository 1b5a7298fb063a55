"""Decoding with PyAV, which carries its own FFmpeg: the way nearly every file is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard

from sensevoice import sniff
from sensevoice.audio_info import (
    CONTAINERS,
    MAX_CHANNELS,
    PROTOCOLS,
    RATES_HZ,
    SAMPLE_RATE_HZ,
    AudioInfo,
    Samples,
    plausible_duration_ms,
)
from sensevoice.errors import (
    CopyProtected,
    MediaError,
    MissingDependency,
    NoAudioTrack,
    NotMedia,
    NoUsableSound,
    UnfinishedRecording,
    UnsupportedCodec,
    UnusualAudio,
)

FAULTS = (av.FFmpegError, ValueError, IndexError, MemoryError)
"""What PyAV raises for damaged input. The types mislead (a damaged MP4 raises PermissionError, a cut
Matroska OSError, a cut Ogg EOFError), so the stage that failed decides what is reported."""

MAX_BAD_PACKETS = 2_000
"""Give up after so many: about 45 s of AAC or MP3 frames that cannot be read is not a recording."""

MAX_READ_AGAIN = 2
"""Packets of a track are parts of its file, so together they are no larger, but for what a container adds to
each. An index that names the same bytes again and again makes hours of sound of 81 kB."""

FREE_PACKET_BYTES = 1 << 16
"""Small files need some room for what is added."""

MAX_DEMUX_FAULTS = 8
"""Faults in a row without a packet between them; a demuxer that has lost its place never ends them."""

MIN_FFMPEG = (8, 1, 2)
"""The first without CVE-2026-8461 and the faults fixed with it."""

WAV_PACKET_BYTES = 1 << 16
"""FFmpeg's own choice is a fifteenth of a second, and what a packet costs in Python is then nearly all: an
hour at 16 kHz took 2.2 s, and takes 0.13 s."""

IO_TIMEOUT_S = 30.0
"""For opening, and for every read: a network drive may go away."""


class PyavDecoder:
    """See `Decoder`. Raises NotMedia, UnfinishedRecording, NoAudioTrack or UnsupportedCodec.

    `path` is an absolute real path: PyAV takes names such as "http:x.wav" for addresses.
    `stream_index` counts the audio tracks from 0; None takes the first that can be decoded (phones put
    a spatial track, which FFmpeg cannot decode, beside the plain one).
    """

    def __init__(self, path: Path, stream_index: int | None = None) -> None:
        self.bad_packets = 0
        self.gave_up = False
        self._unsupported = False
        self._container = _open_container(path)
        try:
            if sniff.is_protected(path):
                raise CopyProtected(path=path)
            self._stream = _choose_stream(self._container, path, stream_index)
            self.info = _read_info(self._container, self._stream, path)
        except MediaError:
            self.close()
            raise
        except FAULTS as exc:
            self.close()
            raise NotMedia(path=path) from exc
        self._resampler = _Resampler()

    def close(self) -> None:
        self._container.close()

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
            found = f"{self.info.codec}, {self.info.sample_rate_hz} Hz, {self.info.channels} ch"
            return UnusualAudio(path=self.info.path, found=found)
        return NoUsableSound(path=self.info.path)

    def _resample(self, frame: AudioFrame | None) -> list[Samples]:
        try:
            return self._resampler.push(frame)
        except FAULTS:
            self.bad_packets += 1
            self._unsupported = True
            return []

    def _frames(self) -> Iterator[AudioFrame | None]:
        """Yield the frames of the packets that can be decoded, then None."""
        for packet in self._packets():
            if self.bad_packets >= MAX_BAD_PACKETS:
                self.gave_up = True
                break
            try:
                yield from self._decode(packet)
            except FAULTS:
                self.bad_packets += 1
        yield None

    def _decode(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        return self._stream.codec_context.decode(packet)

    def _packets(self) -> Iterator[Packet[AudioStream] | None]:
        """Yield the packets of the track, the last one empty: it makes the decoder hand out its rest."""
        faults = packet_bytes = 0
        most_bytes = MAX_READ_AGAIN * self.info.path.stat().st_size + FREE_PACKET_BYTES
        while faults < MAX_DEMUX_FAULTS and packet_bytes <= most_bytes:
            try:
                for packet in self._container.demux(self._stream):
                    faults = 0
                    packet_bytes += packet.size
                    if packet_bytes > most_bytes:
                        break
                    yield packet
                else:
                    return
            except FAULTS:
                self.bad_packets += faults == 0
                faults += 1
        self.gave_up = True
        yield None


class _Resampler:
    """Frames of any kind → (1 or 2, n) float32 at 16 kHz; the first frame decides on 1 or 2 channels.

    Only the packed output of FFmpeg's resampler is read. The planes of a decoder's frame are never
    touched: PyAV 18.1 runs past their end for eight or more planar channels, which ends the process.
    """

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._source: tuple[str, str, int] | None = None
        self._channels = 0

    def push(self, frame: AudioFrame | None) -> list[Samples]:
        """Return what comes out when `frame` goes in; None at the end asks for the rest."""
        rest: list[Samples] = []
        if frame is not None:
            frame.pts = None  # time stamps may be broken; no sound is to be dropped or repeated for them
            source = (frame.format.name, frame.layout.name, frame.sample_rate)
            if source != self._source:
                rest = self._pull(None)
                self._rebuild(frame)
                self._source = source
        return rest + self._pull(frame)

    def restart(self, channels: int) -> None:
        """Forget all that went in; go on as if the first frame had had so many channels."""
        self._resampler = self._source = None
        self._channels = min(channels, 2)

    def _rebuild(self, frame: AudioFrame) -> None:
        self._resampler = self._source = None
        if frame.sample_rate not in RATES_HZ:
            raise ValueError(f"a rate of {frame.sample_rate} Hz")
        self._channels = self._channels or min(frame.layout.nb_channels, 2)
        layout = "mono" if self._channels == 1 else "stereo"
        self._resampler = AudioResampler("flt", layout, SAMPLE_RATE_HZ)

    def _pull(self, frame: AudioFrame | None) -> list[Samples]:
        if self._resampler is None:
            return []
        return [self._samples(out) for out in self._resampler.resample(frame) if out.samples]

    def _samples(self, frame: AudioFrame) -> Samples:
        packed = frame.to_ndarray().astype(np.float32, copy=False)
        return packed.reshape(-1, self._channels).T


def _open_container(path: Path) -> InputContainer:
    try:
        return av.open(
            str(path),
            metadata_errors="replace",  # tags in GBK or worse must not matter
            options={
                "protocol_whitelist": PROTOCOLS,
                "format_whitelist": CONTAINERS,
                "codec_whitelist": audio_codecs(),
                "max_size": str(WAV_PACKET_BYTES),  # the demuxer of WAV alone knows it
            },
            timeout=(IO_TIMEOUT_S, IO_TIMEOUT_S),
        )
    except FAULTS as exc:
        error = UnfinishedRecording if sniff.lacks_index(path) else NotMedia
        raise error(path=path) from exc


@cache
def audio_codecs() -> str:
    """Return the names of all audio decoders: no other kind is started, not even to look at a stream.

    Faults of picture decoders (CVE-2026-8461) are then out of reach.
    """
    names = [name for name in av.codecs_available if _decodes_audio(name)]
    return ",".join(sorted(names))


def _decodes_audio(name: str) -> bool:
    try:
        return av.Codec(name, "r").type == "audio"
    except UnknownCodecError:  # an encoder only
        return False


def check_version() -> None:
    """Raise MissingDependency unless PyAV carries an FFmpeg without known faults that a file can reach."""
    found = re.findall(r"\d+", av.ffmpeg_version_info)
    if tuple(map(int, found[:3])) < MIN_FFMPEG:
        wanted = ".".join(map(str, MIN_FFMPEG))
        raise MissingDependency(reason=f"FFmpeg {av.ffmpeg_version_info} < {wanted} (pip install -U av)")


def _choose_stream(container: InputContainer, path: Path, stream_index: int | None) -> AudioStream:
    tracks = list(container.streams.audio)
    if stream_index is not None:
        tracks = tracks[stream_index : stream_index + 1] if stream_index >= 0 else []
    if not tracks:
        raise NoAudioTrack(path=path)
    for track in tracks:
        if track.codec_context is not None:
            _skip_other_streams(container, track)
            return track
    raise UnsupportedCodec(path=path, codec="unknown")  # PyAV tells no name without a decoder


def _skip_other_streams(container: InputContainer, chosen: AudioStream) -> None:
    """Let the demuxer pass over the pictures instead of reading them."""
    for stream in container.streams:
        if stream.index != chosen.index:
            stream.discard = Discard.all


def _read_info(container: InputContainer, stream: AudioStream, path: Path) -> AudioInfo:
    codec = stream.codec_context
    if (codec.sample_rate and codec.sample_rate not in RATES_HZ) or codec.channels > MAX_CHANNELS:
        raise UnusualAudio(path=path, found=f"{codec.sample_rate} Hz, {codec.channels} ch")
    duration_s = container.duration / av.time_base if container.duration else None
    if stream.duration and stream.time_base:
        duration_s = float(stream.duration * stream.time_base)
    return AudioInfo(
        path=path,
        container=container.format.name,
        codec=codec.name,
        sample_rate_hz=codec.sample_rate,
        channels=codec.channels,
        duration_ms=plausible_duration_ms(duration_s, path.stat().st_size),
    )
