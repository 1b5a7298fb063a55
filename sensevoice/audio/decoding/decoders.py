"""The decoders, tried in order: PyAV, then the ffmpeg program of the system."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from sensevoice.audio.decoding import ffmpeg
from sensevoice.audio.decoding.seeking import SeekingDecoder
from sensevoice.audio.info import Decoder, Samples
from sensevoice.errors import CopyProtected, MediaError, NoAudioTrack, NoSuchTrack

log = logging.getLogger(__name__)


def open_decoder(path: Path, stream_index: int | None = None, raw_format: str = "") -> Decoder:
    """Open the audio track of a regular file by the first way that can; see `Decoder`.

    `stream_index` counts the audio tracks from 0; None takes the default. `raw_format` says what .raw
    files are. Raises MediaError subclasses.
    """
    try:
        return _SecondTry(SeekingDecoder(path, stream_index, raw_format), stream_index, raw_format)
    except (NoAudioTrack, NoSuchTrack, CopyProtected):
        raise
    except MediaError as error:
        return _second_decoder(path, stream_index, raw_format, error)


class _SecondTry:
    """A decoder that is replaced by the second one when it yields nothing at all."""

    def __init__(self, decoder: Decoder, stream_index: int | None, raw_format: str) -> None:
        self.info = decoder.info
        self._raw_format = raw_format
        self._decoder = decoder
        self._stream_index = stream_index

    @property
    def bad_packets(self) -> int:
        return self._decoder.bad_packets

    @property
    def clock_breaks(self) -> int:
        return self._decoder.clock_breaks

    @property
    def gave_up(self) -> bool:
        return self._decoder.gave_up

    def chunks(self) -> Iterator[Samples]:
        try:
            yield from self._decoder.chunks()
        except MediaError as error:
            self._decoder.close()
            self._decoder = _second_decoder(self.info.path, self._stream_index, self._raw_format, error)
            yield from self._decoder.chunks()

    def close(self) -> None:
        self._decoder.close()

    @property
    def seeking(self) -> SeekingDecoder | None:
        """The inner decoder if it can seek to any second of this file, else None."""
        inner = self._decoder
        return inner if isinstance(inner, SeekingDecoder) and inner.cuttable else None


def seeking(decoder: Decoder) -> SeekingDecoder | None:
    """Return the decoder that can seek to any second of the file, None when it must be read in one pass."""
    return decoder.seeking if isinstance(decoder, _SecondTry) else None


def _second_decoder(path: Path, stream_index: int | None, raw_format: str, error: MediaError) -> Decoder:
    """Return the system's ffmpeg on this file, or raise `error` when it cannot read it either."""
    if not ffmpeg.is_installed():
        raise error
    try:
        decoder = ffmpeg.FfmpegDecoder(path, stream_index, raw_format)
    except MediaError:
        raise error from error.__cause__
    log.info("%s: reading a recording with the system's ffmpeg", error.code)
    return decoder
