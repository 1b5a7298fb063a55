"""The highlights as an edit decision list in the form of CMX 3600, which every video editor reads.

The list plays the highlights one after the other. What is no ASCII stands in comments alone, since old
readers take titles and reels as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from sensevoice.analysis.highlights import Highlight, highlight_name, highlights
from sensevoice.formats.base import RenderOptions, one_line, title
from sensevoice.transcript import Transcript

FRAMES_PER_S = 25
"""PAL and most Chinese video; an editor with another rate lets one choose it on import."""

_RECORD_START = 3600 * FRAMES_PER_S
"""By custom a programme begins at one hour, so that what stands before it has times too."""

_REEL = "AX"
"""The reel name for a source without one of its own; editors ask for the file, or take the clip's name."""

_DAY_H = 24
"""Timecode starts again after a day."""

MAX_COMMENT = 200
"""A longer text is cut: it tells the editor which moment it is."""


def edl(transcript: Transcript, options: RenderOptions, frames_per_s: int = FRAMES_PER_S) -> str:
    """Return the highlights as an EDL at a whole number of frames a second, without dropped frames."""
    lines = ["TITLE: SENSEVOICE HIGHLIGHTS", "FCM: NON-DROP FRAME", ""]
    record = _RECORD_START * frames_per_s // FRAMES_PER_S
    for number, item in enumerate(highlights(transcript), start=1):
        start = item.span.start_ms * frames_per_s // 1000
        end = max(start + 1, -(-item.span.end_ms * frames_per_s // 1000))
        times = (start, end, record, record + end - start)
        record += end - start
        codes = " ".join(timecode(frame, frames_per_s) for frame in times)
        lines.append(f"{number:03d}  {_REEL:<8} AA/V  C        {codes}")
        lines += _comments(transcript, item, options.locale)
    return "\n".join(lines) + "\n"


def timecode(frame: int, frames_per_s: int) -> str:
    """Return a number of frames as HH:MM:SS:FF."""
    seconds, frames = divmod(frame, frames_per_s)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % _DAY_H:02d}:{minutes:02d}:{seconds:02d}:{frames:02d}"


def _comments(transcript: Transcript, item: Highlight, locale: str) -> Iterator[str]:
    yield f"* FROM CLIP NAME: {title(transcript)}"
    text = one_line(f"{highlight_name(item.kind, locale)} {item.text}")
    yield f"* COMMENT: {text[:MAX_COMMENT]}"
