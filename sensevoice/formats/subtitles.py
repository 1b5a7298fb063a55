"""Subtitle files; pysubs2 writes their syntax and clocks."""

from __future__ import annotations

import html

import pysubs2

from sensevoice.formats.base import RenderOptions
from sensevoice.formats.cues import cues
from sensevoice.transcript import Transcript


def srt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a SubRip file. Its clock ends at 99:59:59,999, far beyond any recording."""
    subtitles = pysubs2.SSAFile()
    for cue in cues(transcript, options.labels):
        subtitles.append(_event(cue.span.start_ms, cue.span.end_ms, "\n".join(cue.lines)))
    # Braces in the text are text: without this flag pysubs2 takes them for its own markup and drops them.
    return subtitles.to_string("srt", keep_ssa_tags=True)


def vtt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a WebVTT file."""
    subtitles = pysubs2.SSAFile()
    for cue in cues(transcript, options.labels):
        # pysubs2 leaves & and < as they are, which WebVTT reads as entities and tags.
        text = html.escape("\n".join(cue.lines), quote=False)
        subtitles.append(_event(cue.span.start_ms, cue.span.end_ms, text))
    return subtitles.to_string("vtt", keep_ssa_tags=True)


def _event(start_ms: int, end_ms: int, text: str) -> pysubs2.SSAEvent:
    # A backslash begins pysubs2's own markup (\N, \h) and cannot be escaped; the full-width one reads alike.
    return pysubs2.SSAEvent(start_ms, end_ms, text.replace("\\", "＼").replace("\n", r"\N"))
