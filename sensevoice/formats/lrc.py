"""LRC, timed lyrics that music players show line by line."""

from __future__ import annotations

from itertools import pairwise

from sensevoice.formats.cues import Cue, cues, one_row
from sensevoice.formats.shared import RenderOptions, several_voices, title, voice_mark
from sensevoice.transcript import Transcript

CLEAR_AFTER_MS = 2_000
"""A line is shown until the next one; before a longer silence an empty line clears it."""

_NO_MARKUP = str.maketrans("[]", "［］")
"""A square bracket begins a time or a tag in LRC, which has no escapes; the full-width one looks alike."""


def lrc(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as an LRC file. Its minutes exceed 59: `[600:00.00]` is 10 h."""
    lines = [f"[ti:{title(transcript).translate(_NO_MARKUP)}]", f"[length:{_length(transcript.duration_ms)}]"]
    several = several_voices(transcript)
    shown: list[Cue | None] = [*cues(transcript, options.locale, options.captions), None]
    for cue, after in pairwise(shown):
        assert cue is not None
        lines.append(f"[{_clock(cue.span.start_ms)}]{_line(cue, options, several)}")
        if after is None or after.span.start_ms - cue.span.end_ms > CLEAR_AFTER_MS:
            lines.append(f"[{_clock(cue.span.end_ms)}]")
    return "\n".join(lines) + "\n"


def _line(cue: Cue, options: RenderOptions, several: bool) -> str:
    mark = voice_mark(cue.channel, cue.speaker, options) if several else ""
    return (mark + one_row(cue.lines)).translate(_NO_MARKUP)


def _clock(time_ms: int) -> str:
    minutes, rest_ms = divmod(time_ms, 60_000)
    seconds, milliseconds = divmod(rest_ms, 1000)
    return f"{minutes:02d}:{seconds:02d}.{milliseconds // 10:02d}"


def _length(duration_ms: int) -> str:
    minutes, seconds = divmod(duration_ms // 1000, 60)
    return f"{minutes:02d}:{seconds:02d}"
