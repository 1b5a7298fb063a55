"""What a container says of its tracks, its picture's clock and its timecode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from sensevoice.transcript import Media, Track

FRAME_RATES = tuple(
    Fraction(*rate)
    for rate in (
        *((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1)),
        *((48000, 1001), (48, 1), (50, 1), (60000, 1001), (60, 1)),
        *((100, 1), (120000, 1001), (120, 1)),
    )
)
"""Rates that editors know. Containers that count in milliseconds miss them by a little."""

RATE_TOLERANCE = Fraction(1, 4000)
"""A quarter of what lies between 24000/1001 and 24."""

MAX_FRAME_RATE = 1000
MAX_TITLE = 80

TIMECODE = re.compile(r"\d\d:[0-5]\d:[0-5]\d[:;.]\d\d")


def media_of(container: InputContainer, stream: AudioStream) -> Media:
    """Return what is known of a container and the track that was chosen."""
    audio = list(container.streams.audio)
    codec = stream.codec_context
    return Media(
        container=container.format.name,
        codec=codec.name,
        sample_rate_hz=codec.sample_rate,
        channels=codec.channels,
        track=1 + [each.index for each in audio].index(stream.index),
        tracks=tuple(_track(number, each) for number, each in enumerate(audio, start=1)),
        frame_rate=_frame_rate(container),
        timecode=_timecode(container),
    )


def is_default(track: AudioStream) -> bool:
    """Return whether the container marks a track as the one to play."""
    return bool(track.disposition & Disposition.default)


def is_cover(stream: VideoStream) -> bool:
    """Return whether a picture is the cover of an album, which has no time."""
    return bool(stream.disposition & Disposition.attached_pic)


def language_tag(value: str) -> str:
    """Return a language as the container names it, empty for "undetermined"."""
    return "" if value == "und" else _printable(value)[:20]


def title_tag(value: str) -> str:
    """Return a title in one line, not too long."""
    return _printable(value)[:MAX_TITLE]


def _track(number: int, stream: AudioStream) -> Track:
    codec = stream.codec_context  # None for one that cannot be decoded
    tags = stream.metadata
    return Track(
        number,
        codec.name if codec else "?",
        codec.channels if codec else 0,
        language_tag(tags.get("language", "")),
        title_tag(tags.get("title", "")),
        is_default(stream),
    )


def _frame_rate(container: InputContainer) -> str:
    for stream in container.streams.video:
        if not is_cover(stream):
            return _rate_of(stream)
    return ""


def _rate_of(stream: VideoStream) -> str:
    rates = [rate for rate in (stream.average_rate, stream.base_rate) if rate and 1 <= rate <= MAX_FRAME_RATE]
    for rate in rates:
        nearest = min(FRAME_RATES, key=lambda known: abs(known - rate))
        if abs(nearest - rate) <= nearest * RATE_TOLERANCE:
            return str(nearest)
    return ""  # the rate varies


def _timecode(container: InputContainer) -> str:
    tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    return next((code for each in tags for code in _codes(each)), "")


def _codes(tags: dict[str, str]) -> Iterator[str]:
    for name, value in tags.items():
        if name.lower() == "timecode" and TIMECODE.fullmatch(value):
            yield value


def _printable(value: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())
