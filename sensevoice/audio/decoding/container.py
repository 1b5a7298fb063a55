"""Opens files with PyAV's FFmpeg: which protocols, containers and decoders it may use."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import BinaryIO

import av
from av.codec.codec import UnknownCodecError
from av.container import InputContainer

from sensevoice.audio import sniff
from sensevoice.audio.decoding.vox import wav_around
from sensevoice.audio.info import CONTAINERS, PROTOCOLS
from sensevoice.errors import MissingDependency, NotMedia, UnfinishedRecording
from sensevoice.headerless import VOX, RawFormat

FAULTS = (av.FFmpegError, ValueError, IndexError, MemoryError)
"""What PyAV raises for damaged input. The types are misleading (a damaged MP4 raises PermissionError, a
truncated Matroska OSError, a truncated Ogg EOFError), so the stage that failed decides what is reported."""

MIN_FFMPEG = (8, 1, 2)
"""The first without CVE-2026-8461 and the bugs fixed with it."""

WAV_PACKET_BYTES = 1 << 16
"""FFmpeg's default is a fifteenth of a second, and then the overhead per packet in Python dominates: an hour
at 16 kHz took 2.2 s, and takes 0.13 s."""

IO_TIMEOUT_S = 30.0
"""For opening, and for every read: a network drive may become unreachable."""


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
