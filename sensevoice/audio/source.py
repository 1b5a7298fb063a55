"""Any media file → blocks of float32 at 16 kHz. Nothing else in the program reads media."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from sensevoice.audio import sniff
from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS, AudioInfo, Decoder, Samples
from sensevoice.audio.worker import ParallelDecoder
from sensevoice.errors import EmptyFile, FileMissing, MediaError, NotMedia, TooShort
from sensevoice.options import Channel

__all__ = [
    "MIN_DURATION_MS",
    "SAMPLES_PER_MS",
    "SAMPLE_RATE_HZ",
    "AudioInfo",
    "AudioSource",
    "is_media",
    "open_audio",
    "select_channels",
]

MIN_DURATION_MS = 100
"""Shorter than one syllable; the recogniser needs a few frames of 60 ms to say anything."""

STATES_LENGTH = ("wav", "flac", "mov,mp4")
"""FFmpeg's names of containers that say how long the track is. Others are estimates from the bit rate, or
the length of the pictures."""

WHOLE_PERCENT = 97.0
"""Encoders cut or add a frame or two at either end; a file that was cut off lacks more."""

BLOCK_MS = 10_000
"""Ten seconds are 1.3 MB of stereo: little memory, and few enough blocks to cost nothing."""


def open_audio(path: str | os.PathLike[str], stream_index: int | None = None) -> AudioSource:
    """Open the audio track of any media file; nothing is decoded yet.

    `stream_index` counts the audio tracks from 0; None takes the first that can be decoded. Raises
    FileMissing, EmptyFile, NotMedia, UnfinishedRecording, NoAudioTrack, UnsupportedCodec, UnusualAudio,
    Playlist, CopyProtected, LockedFormat, SilkVoice, DecoderCrashed or TimedOut.
    """
    real_path = _real_file(path)
    sniff.refuse_lists(real_path)
    try:
        return AudioSource(ParallelDecoder(real_path, stream_index))
    except MediaError as error:
        raise sniff.better_reason(real_path, error) from error.__cause__


def is_media(path: str | os.PathLike[str]) -> bool:
    """Tell by its content whether a file has an audio track that can be opened; never raises."""
    try:
        with open_audio(path):
            return True
    except MediaError:
        return False


def select_channels(block: Samples, channel: Channel) -> Samples:
    """Return the streams to recognise, (streams, n), of a (channels, n) block.

    "mix" is the mean of the channels; "left" and "right" of a mono block are that one channel, and
    "split" gives every channel as a stream of its own.
    """
    if channel == "mix":
        mean: Samples = block.mean(axis=0, keepdims=True, dtype=np.float32)
        return mean
    if channel == "left":
        return block[:1]
    if channel == "right":
        return block[-1:]
    return block


class AudioSource:
    """The audio track of one file, to be read once from the start. A context manager.

    `info` is what the file says of itself.
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
        """Let go of the file. May be called twice."""
        self._closed = True
        self._decoder.close()

    @property
    def bad_packets(self) -> int:
        """Packets that could not be decoded so far; what they held is missing from the sound."""
        return self._decoder.bad_packets

    @property
    def cut_short(self) -> MediaError | None:
        """Why the decoder gave up before the end, after some sound had come out of it."""
        return getattr(self._decoder, "cut_short", None)

    @property
    def readable_percent(self) -> float | None:
        """How much of a file that was read to its end came out of it; None when all of it did.

        Known only where the container states the length of the track itself.
        """
        claimed_ms = self.info.duration_ms
        if not claimed_ms or not self.info.container.startswith(STATES_LENGTH):
            return None
        percent = 100 * self._samples / SAMPLES_PER_MS / claimed_ms
        return percent if percent < WHOLE_PERCENT or self.cut_short else None

    def blocks(self, block_ms: int = BLOCK_MS) -> Iterator[Samples]:
        """Yield (channels, n) float32 within ±1 at 16 kHz, all of `block_ms` but the last.

        One channel for mono tracks, else two; surround is mixed down. What can be read of a damaged
        file is kept. Closing the generator closes the file. Raises at the end: TooShort for less than
        MIN_DURATION_MS in all; NoUsableSound or UnsupportedCodec when nothing at all could be read;
        TooLong, after what was read, for more than MAX_HOURS.
        ValueError, as for files, when the source has been read or closed.
        """
        if self._closed:
            raise ValueError("read from a closed audio source")
        try:
            for block in _reblock(self._decoder.chunks(), block_ms * SAMPLES_PER_MS):
                self._samples += block.shape[1]
                yield _clean(block)
        finally:
            self.close()
        if self._samples < MIN_DURATION_MS * SAMPLES_PER_MS:
            raise TooShort(path=self.info.path, min_ms=MIN_DURATION_MS)


def _real_file(path: str | os.PathLike[str]) -> Path:
    """Return the absolute real path of a regular, readable file that is not empty."""
    try:
        real_path = os.path.realpath(path)
        status = os.stat(real_path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as exc:  # ValueError: a NUL in the name
        raise FileMissing(path=path) from exc
    except OSError as exc:
        raise MediaError(path=path, reason=exc.strerror) from exc
    if not stat.S_ISREG(status.st_mode):  # a FIFO or a device would never end
        raise NotMedia(path=path)
    if status.st_size == 0:
        raise EmptyFile(path=path)
    if not os.access(real_path, os.R_OK):
        raise MediaError(path=path, reason="没有读取权限 permission denied")
    return Path(real_path)


def _reblock(chunks: Iterator[Samples], block_samples: int) -> Iterator[Samples]:
    """Cut chunks of any lengths into blocks of equal length; the last may be shorter."""
    held: list[Samples] = []
    held_samples = 0
    for chunk in chunks:
        held.append(chunk)
        held_samples += chunk.shape[1]
        if held_samples >= block_samples:
            joined = np.concatenate(held, axis=1)
            whole = held_samples - held_samples % block_samples
            for start in range(0, whole, block_samples):
                yield joined[:, start : start + block_samples]
            held = [joined[:, whole:]]
            held_samples -= whole
    if held_samples:
        yield np.concatenate(held, axis=1)


def _clean(block: Samples) -> Samples:
    """Return `block` in one piece, without NaN or infinity, within ±1.

    One NaN among the samples makes the recogniser return nothing for a whole clip.
    """
    whole = np.ascontiguousarray(block)
    if not np.isfinite(whole).all():
        whole = np.nan_to_num(whole, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(whole, -1.0, 1.0)
