"""What all decoders share: the sample rate, a file's own claims, and what may be opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from sensevoice.transcript import Media

Samples: TypeAlias = npt.NDArray[np.float32]

SAMPLE_RATE_HZ = 16_000
"""The rate at which SenseVoice and its voice activity detector were trained."""

SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000

RATES_HZ = range(4_000, 768_001)
"""Rates of real recordings, up to the highest of DSD converters. With others a few bytes of input become
minutes of output."""

MAX_CHANNELS = 64
"""Ambisonic recorders have so many; a header that claims more is damaged or forged."""

PROTOCOLS = "file"
"""Files must not make FFmpeg fetch anything from the network."""

CONTAINERS = (
    "wav,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,flac,aac,asf,avi,mpegts,mpeg,flv,amr,aiff,au,caf,"
    "w64,ac3,eac3,dts,ape,wv,tta,tak,mpc,mpc8,dsf,rm,mxf,nut,wtv,dv,nistsphere,voc"
)
"""FFmpeg's demuxers for audio and video files. Playlists and scripts (hls, concat, sdp, dash …) are left out
on purpose: they would open other files in the name of the given one."""

MIN_BITS_PER_SECOND = 100
"""Even silence takes more: FLAC of digital silence at 8 kHz is some 220 bit/s, silent Opus over 400. The
length of a container with less is damaged or forged."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file claims about its audio track, before anything is decoded.

    `media` tells the container, the codec and the tracks; its `sample_rate_hz` and `channels` are 0 while
    unknown. `duration_ms` is where the track ends by what the container claims, None when it claims
    nothing or something absurd; `header_percent` how much of a WAV its header speaks of, when that is less
    than the file holds.
    """

    path: Path
    media: Media
    duration_ms: int | None
    header_percent: float | None = None

    @property
    def container(self) -> str:
        return self.media.container

    @property
    def codec(self) -> str:
        return self.media.codec

    @property
    def sample_rate_hz(self) -> int:
        return self.media.sample_rate_hz

    @property
    def channels(self) -> int:
        return self.media.channels


class Decoder(Protocol):
    """Decodes the chosen audio track of one file, from the start, once."""

    info: AudioInfo

    @property
    def bad_packets(self) -> int:
        """The number of packets that could not be decoded so far; final at the end."""

    @property
    def clock_breaks(self) -> int:
        """Time stamps that could not be true so far; from each on, samples were counted."""

    @property
    def gave_up(self) -> bool:
        """Whether the decoder stopped before the end of the file, at a limit of its own."""

    def chunks(self) -> Iterator[Samples]:
        """Yield (channels, n) float32 at SAMPLE_RATE_HZ, all the channels of the track.

        Raises MediaError at the end when nothing at all could be read.
        """

    def close(self) -> None:
        """Close the file. Idempotent."""


def plausible_duration_ms(duration_s: float | None, file_bytes: int) -> int | None:
    """Return the claimed length in ms, or None when a file of that size cannot be that long."""
    if not duration_s or duration_s <= 0 or duration_s * 1000 > longest_ms(file_bytes):
        return None
    return round(duration_s * 1000)


def longest_ms(file_bytes: int) -> int:
    """Return how long a recording in a file of that size can be."""
    return file_bytes * 8 * 1000 // MIN_BITS_PER_SECOND
