"""The track of a file that is decoded, what the file says of it, and where its clock begins."""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from sensevoice.audio import sniff
from sensevoice.audio.clock import Limits, StreamClock
from sensevoice.audio.decoding.container import FAULTS, open_container
from sensevoice.audio.info import MAX_CHANNELS, RATES_HZ, AudioInfo, longest_ms, plausible_duration_ms
from sensevoice.audio.media import is_cover, is_default, media_of
from sensevoice.errors import NoAudioTrack, NoSuchTrack, UnsupportedCodec, UnusualAudio
from sensevoice.headerless import RawFormat

log = logging.getLogger(__name__)

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

MAX_FIRST_PACKETS = 1_000
"""Among so many is the first of every track: muxers interleave them by less than a few seconds."""


def choose_stream(container: InputContainer, path: Path, stream_index: int | None) -> AudioStream:
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


def read_info(container: InputContainer, stream: AudioStream, path: Path, start_us: int | None) -> AudioInfo:
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


def open_clock(
    container: InputContainer, stream: AudioStream, path: Path, start_us: int | None
) -> StreamClock:
    file_bytes = path.stat().st_size
    stated_s = None if container.format.name in UNSTATED_LENGTH else container.duration
    stated_ms = plausible_duration_ms(stated_s / av.time_base if stated_s else None, file_bytes)
    limits = Limits(stated_ms, longest_ms(file_bytes), container.format.name not in UNSTAMPED)
    base = stream.time_base
    ticks = (base.numerator, base.denominator) if base else (1, av.time_base)
    return StreamClock(start_us, ticks, limits)
