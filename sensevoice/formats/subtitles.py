"""Subtitle files; pysubs2 writes their syntax and clocks."""

from __future__ import annotations

import html

import pysubs2

from sensevoice.formats.base import RenderOptions, channel_name, with_name
from sensevoice.formats.colours import EMOTION_COLOURS
from sensevoice.formats.cues import Cue, cues
from sensevoice.transcript import Transcript

_VTT_HEAD = "WEBVTT\n\n"


def srt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a SubRip file. Its clock ends at 99:59:59,999, far beyond any recording."""
    subtitles = pysubs2.SSAFile()
    for cue in cues(transcript, options.locale, options.captions):
        subtitles.append(_event(cue.span.start_ms, cue.span.end_ms, _srt_text(cue, options)))
    # Braces in the text are text: without this flag pysubs2 takes them for its own markup and drops them.
    return subtitles.to_string("srt", keep_ssa_tags=True)


def _srt_text(cue: Cue, options: RenderOptions) -> str:
    text = "\n".join(cue.lines)
    return with_name(text, cue.speaker, options.locale) if options.names else text


def vtt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a WebVTT file, with a class for each emotion and a voice for each person.

    Browsers and players read it; ffmpeg 5 stops at a STYLE block: give it srt or ass.
    """
    subtitles = pysubs2.SSAFile()
    shown = cues(transcript, options.locale, options.captions)
    for cue in shown:
        subtitles.append(_event(cue.span.start_ms, cue.span.end_ms, _vtt_text(cue, options.locale)))
    text = subtitles.to_string("vtt", keep_ssa_tags=True)
    return text.replace(_VTT_HEAD, _VTT_HEAD + _vtt_styles({cue.emotion for cue in shown}), 1)


def _vtt_text(cue: Cue, locale: str) -> str:
    # pysubs2 leaves & and < as they are, which WebVTT reads as entities and tags.
    text = html.escape("\n".join(cue.lines), quote=False)
    if cue.emotion in EMOTION_COLOURS:
        text = f"<c.{cue.emotion.lower()}>{text}</c>"
    voice = html.escape(cue.speaker, quote=False) or channel_name(cue.channel, locale)
    return f"<v {voice}>{text}</v>" if voice else text


def _vtt_styles(emotions: set[str]) -> str:
    """Return a STYLE block for the emotions that occur, empty when there are none."""
    rules = [
        f"::cue(.{name.lower()}) {{ color: #{red:02x}{green:02x}{blue:02x}; }}\n"
        for name, (red, green, blue) in EMOTION_COLOURS.items()
        if name in emotions
    ]
    return "".join(["STYLE\n", *rules, "\n"]) if rules else ""


def _event(start_ms: int, end_ms: int, text: str) -> pysubs2.SSAEvent:
    # A backslash begins pysubs2's own markup (\N, \h) and cannot be escaped; the full-width one reads alike.
    return pysubs2.SSAEvent(start_ms, end_ms, text.replace("\\", "＼").replace("\n", r"\N"))
