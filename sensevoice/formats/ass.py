"""Advanced SubStation Alpha subtitles with a style, and so a colour, for each emotion."""

from __future__ import annotations

import pysubs2

from sensevoice.formats.base import RenderOptions, channel_name, title
from sensevoice.formats.colours import EMOTION_COLOURS
from sensevoice.formats.cues import Cue, cues
from sensevoice.transcript import Transcript

WIDTH, HEIGHT = 1920, 1080
FONT_SIZE = 64.0
"""42 half-width columns of this size take three quarters of the width."""

_NO_MARKUP = str.maketrans({"\\": "＼", "{": "｛", "}": "｝"})
"""Braces and backslashes are markup and cannot be escaped everywhere; their full-width forms read alike."""


def ass(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as an ASS file. Its clock counts hundredths of a second."""
    subtitles = pysubs2.SSAFile()
    subtitles.info.update(
        Title=title(transcript), PlayResX=str(WIDTH), PlayResY=str(HEIGHT), ScaledBorderAndShadow="yes"
    )
    subtitles.styles["Default"] = _style()
    shown = cues(transcript, options.labels, options.captions)
    used = {cue.emotion for cue in shown}
    for name, rgb in EMOTION_COLOURS.items():
        if name in used:
            subtitles.styles[name.title()] = _style(*rgb)
    for cue in shown:
        subtitles.append(_event(cue, options.labels))
    return subtitles.to_string("ass")


def _style(red: int = 255, green: int = 255, blue: int = 255) -> pysubs2.SSAStyle:
    return pysubs2.SSAStyle(
        fontsize=FONT_SIZE,
        primarycolor=pysubs2.Color(red, green, blue),
        outline=3.0,
        shadow=0.0,
        marginl=60,
        marginr=60,
        marginv=50,
    )


def _event(cue: Cue, labels: str) -> pysubs2.SSAEvent:
    return pysubs2.SSAEvent(
        cue.span.start_ms,
        cue.span.end_ms,
        r"\N".join(line.translate(_NO_MARKUP) for line in cue.lines),
        style=cue.emotion.title() if cue.emotion in EMOTION_COLOURS else "Default",
        name=channel_name(cue.channel, labels),
    )
