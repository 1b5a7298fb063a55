"""The ways to decode a file, one after the other: PyAV, then the ffmpeg program of the system."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from sensevoice import ffmpeg_cli
from sensevoice.audio_info import Decoder, Samples
from sensevoice.errors import CopyProtected, MediaError, NoAudioTrack
from sensevoice.pyav_seeking import SeekingDecoder

log = logging.getLogger(__name__)


def open_decoder(path: Path, stream_index: int | None = None) -> Decoder:
    """Open the audio track of a regular file by the first way that can; see `Decoder`.

    `stream_index` counts the audio tracks from 0; None takes the first that can be decoded. Raises
    MediaError subclasses.
    """
    try:
        return _SecondTry(SeekingDecoder(path, stream_index), stream_index)
    except (NoAudioTrack, CopyProtected):
        raise
    except MediaError as error:
        return _second_decoder(path, stream_index, error)


class _SecondTry:
    """A decoder that gives way to the second one when nothing at all comes out of it."""

    def __init__(self, decoder: Decoder, stream_index: int | None) -> None:
        self.info = decoder.info
        self._decoder = decoder
        self._stream_index = stream_index

    @property
    def bad_packets(self) -> int:
        return self._decoder.bad_packets

    @property
    def gave_up(self) -> bool:
        """Whether the decoder stopped before the end of the file, at a limit of its own."""
        return getattr(self._decoder, "gave_up", False)

    def chunks(self) -> Iterator[Samples]:
        try:
            yield from self._decoder.chunks()
        except MediaError as error:
            self._decoder.close()
            self._decoder = _second_decoder(self.info.path, self._stream_index, error)
            yield from self._decoder.chunks()

    def close(self) -> None:
        self._decoder.close()

    @property
    def seeking(self) -> SeekingDecoder | None:
        """The decoder inside when it can be sent to any second of this file."""
        inner = self._decoder
        return inner if isinstance(inner, SeekingDecoder) and inner.cuttable else None


def seeking(decoder: Decoder) -> SeekingDecoder | None:
    """Return what can be sent to any second of the file, or None when it has to be read in one pass."""
    return decoder.seeking if isinstance(decoder, _SecondTry) else None


def _second_decoder(path: Path, stream_index: int | None, error: MediaError) -> Decoder:
    """Return the system's ffmpeg on this file, or raise `error` when it cannot read it either."""
    if not ffmpeg_cli.is_installed():
        raise error
    try:
        decoder = ffmpeg_cli.FfmpegDecoder(path, stream_index)
    except MediaError:
        raise error from error.__cause__
    log.info("%s: %s; reading it with the system's ffmpeg", path.name, error.code)
    return decoder
