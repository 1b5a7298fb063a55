"""What every decoder shares: the sample rate, what a file says of itself, and what may be opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]

SAMPLE_RATE_HZ = 16_000
"""The rate SenseVoice and its voice activity detector were trained at."""

SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000

RATES_HZ = range(4_000, 768_001)
"""Rates that recordings have, up to the highest of DSD converters. Outside of them a few bytes of
input become minutes of output."""

MAX_CHANNELS = 64
"""Recorders for ambisonics have so many; a header that claims more is damaged or made up."""

PROTOCOLS = "file"
"""Nothing named inside a file may be fetched from the network."""

CONTAINERS = (
    "wav,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,flac,aac,asf,avi,mpegts,mpeg,flv,amr,aiff,au,caf,"
    "w64,ac3,eac3,dts,ape,wv,tta,tak,mpc,mpc8,dsf,rm"
)
"""FFmpeg's demuxers for files of sound and video. Left out on purpose are the play lists and scripts
(hls, concat, sdp, dash …), which would open other files under the name of the one that was given."""

MIN_BITS_PER_SECOND = 100
"""Even silence costs more: a FLAC frame of digital silence at 8 kHz is some 220 bit/s, Opus at rest over
400. A container that claims less for each second has a damaged or invented length."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file says about its audio track, before anything is decoded.

    `container` and `codec` are FFmpeg's names; `sample_rate_hz` and `channels` are 0 while unknown;
    `duration_ms` is the container's claim, None when it makes none or an absurd one.
    """

    path: Path
    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    duration_ms: int | None


class Decoder(Protocol):
    """One way to decode the chosen audio track of one file, from the start, once."""

    info: AudioInfo

    @property
    def bad_packets(self) -> int:
        """Packets that could not be decoded so far; all of them are known at the end."""

    def chunks(self) -> Iterator[Samples]:
        """Yield (channels, n) float32 at SAMPLE_RATE_HZ, one channel for mono tracks, else two.

        Raises MediaError at the end when nothing at all could be read.
        """

    def close(self) -> None:
        """Let go of the file. May be called twice."""


def plausible_duration_ms(duration_s: float | None, file_bytes: int) -> int | None:
    """Return the claimed length in ms, or None when a file of that size cannot be that long."""
    if not duration_s or duration_s <= 0 or file_bytes * 8 < duration_s * MIN_BITS_PER_SECOND:
        return None
    return round(duration_s * 1000)
