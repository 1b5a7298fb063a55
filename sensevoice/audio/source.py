"""From any media file to float32 blocks at 16 kHz. Nothing else in the program reads media."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from sensevoice.audio import sniff
from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS, AudioInfo, Decoder, Samples
from sensevoice.audio.mixing import mixed
from sensevoice.audio.worker import ParallelDecoder
from sensevoice.errors import EmptyFile, FileMissing, MediaError, NoSuchChannel, NotMedia, TooShort
from sensevoice.options import Channel, is_number

__all__ = [
    "MIN_DURATION_MS",
    "SAMPLES_PER_MS",
    "SAMPLE_RATE_HZ",
    "AudioInfo",
    "AudioSource",
    "check_channel",
    "is_media",
    "open_audio",
    "select_channels",
    "why_not_media",
]

MIN_DURATION_MS = 100
"""Shorter than one syllable; the recogniser needs a few frames of 60 ms."""

STATES_LENGTH = ("wav", "flac", "mov,mp4")
"""FFmpeg's names of containers that state the duration of the track. Others give an estimate from the bit
rate, or the duration of the video."""

WHOLE_PERCENT = 97.0
"""Encoders drop or add a frame or two at either end; a truncated file lacks more."""

BLOCK_MS = 10_000
"""Ten seconds are 1.3 MB of stereo: little memory, and so few blocks that their overhead is negligible."""


def open_audio(
    path: str | os.PathLike[str], stream_index: int | None = None, raw_format: str = ""
) -> AudioSource:
    """Open the audio track of any media file; nothing is decoded yet.

    `stream_index` counts the audio tracks from 0; None takes the default. `raw_format` says what files
    named .raw or .pcm are, such as "s16le:8000:1". Raises NoSuchTrack, OptionError, FileMissing,
    EmptyFile, NotMedia, UnfinishedRecording, NoAudioTrack, UnsupportedCodec, UnusualAudio, Playlist,
    CopyProtected, LockedFormat, SilkVoice, DecoderCrashed or TimedOut.
    """
    real_path = _real_file(path)
    sniff.refuse_lists(real_path)
    try:
        return AudioSource(ParallelDecoder(real_path, stream_index, raw_format=raw_format))
    except MediaError as error:
        raise sniff.better_reason(real_path, error) from error.__cause__


def is_media(path: str | os.PathLike[str]) -> bool:
    """Return whether a file has, by its content, an audio track that can be opened; never raises."""
    return why_not_media(path) is None


def why_not_media(path: str | os.PathLike[str]) -> MediaError | None:
    """Return why a file cannot be opened, None if it has an audio track; never raises MediaError."""
    try:
        with open_audio(path):
            return None
    except MediaError as error:
        return error


def check_channel(info: AudioInfo, channel: Channel) -> None:
    """Raise NoSuchChannel for the number of a channel that a track does not have."""
    if is_number(channel) and int(channel) > info.channels > 0:
        raise NoSuchChannel(path=info.path, channel=channel, count=info.channels)


def select_channels(block: Samples, channel: Channel) -> Samples:
    """Return the streams to recognise, (streams, n), of a (channels, n) block.

    "mix" is one stream of all channels; "left" and "right" are the first and the second, of a mono block
    that one; "split" gives every channel as a stream of its own. Raises IndexError for a number beyond
    the channels.
    """
    if channel == "mix":
        return mixed(block)
    if channel == "left":
        return block[:1]
    if channel == "right":
        return block[1:2] if len(block) > 1 else block
    if channel == "split":
        return block
    if int(channel) > len(block):
        raise IndexError(channel)
    return block[int(channel) - 1 : int(channel)]


class AudioSource:
    """The audio track of one file, to be read once from the start. A context manager.

    `info` is what the file claims about itself.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.info = decoder.info
        self._decoder = decoder
        self._closed = False
        self._samples = 0

    def __enter__(self) -> AudioSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._closed = True
        self._decoder.close()

    def stop(self) -> None:
        """Make another thread, which reads the blocks, stop at once."""
        stop = getattr(self._decoder, "stop", self._decoder.close)
        stop()

    @property
    def bad_packets(self) -> int:
        """The number of packets that could not be decoded so far, and are missing from the samples."""
        return self._decoder.bad_packets

    @property
    def clock_breaks(self) -> int:
        """Time stamps so far that could not be true; from each on, samples were counted."""
        return self._decoder.clock_breaks

    @property
    def cut_short(self) -> MediaError | None:
        """Why the decoder stopped before the end after it had yielded samples, else None."""
        return getattr(self._decoder, "cut_short", None)

    @property
    def whole_until_ms(self) -> int | None:
        """Up to which time the sound came before the decoder gave up; None when it did not."""
        return self._samples // SAMPLES_PER_MS if self.cut_short else None

    @property
    def readable_percent(self) -> float | None:
        """The percentage of a file read to its end that could be decoded; None for all of it.

        Known only where the container states the duration of the track.
        """
        claimed_ms = self.info.duration_ms
        if not claimed_ms or not self.info.container.startswith(STATES_LENGTH):
            return None
        percent = 100 * self._samples / SAMPLES_PER_MS / claimed_ms
        return percent if percent < WHOLE_PERCENT or self.cut_short else None

    def blocks(self, block_ms: int | None = None) -> Iterator[Samples]:
        """Yield (channels, n) float32 within ±1 at 16 kHz, all of `block_ms` but the last.

        All the channels of the track; of more than two the blocks are shorter, whole seconds, unless
        `block_ms` is given. What can be read of a damaged file is kept. Closing the generator closes the
        file. Raises at the end: TooShort for less than MIN_DURATION_MS in all; NoUsableSound or
        UnsupportedCodec when nothing at all could be read. What ends the decoder later is told by
        `cut_short`.
        ValueError, as for files, when the source has been read or closed.
        """
        if self._closed:
            raise ValueError("read from a closed audio source")
        block_ms = block_ms or max(1000, 2 * BLOCK_MS // max(2, self.info.channels) // 1000 * 1000)
        try:
            for block in _reblock(self._decoder.chunks(), block_ms * SAMPLES_PER_MS):
                self._samples += block.shape[1]
                yield _clean(block)
        finally:
            self.close()
        if self._samples < MIN_DURATION_MS * SAMPLES_PER_MS:
            raise TooShort(path=self.info.path, min_ms=MIN_DURATION_MS)


def _real_file(path: str | os.PathLike[str]) -> Path:
    """Return the absolute real path of a regular, readable, non-empty file. Raises MediaError subclasses."""
    try:
        real_path = os.path.realpath(path)
        status = os.stat(real_path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as exc:  # ValueError: a NUL in the name
        raise FileMissing(path=path) from exc
    except OSError as exc:
        raise MediaError(path=path, reason=exc.strerror) from exc
    if not stat.S_ISREG(status.st_mode):  # reading a FIFO or a device might never end
        raise NotMedia(path=path)
    if status.st_size == 0:
        raise EmptyFile(path=path)
    if not os.access(real_path, os.R_OK):
        raise MediaError(path=path, reason="没有读取权限 permission denied")
    return Path(real_path)


def _reblock(chunks: Iterator[Samples], block_samples: int) -> Iterator[Samples]:
    """Yield chunks of any length as new blocks of equal length; the last may be shorter."""
    rest: list[Samples] = []
    missing = block_samples
    for chunk in chunks:
        while chunk.shape[1] >= missing:
            # Nothing else is kept while somebody works on the block: many recordings may be under way.
            block, rest = np.concatenate([*rest, chunk[:, :missing]], axis=1), []
            chunk, missing = chunk[:, missing:], block_samples
            yield block
        if chunk.shape[1]:
            rest.append(chunk)
            missing -= chunk.shape[1]
    if rest:
        yield np.concatenate(rest, axis=1)


def _clean(block: Samples) -> Samples:
    """Take NaN and infinity out of a block, and what is beyond ±1; return it.

    With one NaN among the samples the recogniser returns nothing for a whole clip.
    """
    if not np.isfinite(block).all():
        np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(block, -1.0, 1.0, out=block)
