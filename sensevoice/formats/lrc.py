"""LRC, the timed lyrics that music players show line by line."""

from __future__ import annotations

from itertools import pairwise

from sensevoice.formats.base import RenderOptions, one_line, title
from sensevoice.formats.cues import Cue, cues
from sensevoice.tags import is_unspaced
from sensevoice.transcript import Transcript

CLEAR_AFTER_MS = 2_000
"""A line stays until the next one; before a longer silence an empty line takes it away."""

_NO_MARKUP = str.maketrans("[]", "［］")
"""A square bracket begins a time or a head in LRC, which has no escape; the full-width one reads alike."""


def lrc(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as an LRC file. Its minutes count on beyond the hour: `[600:00.00]` is 10 h."""
    lines = [f"[ti:{title(transcript).translate(_NO_MARKUP)}]", f"[length:{_length(transcript.duration_ms)}]"]
    shown: list[Cue | None] = [*cues(transcript, options.labels, options.captions), None]
    for cue, after in pairwise(shown):
        assert cue is not None
        lines.append(f"[{_clock(cue.span.start_ms)}]{_joined(cue.lines).translate(_NO_MARKUP)}")
        if after is None or after.span.start_ms - cue.span.end_ms > CLEAR_AFTER_MS:
            lines.append(f"[{_clock(cue.span.end_ms)}]")
    return "\n".join(lines) + "\n"


def _joined(lines: tuple[str, ...]) -> str:
    """Return the lines of a cue as one, with a space between them where the writing has spaces."""
    text, *others = map(one_line, lines)  # a line break inside would begin a line of the file
    for line in others:
        text += line if is_unspaced(text[-1]) and is_unspaced(line[0]) else f" {line}"
    return text


def _clock(time_ms: int) -> str:
    minutes, rest_ms = divmod(time_ms, 60_000)
    seconds, milliseconds = divmod(rest_ms, 1000)
    return f"{minutes:02d}:{seconds:02d}.{milliseconds // 10:02d}"


def _length(duration_ms: int) -> str:
    minutes, seconds = divmod(duration_ms // 1000, 60)
    return f"{minutes:02d}:{seconds:02d}"
