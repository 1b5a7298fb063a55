"""From chosen spans to a file: clips are planned, cut, given subtitles and a list, and put in place."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sensevoice.clips.encoder import Stop, encode
from sensevoice.clips.model import COPIED, HOW, Clip, CutSettings, Take
from sensevoice.clips.plan import planned, rows_in
from sensevoice.clips.subtitles import on_the_reel
from sensevoice.errors import NoRoomToCut, OptionError
from sensevoice.formats import RenderOptions, as_bytes, render
from sensevoice.formats.bundle import safe_name
from sensevoice.formats.shared import clock, one_line, pick, short_clock
from sensevoice.formats.sheets import csv_text
from sensevoice.runtime.atomic import replacing
from sensevoice.transcript import Span

HEADROOM_BYTES = 200 << 20
"""Free space that is never filled, as for jobs."""

BYTES_PER_S = {"wav": 192_000, "flac": 130_000, "mp3": 24_000, "m4a": 24_000, "mp4": 0}
"""Of stereo at 48 kHz."""

FILM_BYTES_PER_S = 750_000
"""6 Mbit/s: more than x264 needs for most of 1080p. A recording with more is taken as it is."""

LARGER = 4
"""A file may be so many times as large as was expected, then it is stopped."""

SCRATCH = ".cut-"
"""Begins the name of the folder that is worked in."""

_HEADER: Sequence[tuple[str, str]] = (
    ("序号", "number"),
    ("名称", "title"),
    ("文件", "file"),
    ("开始", "start"),
    ("结束", "end"),
    ("来源", "source"),
    ("来源开始", "source_start"),
    ("来源结束", "source_end"),
    ("来源开始毫秒", "source_start_ms"),
    ("来源结束毫秒", "source_end_ms"),
    ("方式", "how"),
    ("文本", "text"),
)


@dataclass(frozen=True)
class Made:
    """The file that was made, those beside it, and the clips in it with their real borders.

    `copied` counts the clips that were not encoded again.
    """

    path: Path
    beside: tuple[Path, ...]
    clips: tuple[Clip, ...]
    copied: int


def make(
    takes: Sequence[Take],
    settings: CutSettings,
    target: Path,
    tell: Callable[[float], None] = lambda fraction: None,
    stop: Stop | None = None,
    stem: str = "",
) -> Made:
    """Cut what is wanted of recordings into a file.

    A `target` ending in .zip takes all files; else it is the reel itself, and subtitles and the list are
    written beside it. `stem` is what files in a zip are called, by default as the zip. Nothing is left of a
    cut that fails or is cancelled. `tell` is given the part that is done. Raises NothingToCut, NoRoomToCut,
    CutFailed, MediaError, Cancelled, OptionError.
    """
    if settings.form == "clips" and target.suffix != ".zip":
        raise OptionError(option="output", value=target.name, allowed="*.zip")
    clips = planned(takes, settings)
    expected = check_room(takes, clips, settings, target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=SCRATCH, ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        files = encode(takes, clips, settings, scratch, int(expected * LARGER), tell, stop or Stop())
        real = tuple(_real(clip, each) for clip, each in zip(clips, _each(files, clips), strict=True))
        work = _Work(takes, real, files, settings, scratch, safe_name(stem or target.stem))
        try:
            beside = _write_zip(work, target) if target.suffix == ".zip" else _write_beside(work, target)
        except OSError as exc:
            raise NoRoomToCut(reason=exc.strerror or str(exc)) from exc
    return Made(target, beside, real, sum(each["how"] == COPIED for each in files))


def check_room(takes: Sequence[Take], clips: Sequence[Clip], settings: CutSettings, folder: Path) -> int:
    """Return how many bytes the clips may take. Raises NoRoomToCut if the disk has not twice as many."""
    expected = sum(_expected(takes[clip.take], clip.span, settings.media) for clip in clips) + (1 << 20)
    free = shutil.disk_usage(folder).free - HEADROOM_BYTES
    if 2 * expected > free:
        raise NoRoomToCut(reason=f"{_mb(2 * expected)} > {_mb(max(0, free))}")
    return expected


def _expected(take: Take, span: Span, media: str) -> int:
    if media != "mp4":
        return BYTES_PER_S[media] * (span.duration_ms + 1000) // 1000
    whole_ms = max(1, take.transcript.duration_ms)
    own = take.path.stat().st_size * 1000 // whole_ms
    return max(own, FILM_BYTES_PER_S) * (span.duration_ms + 1000) // 1000


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"


def _each(files: Sequence[dict[str, Any]], clips: Sequence[Clip]) -> Sequence[dict[str, Any]]:
    """Return what was said of the file that each clip is in."""
    return files if len(files) == len(clips) else [files[0]] * len(clips)


def _real(clip: Clip, file: dict[str, Any]) -> Clip:
    return replace(clip, span=Span(file["start_ms"], file["end_ms"])) if file["how"] == COPIED else clip


@dataclass(frozen=True)
class _Work:
    """All that the files are made of."""

    takes: Sequence[Take]
    clips: Sequence[Clip]
    files: Sequence[dict[str, Any]]
    settings: CutSettings
    scratch: Path
    stem: str

    def media(self) -> Iterator[tuple[str, Path]]:
        """Yield name and place of every file of sound or film."""
        if self.settings.form == "reel":
            yield f"{self.stem}.{self.settings.media}", self.scratch / self.files[0]["name"]
            return
        for number, (clip, file) in enumerate(zip(self.clips, self.files, strict=True)):
            yield f"{self.name(number, clip)}.{self.settings.media}", self.scratch / file["name"]

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of the subtitles and of the list."""
        for name, clips in self._parts():
            for each in self.settings.subtitles:
                record = on_the_reel(clips, self.takes, name, self.settings.locale)
                options = RenderOptions(locale=self.settings.locale)
                yield f"{name}.{each}", as_bytes(render(record, each, options))
        yield f"{self.stem}.csv", csv_text(self._rows()).encode()

    def _parts(self) -> Iterator[tuple[str, list[Clip]]]:
        if self.settings.form == "reel":
            yield self.stem, list(self.clips)
            return
        for number, clip in enumerate(self.clips):
            yield self.name(number, clip), [replace(clip, at_ms=0)]

    def name(self, number: int, clip: Clip) -> str:
        """Return a clip's file name without extension: it sorts as the clips do, and no two are the same."""
        source = Path(one_line(self.takes[clip.take].name)).stem
        at = short_clock(clip.span.start_ms).replace(":", ".")
        return safe_name(f"{number + 1:03d} {clip.title[:40]} {source[:40]} {at}")

    def _rows(self) -> Iterator[Sequence[str | int]]:
        locale = self.settings.locale
        yield [pick(names, locale) for names in _HEADER]
        for number, (clip, file) in enumerate(zip(self.clips, _each(self.files, self.clips), strict=True)):
            take = self.takes[clip.take]
            own = self.stem if self.settings.form == "reel" else self.name(number, clip)
            said = " ".join(one_line(row.text) for row in rows_in(take.transcript, clip.span) if row.text)
            times = (clock(clip.at_ms), clock(clip.end_ms))
            source = (clock(clip.span.start_ms), clock(clip.span.end_ms))
            borders = (clip.span.start_ms, clip.span.end_ms)
            how = pick(HOW[file["how"]], locale)
            head = (number + 1, clip.title, f"{own}.{self.settings.media}", *times)
            yield (*head, one_line(take.name), *source, *borders, how, said)


def _write_zip(work: _Work, target: Path) -> tuple[Path, ...]:
    """Put all files into a zip; sound and film, which are compressed already, as they are."""
    with replacing(target) as part, zipfile.ZipFile(part, "w") as archive:
        for name, path in work.media():
            archive.write(path, name, zipfile.ZIP_STORED)
            path.unlink()
        for name, content in work.texts():
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return ()


def _write_beside(work: _Work, target: Path) -> tuple[Path, ...]:
    """Put the reel where it belongs and the texts beside it, all of them or none."""
    (_, reel), *_ = work.media()
    beside: list[Path] = []
    try:
        for name, content in work.texts():
            beside.append(target.with_name(target.stem + Path(name).suffix))
            beside[-1].write_bytes(content)
        reel.replace(target)
    except OSError:
        for path in beside:
            path.unlink(missing_ok=True)
        raise
    return tuple(beside)
