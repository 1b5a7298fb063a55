"""Which recordings a browser plays wrongly or not at all, so that the page plays a copy of ours."""

from __future__ import annotations

import logging
from pathlib import Path

from sensevoice.audio.info import Samples
from sensevoice.audio.mixing import mixed
from sensevoice.audio.opus import OpusFile
from sensevoice.transcript import Media

log = logging.getLogger(__name__)

SEEKS_BADLY = ("mp3", "aac", "mpegts", "mpeg", "flv", "avi", "asf", "amr", "gsm", "ape")
"""FFmpeg's names of containers in which browsers go to the wrong place (MP3 without a table or glued, ADTS),
or which they do not open."""

OPENED = ("wav", "flac", "ogg", "mov", "matroska", *SEEKS_BADLY)
"""What browsers open at all, with what was named before."""

PLAYED_CODECS = ("aac", "mp3", "opus", "vorbis", "flac", "pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le")
"""Beginnings of the names of what every browser decodes."""

MAX_PLAYED_CHANNELS = 2
"""Browsers fold more by the layout that the file claims."""


def needs_copy(media: Media) -> bool:
    """Return whether the page is to play our own copy, on the record's clock.

    So it is for what browsers seek badly or cannot decode, for a track that they would not choose, and
    for sound alone in Matroska and Ogg, whose holes Chromium closes. Nothing is copied of what is not known.
    """
    if not media.container:
        return False
    decoded = any(media.codec.startswith(codec) for codec in PLAYED_CODECS)
    opened = media.container.startswith(OPENED) and not media.container.startswith(SEEKS_BADLY)
    holes = not media.frame_rate and media.container.startswith(("matroska", "ogg"))
    usual = media.track == 1 and media.channels <= MAX_PLAYED_CHANNELS
    return not decoded or not opened or holes or not usual


class CopyWriter:
    """Writes the copy of a recording while it is decoded, if it needs one; see `pipeline.Tap`.

    The file is there whole or not at all. A full disk costs the copy, which is then made when it is asked
    for, and not the transcript.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        self._file: OpusFile | None = None

    def begin(self, media: Media) -> None:
        if needs_copy(media) and not self._path.exists():
            self._file = OpusFile(self._part)

    def write(self, block: Samples) -> None:
        if self._file is None:
            return
        try:
            self._file.write(at_most_two(block))
        except OSError:
            log.warning("no copy for the player", exc_info=True)
            self.close()

    def end(self) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
            self._part.replace(self._path)
        except OSError:
            log.warning("no copy for the player", exc_info=True)
        self._file = None

    def close(self) -> None:
        """Remove what is not whole. May be called twice."""
        if self._file is not None:
            self._file.discard()
            self._file = None
        self._part.unlink(missing_ok=True)


def at_most_two(block: Samples) -> Samples:
    """Return a block as it is if it has one or two channels, else mixed."""
    return block if len(block) <= 2 else mixed(block)
