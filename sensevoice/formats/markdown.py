"""A Markdown table with a row for each segment (GitHub Flavored Markdown, section "Tables")."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sensevoice.formats.rows import event_names, segment_text
from sensevoice.formats.shared import channel_name, clock, pick, speaker_names
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment, Transcript

_HEADER = (
    ("开始", "结束", "语言", "情绪", "声音", "文本"),
    ("Start", "End", "Language", "Emotion", "Sounds", "Text"),
)
_CHANNEL = ("声道", "Channel")
_SPEAKER = ("说话人", "Speaker")
_CHANNEL_COLUMN = 2

_SYNTAX = re.compile(r"[\\`*_~|<\[]|&(?=#?\w+;)")
"""What would end a cell or begin markup; a closing bracket begins none."""


def markdown(transcript: Transcript, locale: str) -> str:
    """Return a Markdown table, "" without segments; with a column of channels when they were split."""
    if not transcript.segments:
        return ""
    split = any(segment.channel for segment in transcript.segments)
    header = list(_HEADER[0] if locale == "zh" else _HEADER[1])
    rows = [_cells(segment, locale) for segment in transcript.segments]
    if split:
        header.insert(_CHANNEL_COLUMN, pick(_CHANNEL, locale))
        for row, segment in zip(rows, transcript.segments, strict=True):
            row.insert(_CHANNEL_COLUMN, channel_name(segment.channel, locale))
    names = speaker_names(transcript, locale)
    if names:
        header.insert(_CHANNEL_COLUMN, pick(_SPEAKER, locale))
        for row, segment in zip(rows, transcript.segments, strict=True):
            row.insert(_CHANNEL_COLUMN, _escaped(names.get(segment.speaker or "", "")))
    return "\n".join([_row(header), _row(["---"] * len(header)), *map(_row, rows)])


def _cells(segment: Segment, locale: str) -> list[str]:
    return [
        clock(segment.span.start_ms),
        clock(segment.span.end_ms),
        label(segment.language, locale),
        label(segment.emotion, locale),
        event_names(segment.events, locale),
        _escaped(segment_text(segment, locale)),
    ]


def _escaped(text: str) -> str:
    return _SYNTAX.sub(r"\\\g<0>", text)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
