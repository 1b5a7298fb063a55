"""The highlights as an edit decision list in the form of CMX 3600, and as markers.

The list plays the highlights one after the other. Text that is not ASCII is in comments only, since old
readers take titles and reels as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from sensevoice.analysis.highlights import highlight_name
from sensevoice.formats.editing import Moment, moments, picture_clock, record_clock
from sensevoice.formats.shared import RenderOptions, one_line, title
from sensevoice.formats.timecode import FrameClock
from sensevoice.transcript import Transcript

_REEL = "AX"
"""The reel name for a source without one; editors ask for the file, or use the name of the clip."""

MAX_COMMENT = 200
"""A longer text is cut: it only identifies the moment."""

_COLOURS = {"applause": "Green", "laughter": "Yellow", "crying": "Blue", "anger": "Red", "impatience": "Pink"}


def edl(transcript: Transcript, options: RenderOptions) -> str:
    """Return the highlights as an EDL, at the frame rate and from the start timecode of the file."""
    source, target = picture_clock(transcript, options), record_clock(transcript, options)
    lines = _head("SENSEVOICE HIGHLIGHTS", source)
    record = 0
    for number, item in enumerate(moments(transcript, options, source), start=1):
        length = item.end - item.start
        codes = (
            *(source.timecode(item.start), source.timecode(item.end)),
            *(target.timecode(record), target.timecode(record + length)),
        )
        record += length
        lines.append(f"{number:03d}  {_REEL:<8} AA/V  C        {' '.join(codes)}")
        lines.append(f"* FROM CLIP NAME: {title(transcript)}")
        lines += _rate(source) if number == 1 else ()
        lines += _comments(item, options.locale)
    return "\n".join(lines) + "\n"


def markers_edl(transcript: Transcript, options: RenderOptions) -> str:
    """Return the highlights as an EDL of timeline markers, as DaVinci Resolve reads and writes them."""
    clock = record_clock(transcript, options)
    lines = _head("SENSEVOICE MARKERS", clock)
    for number, item in enumerate(moments(transcript, options, clock), start=1):
        begin, after = clock.timecode(item.start), clock.timecode(item.start + 1)
        name = one_line(highlight_name(item.highlight.kind, options.locale)).replace("|", "/")
        lines.append(f"{number:03d}  001      V     C        {begin} {after} {begin} {after}")
        text = one_line(item.highlight.text).replace("|", "/")[:MAX_COMMENT]
        lines.append(text)
        colour = _COLOURS.get(item.highlight.kind, "Cyan")
        lines.append(f" |C:ResolveColor{colour} |M:{name} |D:{item.end - item.start}")
        lines += _rate(clock) if number == 1 else ()
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(name: str, clock: FrameClock) -> list[str]:
    mode = "DROP FRAME" if clock.drop else "NON-DROP FRAME"
    return [f"TITLE: {name}", f"FCM: {mode}", ""]


def _rate(clock: FrameClock) -> list[str]:
    """Return the comment that names the frame rate; readers accept comments only behind an event."""
    rate = f"{float(clock.rate):.3f}".rstrip("0").rstrip(".")
    return [f"* FRAME RATE: {rate}"]


def _comments(item: Moment, locale: str) -> Iterator[str]:
    text = one_line(f"{highlight_name(item.highlight.kind, locale)} {item.highlight.text}")
    yield f"* COMMENT: {text[:MAX_COMMENT]}"
