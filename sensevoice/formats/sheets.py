"""Tables for spreadsheets (RFC 4180): CSV for Excel, TSV for everything else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from sensevoice.analysis.comparison import Comparison
from sensevoice.analysis.highlights import highlight_name
from sensevoice.formats.editing import chosen
from sensevoice.formats.rows import event_names, kind_name, segment_text
from sensevoice.formats.shared import (
    RenderOptions,
    channel_name,
    clock,
    pick,
    speaker_name,
    speaker_names,
)
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment, Transcript

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads a CSV file in the system's legacy code page, and Chinese is garbled."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets evaluate a cell that begins so as a formula (OWASP, "CSV Injection")."""

_SEGMENTS = (
    ("开始", "结束", "开始毫秒", "结束毫秒", "类型", "声道", "语言", "情绪", "声音", "文本"),
    ("start", "end", "start_ms", "end_ms", "kind", "channel", "language", "emotion", "events", "text"),
)
_SPEAKER = ("说话人", "speaker")
_SPEAKER_COLUMN = 5
_HIGHLIGHTS = (
    ("开始", "结束", "开始毫秒", "结束毫秒", "亮点", "片段", "声道", "文本"),
    ("start", "end", "start_ms", "end_ms", "highlight", "segment", "channel", "text"),
)
_COMPARISONS = (
    (
        "文件",
        "时长",
        "时长毫秒",
        "片段",
        "情绪",
        "首次愤怒",
        "首次愤怒毫秒",
        "愤怒次数",
        "首次愤怒的话",
        "愤怒占比%",
        "说话人",
        "说话占比%",
        "字/分钟",
        "词/分钟",
        "最长没有人说话毫秒",
        "日期",
    ),
    (
        "file",
        "duration",
        "duration_ms",
        "segments",
        "emotions",
        "first_anger",
        "first_anger_ms",
        "anger_count",
        "first_anger_text",
        "anger_percent",
        "who",
        "talk_percent",
        "characters_per_minute",
        "words_per_minute",
        "longest_silence_ms",
        "date",
    ),
)

Row = Sequence[str | int]


def segments_csv(transcript: Transcript, options: RenderOptions) -> str:
    """Return a row for each segment as a CSV file that Excel opens directly."""
    return csv_text(_segment_rows(transcript, options.locale))


def segments_tsv(transcript: Transcript, options: RenderOptions) -> str:
    """Return a row for each segment, with tabs between the cells."""
    file = io.StringIO()
    csv.writer(file, dialect="excel-tab", lineterminator="\n").writerows(
        map(_safe, _segment_rows(transcript, options.locale))
    )
    return file.getvalue()


def highlights_csv(transcript: Transcript, options: RenderOptions) -> str:
    """Return a row for each highlight of the chosen kinds as a CSV file; segments are counted from 1."""
    rows = [
        (
            *_times(item.span.start_ms, item.span.end_ms),
            highlight_name(item.kind, options.locale),
            item.index + 1,
            channel_name(item.channel, options.locale),
            item.text,
        )
        for item in chosen(transcript, options)
    ]
    return csv_text([_header(_HIGHLIGHTS, options.locale), *rows])


Counted = Sequence[tuple[str, Sequence[int]]]
"""Further columns of a comparison: the name of each, and a number for each file."""


def comparisons_csv(
    comparisons: Sequence[Comparison], locale: str, dates: Sequence[str] = (), counted: Counted = ()
) -> str:
    """Return a row for each of several files as a CSV file; `dates` are when each was recognised."""
    rows = [_comparison_row(item, locale) for item in comparisons]
    rows = [(*row, date) for row, date in zip(rows, dates or [""] * len(rows), strict=True)]
    rows = [(*row, *(counts[at] for _, counts in counted)) for at, row in enumerate(rows)]
    header = (*_header(_COMPARISONS, locale), *(name for name, _ in counted))
    return csv_text([header, *rows])


def csv_text(rows: Iterable[Row]) -> str:
    """Return rows as a CSV file: UTF-8 with a byte order mark, CRLF, no formulas."""
    file = io.StringIO()
    file.write(BYTE_ORDER_MARK)
    csv.writer(file).writerows(map(_safe, rows))
    return file.getvalue()


def _header(names: tuple[Row, Row], locale: str) -> Row:
    return names[0] if locale == "zh" else names[1]


def _segment_rows(transcript: Transcript, locale: str) -> list[Row]:
    rows = [list(_segment_row(segment, locale)) for segment in transcript.segments]
    header = list(_header(_SEGMENTS, locale))
    if transcript.speakers:
        names = speaker_names(transcript, locale)
        header.insert(_SPEAKER_COLUMN, pick(_SPEAKER, locale))
        for row, segment in zip(rows, transcript.segments, strict=True):
            row.insert(_SPEAKER_COLUMN, names.get(segment.speaker or "", segment.speaker or ""))
    return [header, *rows]


def _segment_row(segment: Segment, locale: str) -> Row:
    return (
        *_times(segment.span.start_ms, segment.span.end_ms),
        kind_name(segment, locale),
        channel_name(segment.channel, locale),
        label(segment.language, locale),
        label(segment.emotion, locale),
        event_names(segment.events, locale),
        segment_text(segment, locale),
    )


def _comparison_row(item: Comparison, locale: str) -> Row:
    emotions = [f"{label(name, locale)} {count}" for name, count in item.emotions]
    first_ms = item.first_anger_ms
    return (
        item.source,
        clock(item.duration_ms),
        item.duration_ms,
        item.segments,
        "; ".join(emotions),
        "" if first_ms is None else clock(first_ms),
        _number(first_ms),
        item.anger_count,
        item.first_anger_text,
        round(100 * item.anger_share),
        who_speaks(item, locale),
        "; ".join(str(round(100 * voice.share)) for voice in item.voices),
        _number(item.characters_per_minute),
        _number(item.words_per_minute),
        _number(item.longest_silence_ms),
    )


def who_speaks(item: Comparison, locale: str) -> str:
    """Return who speaks, and nothing where one nameless person is all that there is."""
    voices = item.voices
    if len(voices) == 1 and not (voices[0].name or voices[0].channel):
        return ""
    return "; ".join(speaker_name(voice.id, voice.name, voice.channel, locale) for voice in voices)


def _number(value: float | None) -> str | int:
    return "" if value is None else round(value)


def _times(start_ms: int, end_ms: int) -> tuple[str, str, int, int]:
    return clock(start_ms), clock(end_ms), start_ms, end_ms


def _safe(row: Row) -> list[str | int]:
    """Return a row with an apostrophe, which marks text in spreadsheets, before what would be a formula."""
    return [
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell for cell in row
    ]
