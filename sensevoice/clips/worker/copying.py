"""A clip whose packets are passed on as they are: nothing is lost, and an hour takes a second.

Only where the times of the packets are those of the record, the codecs fit into the file that is wanted, and
the borders allow it: sound is cut at its own frames of some 20 ms, pictures only at a key picture that lies
within one frame of the border, and at the end only where no later picture is needed for an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from sensevoice.audio.decoding.container import FAULTS, audio_codecs, open_container
from sensevoice.audio.decoding.track import start_us_of
from sensevoice.audio.media import is_cover, is_default
from sensevoice.clips.worker.film import Recording, Span
from sensevoice.clips.worker.output import ENCODINGS, Chapter, chapter
from sensevoice.clips.worker.picture import CODECS

CONTAINERS = ("mov,mp4", "matroska")
"""With true stamps, and an index by which a place is found."""

SOUND, PICTURES = ("aac",), ("h264", "hevc")

BEFORE_S = 2
"""So much earlier reading begins: for the frame before the first, and tracks that are badly interleaved."""

SAME_LENGTH_MS = 200
"""What the container states and what was recognised differ by more where stamps were not believed."""


@dataclass(frozen=True)
class Borders:
    """Where a clip really begins and ends, in seconds on the record's clock."""

    start: Fraction
    end: Fraction


def copied(recording: Recording, clip: Span, media: str, path: Path) -> tuple[int, int] | None:
    """Write a clip by copying; return its real borders in ms, None where it cannot be copied."""
    if media not in ("m4a", "mp4") or recording.raw_format:
        return None
    try:
        with open_container(recording.path, None, f"{audio_codecs()},{CODECS}") as source:
            tracks = _tracks(source, recording, media)
            if tracks is None or not _is_believed(source, recording):
                return None
            origin = Fraction(start_us_of(source, recording.path, None) or 0, av.time_base)
            reader = _Reader(source, tracks, origin)
            wanted = Borders(Fraction(clip.start_ms, 1000), Fraction(clip.end_ms, 1000))
            borders = reader.borders(wanted)
            if borders is None:
                return None
            reader.write(path, media, borders, clip.title)
    except FAULTS:
        path.unlink(missing_ok=True)
        return None
    return round(borders.start * 1000), round(borders.end * 1000)


def _tracks(source: InputContainer, recording: Recording, media: str) -> tuple[Stream, ...] | None:
    """Return the pictures, for a film, and the sound, None where they cannot be copied."""
    sounds = list(source.streams.audio)
    if not source.format.name.startswith(CONTAINERS) or not sounds:
        return None
    default = next((each for each in sounds if is_default(each)), sounds[0])
    sound = default if recording.track is None else sounds[recording.track]
    if sound.codec_context is None or sound.codec_context.name not in SOUND:
        return None
    if media == "m4a":
        return (sound,)
    pictures = [each for each in source.streams.video if not is_cover(each)]
    if not pictures or pictures[0].codec_context is None or pictures[0].codec_context.name not in PICTURES:
        return None
    return pictures[0], sound


def _is_believed(source: InputContainer, recording: Recording) -> bool:
    stated_ms = (source.duration or 0) * 1000 / av.time_base
    return abs(stated_ms - recording.duration_ms) <= SAME_LENGTH_MS


class _Reader:
    """Reads packets with their times on the record's clock."""

    def __init__(self, source: InputContainer, tracks: tuple[Stream, ...], origin: Fraction) -> None:
        self._source = source
        self._tracks = tracks
        self._origin = origin

    def borders(self, wanted: Borders) -> Borders | None:
        """Return where the clip can be cut, None if that is not within a frame of where it should be."""
        leading = self._tracks[0]
        if isinstance(leading, VideoStream):
            return self._borders_of_pictures(leading, wanted)
        found = [
            (time, time + self._length(packet))
            for packet, time in self._packets(wanted, leading)
            if time + self._length(packet) > wanted.start and time < wanted.end
        ]
        return Borders(max(Fraction(0), found[0][0]), found[-1][1]) if found else None

    def _borders_of_pictures(self, pictures: VideoStream, wanted: Borders) -> Borders | None:
        frame = 1 / Fraction(pictures.average_rate or 25)
        start: Fraction | None = None
        end, late = wanted.start, False
        for packet, time in self._packets(wanted, pictures):
            if start is None:
                if packet.is_keyframe and abs(time - wanted.start) <= frame:
                    start, end = time, time + self._length(packet)
            elif time >= wanted.end:
                late = True
            elif late or time < start:
                return None  # it needs a picture from beyond a border
            else:
                end = max(end, time + self._length(packet))
        return None if start is None else Borders(start, end)

    def write(self, path: Path, media: str, borders: Borders, title: str) -> None:
        encoding = ENCODINGS[media]
        with av.open(str(path), "w", format=encoding.container, options=dict(encoding.options)) as target:
            whole = Chapter(0, round((borders.end - borders.start) * 1000), title)
            target.set_chapters([chapter(0, whole)])
            made = {track.index: target.add_stream_from_template(track) for track in self._tracks}
            begun: set[int] = set()
            for packet, time in self._packets(borders):
                index = packet.stream.index
                # One frame of sound before the first one: the decoder needs it, and the file hides it.
                early = 0 if packet.stream.type == "video" else self._length(packet)
                if (index not in begun and time + early < borders.start) or time >= borders.end:
                    continue
                begun.add(index)
                shift = round((borders.start + self._origin) / (packet.time_base or Fraction(1, 1)))
                packet.pts = (packet.pts or 0) - shift
                packet.dts = None if packet.dts is None else packet.dts - shift
                packet.stream = made[index]
                target.mux(packet)

    def _packets(self, span: Borders, *only: Stream) -> Iterator[tuple[Packet[Stream], Fraction]]:
        """Yield packets from a little before a span until its time has passed, in order of decoding."""
        tracks = only or self._tracks
        early = max(Fraction(0), span.start - BEFORE_S) + self._origin
        self._source.seek(int(early * av.time_base))
        behind: set[int] = set()
        for packet in self._source.demux(*tracks):
            if packet.pts is None or packet.dts is None or not packet.time_base:
                continue
            if packet.dts * packet.time_base - self._origin > span.end + BEFORE_S:
                behind.add(packet.stream.index)
                if len(behind) == len(tracks):
                    return
                continue
            yield packet, packet.pts * packet.time_base - self._origin

    @staticmethod
    def _length(packet: Packet[Stream]) -> Fraction:
        return (packet.duration or 0) * (packet.time_base or Fraction(0))
