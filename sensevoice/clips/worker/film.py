"""Clips one after the other in one file, read and encoded piece by piece."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sensevoice.audio.decoding.pyav import PyavDecoder
from sensevoice.clips.worker.output import Chapter, Output, rate_for
from sensevoice.clips.worker.picture import PictureReader, Size, black
from sensevoice.clips.worker.sound import CROSSFADE_MS, Joiner, SoundReader, faded
from sensevoice.errors import NoPicture

MAX_CHANNELS = 2
"""What every player and codec has; more are folded into two."""

CHECKED_S = 0.5
"""A file that is this much too short was not written to its end."""

Tell = Callable[[int, float], None]
"""Is told the place of a recording and the second of it that was reached."""


@dataclass(frozen=True)
class Recording:
    """A file to read, which of its tracks, from 0 (None for the default), and how long it was found to be."""

    path: Path
    track: int | None
    raw_format: str
    duration_ms: int


@dataclass(frozen=True)
class Span:
    """A part of a recording and where it begins in the film."""

    take: int
    start_ms: int
    end_ms: int
    at_ms: int
    title: str = ""

    @property
    def until_ms(self) -> int:
        return self.at_ms + self.end_ms - self.start_ms


class Film:
    """Writes clips in order. Readers of one recording at a time are open."""

    def __init__(
        self, recordings: Sequence[Recording], clips: Sequence[Span], media: str, tell: Tell
    ) -> None:
        self._recordings = recordings
        self._clips = clips
        self._media = media
        self._tell = tell
        used = [recordings[take] for take in sorted({clip.take for clip in clips})]
        infos = [_info(each) for each in used]
        self._rate_hz = rate_for(media, infos[0][0])
        self._channels = max(channels for _, channels in infos)
        self._size = _size(used) if media == "mp4" else None
        self._fade = self._sample(CROSSFADE_MS) // 2
        self._joiner = Joiner(self._channels, 2 * self._fade)
        self._take = -1
        self._sound: SoundReader | None = None
        self._picture: PictureReader | None = None

    def write(self, path: Path) -> None:
        """Write the film. Raises MediaError, OSError."""
        chapters = [Chapter(clip.at_ms, clip.until_ms, clip.title) for clip in self._clips]
        output = Output(path, self._media, self._rate_hz, self._channels, self._size, chapters)
        try:
            for number in range(len(self._clips)):
                self._cut(number, output)
            output.add_sound(self._joiner.finish(self._sample(self._clips[-1].until_ms)))
        finally:
            self._close()
            output.close()
        _check(path, self._clips[-1].until_ms / 1000)

    def _cut(self, number: int, output: Output) -> None:
        """Write sound and picture of a clip side by side: what is behind is read next."""
        clip = self._clips[number]
        self._open(clip.take)
        streams = [self._sounds(number, output)]
        if self._size:
            streams.append(self._pictures(clip, output, self._size))
        reached = [0.0] * len(streams)
        while streams:
            behind = reached.index(min(reached))
            second = next(streams[behind], None)
            if second is None:
                del streams[behind], reached[behind]
            else:
                reached[behind] = second

    def _sounds(self, number: int, output: Output) -> Iterator[float]:
        """Add the sound of a clip; yield the second of the film that was reached.

        At a joint a clip begins and ends half a crossfade beyond its borders, so that the film is not
        shorter for it.
        """
        assert self._sound is not None
        clip = self._clips[number]
        before = self._fade if number else 0
        after = self._fade if number + 1 < len(self._clips) else 0
        place = self._sample(clip.at_ms) - before
        length = before + self._sample(clip.until_ms) - self._sample(clip.at_ms) + after
        first = self._sample(clip.start_ms) - before
        done = 0
        for piece in self._sound.read(first, first + length):
            shaped = faded(piece, done, length, 2 * before, 2 * after)
            output.add_sound(self._joiner.add(place + done, shaped))
            done += piece.shape[1]
            yield output.sound_s

    def _pictures(self, clip: Span, output: Output, size: Size) -> Iterator[float]:
        begin = Fraction(clip.at_ms, 1000)
        if self._picture is None:
            output.add_picture(begin, black(size))
            return
        for at, frame in self._picture.frames(clip.start_ms, clip.end_ms, size):
            output.add_picture(begin + at, frame)
            yield float(begin + at)

    def _open(self, take: int) -> None:
        if take == self._take:
            return
        self._close()
        self._take, recording = take, self._recordings[take]
        self._sound = SoundReader(
            recording.path,
            recording.track,
            recording.raw_format,
            self._rate_hz,
            self._channels,
            lambda second: self._tell(take, second),
        )
        self._picture = _picture_of(recording) if self._size else None

    def _close(self) -> None:
        for reader in (self._sound, self._picture):
            if reader is not None:
                reader.close()
        self._sound = self._picture = None

    def _sample(self, ms: int) -> int:
        return round(ms * self._rate_hz / 1000)


def _info(recording: Recording) -> tuple[int, int]:
    """Return rate and channels of a recording. Raises MediaError."""
    decoder = PyavDecoder(recording.path, recording.track, recording.raw_format)
    decoder.close()
    return decoder.info.sample_rate_hz or 48_000, min(MAX_CHANNELS, decoder.info.channels or 1)


def _size(recordings: Sequence[Recording]) -> Size:
    """Return the size of the first picture among recordings. Raises NoPicture when none has any."""
    for recording in recordings:
        reader = _picture_of(recording)
        if reader is not None:
            reader.close()
            return reader.size
    raise NoPicture(path=recordings[0].path)


def _picture_of(recording: Recording) -> PictureReader | None:
    try:
        return PictureReader(recording.path)
    except NoPicture:
        return None


def _check(path: Path, seconds: float) -> None:
    """Raise OSError unless a file can be read and is as long as it should be.

    What a full disk refuses while a file is closed, FFmpeg does not tell.
    """
    decoder = PyavDecoder(path)
    decoder.close()
    found_s = (decoder.info.duration_ms or 0) / 1000
    if found_s < seconds - CHECKED_S:
        raise OSError(errno.EIO, f"{found_s:.1f} s of {seconds:.1f} s were written")
