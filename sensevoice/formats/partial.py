"""What views and exports of a transcript say at its end when the recording was not transcribed to its own."""

from __future__ import annotations

from dataclasses import replace

from sensevoice.formats.shared import pick, short_clock
from sensevoice.transcript import Segment, Span, Transcript

NOTE_MS = 3_000
"""How long a subtitle shows it: two seconds to read, and one to notice."""


def with_end_note(transcript: Transcript, locale: str) -> Transcript:
    """Return the transcript with a last row that says where it ends; unchanged when it is whole."""
    until_ms, note = transcript.complete_until_ms, end_note(transcript, locale)
    if until_ms is None:
        return transcript
    row = Segment("speech", Span(until_ms, until_ms + NOTE_MS), text=note, raw=note)
    return replace(transcript, segments=(*transcript.segments, row))


def end_note(transcript: Transcript, locale: str) -> str:
    """Return the sentence that says where a transcript ends, "" of a whole one."""
    if transcript.complete_until_ms is None:
        return ""
    at = short_clock(transcript.complete_until_ms)
    zh, en = f"【未完成：{at} 之后没有转写】", f"[Not finished: nothing after {at} was transcribed]"
    return pick((zh, en), locale)
