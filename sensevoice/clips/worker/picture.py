"""The pictures of a recording from any place of the record's clock on, in the size of the film to be made."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from sensevoice.audio.decoding.container import FAULTS, audio_codecs, open_container
from sensevoice.audio.decoding.track import start_us_of
from sensevoice.audio.media import is_cover
from sensevoice.errors import NoPicture

Size = tuple[int, int]

CODECS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,mpeg4,mpeg2video,mpeg1video,mjpeg,prores,dnxhd,theora,h263,flv,"
    "msmpeg4,msmpeg4v2,wmv1,wmv2,wmv3,vc1,dvvideo,ffv1,rawvideo,cinepak,qtrle,png,rv30,rv40,svq3,huffyuv"
)
"""FFmpeg's decoders of what cameras, phones, editors and meetings write; exotic ones are not opened."""

MAX_SIDE = 4_096
"""Of a picture: 4K. Larger ones are made smaller."""

FORMAT = "yuv420p"
"""What every player decodes."""

MAX_BAD_PACKETS = 500


class PictureReader:
    """Reads the pictures of a file; `size` is that of what is shown, turned and with square points."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container = open_container(path, None, f"{audio_codecs()},{CODECS}")
        try:
            self._stream = _stream_of(self._container.streams.video, path)
            self._stream.thread_type = "AUTO"
            self._start_us = start_us_of(self._container, path, None) or 0
            first = next(self._decoded(), None)
        except FAULTS as exc:
            self.close()
            raise NoPicture(path=path) from exc
        if first is None:
            self.close()
            raise NoPicture(path=path)
        self._turned = first.rotation
        self.size = _even_size(_shown(first, self._stream, self._turned))

    def close(self) -> None:
        self._container.close()

    def frames(self, start_ms: int, end_ms: int, size: Size) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield (seconds since `start_ms`, picture) of what is shown up to `end_ms`.

        The first one is what is shown at the start, whenever it came.
        """
        start, end = Fraction(start_ms, 1000), Fraction(end_ms, 1000)
        fit = Fitter(size, self._stream, self._turned)
        shown: VideoFrame | None = None
        for time, frame in self._from(start):
            if time >= end:
                break
            if time > start and shown is not None:
                yield Fraction(0), fit(shown)
            shown = frame if time < start else None
            if time >= start:
                yield time - start, fit(frame)
        if shown is not None:
            yield Fraction(0), fit(shown)

    def _from(self, start: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield pictures with their times, from one that is shown at a time or before it."""
        base = self._stream.time_base or Fraction(1, av.time_base)
        origin = Fraction(self._start_us, av.time_base)
        self._seek(int((start + origin) / base))
        first = True
        for frame in self._decoded():
            if frame.pts is None:
                continue
            time = frame.pts * base - origin
            if first and time > start and start > 0:  # the file's index was wrong
                yield from self._from_the_beginning(base, origin)
                return
            first = False
            yield time, frame

    def _from_the_beginning(self, base: Fraction, origin: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
        self._seek(int(origin / base))
        for frame in self._decoded():
            if frame.pts is not None:
                yield frame.pts * base - origin, frame

    def _seek(self, pts: int) -> None:
        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except FAULTS as exc:
            raise NoPicture(path=self._path) from exc

    def _decoded(self) -> Iterator[VideoFrame]:
        """Yield the pictures that can be decoded."""
        bad = 0
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except FAULTS:
                bad += 1
                if bad > MAX_BAD_PACKETS:
                    return


def _stream_of(streams: tuple[VideoStream, ...], path: Path) -> VideoStream:
    for stream in streams:
        if not is_cover(stream) and stream.codec_context is not None:
            return stream
    raise NoPicture(path=path)


def _shown(frame: VideoFrame, stream: VideoStream, turned: int) -> tuple[Fraction, Fraction]:
    """Return width and height as shown: points may be no squares, and phones hold the picture turned."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width, height = frame.width * (aspect if 0 < aspect < 10 else Fraction(1)), Fraction(frame.height)
    return (height, width) if turned % 180 else (width, height)


def _even_size(shown: tuple[Fraction, Fraction]) -> Size:
    """Return a size that encoders take: even numbers, neither side too long."""
    scale = min(Fraction(1), Fraction(MAX_SIDE) / max(shown))
    width, height = (max(2, round(side * scale / 2) * 2) for side in shown)
    return width, height


class Fitter:
    """Turns pictures upright and fits them into a size, with black at the sides."""

    def __init__(self, size: Size, stream: VideoStream, turned: int) -> None:
        self._size = size
        self._stream = stream
        self._turned = turned
        self._graph: Graph | None = None
        self._source: tuple[int, int, str] | None = None

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        inside = self._inside(frame)
        if (inside == self._size and not self._turned % 360) or min(frame.width, frame.height) < 2:
            made = frame.reformat(width=self._size[0], height=self._size[1], format=FORMAT)
        else:
            made = self._through_graph(frame, inside)
        made.pict_type = PictureType.NONE  # the encoder decides which are key pictures
        return made

    def _inside(self, frame: VideoFrame) -> Size:
        """Return the size of the picture within the film."""
        width, height = _shown(frame, self._stream, self._turned)
        scale = min(self._size[0] / width, self._size[1] / height)
        whole = round(width * scale / 2) * 2, round(height * scale / 2) * 2
        return max(2, min(whole[0], self._size[0])), max(2, min(whole[1], self._size[1]))

    def _through_graph(self, frame: VideoFrame, inside: Size) -> VideoFrame:
        source = (frame.width, frame.height, frame.format.name)
        if self._graph is None or source != self._source:
            self._graph, self._source = self._made(frame, inside), source
        frame.pts = None
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _made(self, frame: VideoFrame, inside: Size) -> Graph:
        graph = Graph()
        across = inside[::-1] if self._turned % 180 else inside
        nodes = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
            ),
            graph.add("scale", f"{across[0]}:{across[1]}"),
            *(graph.add("transpose", way) for way in _turns(self._turned)),
            graph.add("pad", f"{self._size[0]}:{self._size[1]}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("setsar", "1"),
            graph.add("format", FORMAT),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph


def _turns(degrees: int) -> tuple[str, ...]:
    """Return the filters that undo a rotation, counted counter-clockwise as in a display matrix."""
    return {90: ("cclock",), 180: ("clock", "clock"), 270: ("clock",)}.get(degrees % 360, ())


def black(size: Size) -> VideoFrame:
    """Return a black picture."""
    frame = VideoFrame(*size, FORMAT)
    for plane, value in zip(frame.planes, (16, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame
