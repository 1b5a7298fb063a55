"""SRT and WebVTT subtitles; pysubs2 writes their syntax and times."""

from __future__ import annotations

import html

import pysubs2

from sensevoice.formats.colours import EMOTION_COLOURS
from sensevoice.formats.cues import Cue, cues, joined_cues
from sensevoice.formats.shared import RenderOptions, channel_name, several_voices, voice_mark
from sensevoice.transcript import Transcript

_VTT_HEAD = "WEBVTT\n\n"

EMPTY_SRT = "1\n00:00:00,000 --> 00:00:00,001\n\n"
"""A cue without text: to ffmpeg and to editors an empty file is no SRT."""


def srt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a SubRip file. Its times end at 99:59:59,999, beyond any recording."""
    subtitles = pysubs2.SSAFile()
    several = several_voices(transcript)
    shown = cues(transcript, options.locale, options.captions)
    for cue in joined_cues(
        shown, lambda cue: voice_mark(cue.channel, cue.speaker, options) if several else ""
    ):
        subtitles.append(_event(cue.span.start_ms, cue.span.end_ms, "\n".join(cue.lines)))
    if not shown:
        return EMPTY_SRT
    # Without this flag pysubs2 takes braces in the text for its own markup and drops them.
    return subtitles.to_string("srt", keep_ssa_tags=True)


def vtt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript as a WebVTT file, with a class for each emotion and a voice for each person.

    Browsers and players read it; ffmpeg 5 fails at a STYLE block: use srt or ass there.
    """
    subtitles = pysubs2.SSAFile()
    shown = cues(transcript, options.locale, options.captions)
    for cue in shown:
        subtitles.append(_event(cue.span.start_ms, cue.span.end_ms, _vtt_text(cue, options.locale)))
    text = subtitles.to_string("vtt", keep_ssa_tags=True)
    return text.replace(_VTT_HEAD, _VTT_HEAD + _vtt_styles({cue.emotion for cue in shown}), 1)


def _vtt_text(cue: Cue, locale: str) -> str:
    # pysubs2 does not escape & and <, which begin entities and tags in WebVTT.
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
    # A backslash begins pysubs2's own markup (\N, \h) and cannot be escaped; the full-width one looks alike.
    return pysubs2.SSAEvent(start_ms, end_ms, text.replace("\\", "＼").replace("\n", r"\N"))
