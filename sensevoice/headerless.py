"""Telephone recordings that are nothing but samples: what they are is told by their name, or by the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sensevoice.errors import OptionError


class RawFormat(NamedTuple):
    """FFmpeg's name of the demuxer ("vox" for Dialogic's, which FFmpeg knows inside a WAV alone)."""

    demuxer: str
    rate_hz: int
    channels: int = 1


VOX = "vox"

PCM = ("s16le", "s16be", "u8", "s8", "s24le", "s32le", "f32le", "alaw", "mulaw")
"""What --raw-format may name."""

RAW_SUFFIXES = (".raw", ".pcm")
"""They say nothing: files of such a name are read as --raw-format says, or not at all."""

_SLIN_KHZ = {"12": 12_000, "16": 16_000, "24": 24_000, "32": 32_000, "44": 44_100, "48": 48_000}

BY_SUFFIX: Mapping[str, RawFormat] = MappingProxyType(
    {
        **dict.fromkeys((".alaw", ".al"), RawFormat("alaw", 8_000)),
        **dict.fromkeys((".ulaw", ".ul", ".mulaw"), RawFormat("mulaw", 8_000)),
        ".gsm": RawFormat("gsm", 8_000),
        ".g722": RawFormat("g722", 16_000),
        ".g729": RawFormat("g729", 8_000),
        ".sln": RawFormat("s16le", 8_000),
        **{f".sln{khz}": RawFormat("s16le", rate_hz) for khz, rate_hz in _SLIN_KHZ.items()},
        ".vox": RawFormat(VOX, 8_000),
    }
)
"""The names that Asterisk and voice boards give to files."""

HEADS = (
    *(b"RIFF", b"RIFX", b"RF64", b"riff", b"OggS", b"fLaC", b"ID3", b".snd", b"FORM", b"#!AMR", b"caff"),
    *(b"NIST_1A", b"Creative Voice File", b"FLV", b"\x1aE\xdf\xa3"),
)
"""What says by itself what it is, whatever its name."""


def raw_format(path: Path, chosen: str = "") -> RawFormat | None:
    """Return how to read a file without a header; None for one that says itself what it is, or for any other.

    `chosen` is what the user said of .raw files, see `parse`.
    """
    suffix = path.suffix.lower()
    known = parse(chosen) if chosen and suffix in RAW_SUFFIXES else None
    result = known or BY_SUFFIX.get(suffix)
    if result is None:
        return None
    with path.open("rb") as file:
        head = file.read(32)
    return None if head.startswith(HEADS) or head[4:8] == b"ftyp" else result


def parse(text: str) -> RawFormat:
    """Return what `s16le:8000:1` means: format, samples a second, channels. Raises OptionError."""
    name, _, rest = text.partition(":")
    rate, _, channels = rest.partition(":")
    if name not in PCM or not rate.isdecimal() or not (channels or "1").isdecimal():
        raise OptionError(option="raw_format", value=text, allowed=f"{'|'.join(PCM)}:RATE:CHANNELS")
    result = RawFormat(name, int(rate), int(channels or 1))
    if not 4_000 <= result.rate_hz <= 768_000 or not 1 <= result.channels <= 64:
        raise OptionError(option="raw_format", value=text, allowed="4000 … 768000, 1 … 64")
    return result
