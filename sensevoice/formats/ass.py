"""Advanced SubStation Alpha subtitles, with a style and colour for each emotion."""

from __future__ import annotations

import pysubs2

from sensevoice.formats.colours import EMOTION_COLOURS
from sensevoice.formats.cues import Cue, cues
from sensevoice.formats.shared import RenderOptions, channel_name, title
from sensevoice.transcript import Transcript

WIDTH, HEIGHT = 1920, 1080
FONT_SIZE = 64.0
"""42 half-width columns of this size take three quarters of the width."""

_NO_MARKUP = str.maketrans({"\\": "＼", "{": "｛", "}": "｝"})
"""Braces and backslashes are markup and cannot be escaped everywhere; their full-width forms look alike."""


def ass(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as an ASS file. Its clock counts hundredths of a second."""
    subtitles = pysubs2.SSAFile()
    subtitles.info.update(
        Title=title(transcript), PlayResX=str(WIDTH), PlayResY=str(HEIGHT), ScaledBorderAndShadow="yes"
    )
    subtitles.styles["Default"] = _style()
    shown = cues(transcript, options.locale, options.captions)
    used = {cue.emotion for cue in shown}
    for name, rgb in EMOTION_COLOURS.items():
        if name in used:
            subtitles.styles[name.title()] = _style(*rgb)
    # pysubs2 writes the header and the styles only: it limits times to 9:59:59.99, for an old editor, while
    # players read more hours.
    return subtitles.to_string("ass") + "".join(_dialogue(cue, options.locale) for cue in shown)


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


def _dialogue(cue: Cue, locale: str) -> str:
    start, end = cue.span.start_ms // 10, cue.span.end_ms // 10
    style = cue.emotion.title() if cue.emotion in EMOTION_COLOURS else "Default"
    text = r"\N".join(line.translate(_NO_MARKUP) for line in cue.lines)
    times = f"{_clock(start)},{_clock(max(end, start + 1))}"
    # A comma would end the field of the name.
    name = cue.speaker.replace(",", "，") or channel_name(cue.channel, locale)
    return f"Dialogue: 0,{times},{style},{name},0,0,0,,{text}\n"


def _clock(hundredths: int) -> str:
    seconds, hundredths = divmod(hundredths, 100)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{hundredths:02d}"
