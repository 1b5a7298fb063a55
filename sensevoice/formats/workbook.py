"""The transcript as an Excel workbook: its rows, a summary, and a sheet for each table of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sensevoice.analysis.comparison import Comparison
from sensevoice.analysis.coverage import coverage
from sensevoice.formats.page_tables import (
    Names,
    Row,
    gaps_sheet,
    moments_sheet,
    people_sheet,
    picked,
    shares_sheet,
    timeline_sheet,
)
from sensevoice.formats.partial import end_note
from sensevoice.formats.rows import event_names, kind_name, segment_text
from sensevoice.formats.shared import RenderOptions, channel_name, pick, speaker_names, title
from sensevoice.formats.sheets import Counted, who_speaks
from sensevoice.formats.spreadsheet import Cell, Percent, Sheet, Time, workbook_bytes
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment, Transcript

_ROWS: Mapping[str, Names] = {
    "number": ("序号", "No."),
    "start": ("开始", "Start"),
    "end": ("结束", "End"),
    "seconds": ("秒", "Seconds"),
    "kind": ("类型", "Kind"),
    "speaker": ("说话人", "Speaker"),
    "channel": ("声道", "Channel"),
    "language": ("语言", "Language"),
    "emotion": ("情绪", "Emotion"),
    "score": ("情绪得分", "Emotion score"),
    "events": ("声音", "Sounds"),
    "edited": ("已修改", "Edited"),
    "text": ("文本", "Text"),
}
_TAGS = ("language", "emotion", "score", "events")
_OPTIONAL = ("speaker", "channel", "score", "edited")
"""Columns that are left out where they would be empty."""

_COMPARISONS: Sequence[Names] = (
    ("文件", "File"),
    ("时长", "Length"),
    ("段数", "Segments"),
    ("首次愤怒", "First anger"),
    ("愤怒次数", "Times angry"),
    ("那时说的话", "What was said then"),
    ("愤怒占比", "Share of anger"),
    ("说话人", "Who speaks"),
    ("字/分钟", "Characters a minute"),
    ("词/分钟", "Words a minute"),
    ("最长没有人说话", "Longest silence"),
    ("日期", "Date"),
)


def xlsx(transcript: Transcript, options: RenderOptions) -> bytes:
    """Return the transcript as a workbook; sheets with nothing to say are left out."""
    locale = options.locale
    sheets = [_rows(transcript, options), _summary(transcript, locale), people_sheet(transcript, locale)]
    if options.tags:
        sheets += [
            shares_sheet(transcript, locale),
            timeline_sheet(transcript, locale),
            moments_sheet(transcript, locale),
        ]
    sheets.append(gaps_sheet(transcript, locale))
    first, *others = sheets
    kept = [sheet for sheet in others if sheet.rows]
    return workbook_bytes([first, *kept], title(transcript), locale)


def comparisons_xlsx(
    comparisons: Iterable[Comparison], locale: str, dates: Sequence[str] = (), counted: Counted = ()
) -> bytes:
    """Return a row for each file, with a column for each emotion; the rest is as in comparisons_csv."""
    files = list(comparisons)
    emotions = list(dict.fromkeys(name for item in files for name, _ in item.emotions))
    header = [*picked(_COMPARISONS, locale), *(label(name, locale) for name in emotions)]
    header += [name for name, _ in counted]
    dated = zip(files, dates or [""] * len(files), strict=True)
    rows = [[*_comparison(item, locale), date, *_counts(item, emotions)] for item, date in dated]
    rows = [[*row, *(counts[at] for _, counts in counted)] for at, row in enumerate(rows)]
    name = pick(("录音对比", "Recordings"), locale)
    return workbook_bytes([Sheet(name, header, rows)], name, locale)


def _comparison(item: Comparison, locale: str) -> Row:
    first = None if item.first_anger_ms is None else Time(item.first_anger_ms)
    silence = None if item.longest_silence_ms is None else Time(item.longest_silence_ms)
    return (
        item.source,
        Time(item.duration_ms),
        item.segments,
        first,
        item.anger_count,
        item.first_anger_text,
        Percent(item.anger_share),
        who_speaks(item, locale),
        item.characters_per_minute,
        item.words_per_minute,
        silence,
    )


def _counts(item: Comparison, emotions: Sequence[str]) -> Row:
    counts = dict(item.emotions)
    return [counts.get(name, 0) for name in emotions]


def _rows(transcript: Transcript, options: RenderOptions) -> Sheet:
    locale = options.locale
    names = speaker_names(transcript, locale)
    cells = [_cells(number, row, names, locale) for number, row in enumerate(transcript.segments, start=1)]
    shown = [
        name
        for name in _ROWS
        if (options.tags or name not in _TAGS)
        and (name not in _OPTIONAL or any(row[name] not in (None, "") for row in cells))
    ]
    rows = [[row[name] for name in shown] for row in cells]
    note = end_note(transcript, locale)
    if note:
        rows.append([*[None] * (len(shown) - 1), note])
    return Sheet(pick(("逐句", "Rows"), locale), [pick(_ROWS[name], locale) for name in shown], rows)


def _cells(number: int, row: Segment, names: Mapping[str, str], locale: str) -> dict[str, Cell]:
    return {
        "number": number,
        "start": Time(row.span.start_ms),
        "end": Time(row.span.end_ms),
        "seconds": row.span.duration_ms / 1000,
        "kind": kind_name(row, locale),
        "speaker": names.get(row.speaker or "", ""),
        "channel": channel_name(row.channel, locale),
        "language": label(row.language, locale),
        "emotion": label(row.emotion, locale),
        "score": _score(row),
        "events": event_names(row.events, locale),
        "edited": pick(("是", "yes"), locale) if row.original else "",
        "text": segment_text(row, locale),
    }


def _score(row: Segment) -> float | None:
    """Return the model's score of the emotion that is shown; scores do not belong to a correction."""
    if row.original is not None or not label(row.emotion, "en"):
        return None
    found = [each.score for each in row.scores if (each.kind, each.name) == ("emotion", row.emotion)]
    return round(found[0], 4) if found else None


def _summary(transcript: Transcript, locale: str) -> Sheet:
    covered = coverage(transcript)
    whole = max(1, transcript.duration_ms)
    facts: list[tuple[Names, Cell]] = [
        (("文件", "File"), title(transcript)),
        (("时长", "Length"), Time(transcript.duration_ms)),
        (("段数", "Segments"), len(transcript.segments)),
        (("修改过的段数", "Edited segments"), sum(row.original is not None for row in transcript.segments)),
        (("没有识别出来的段数", "Segments that failed"), len(transcript.failed())),
        (("说话时长", "Speech"), Time(covered.speech_ms)),
        (("说话占全长", "Speech, of the recording"), Percent(covered.speech_ms / whole)),
        (("其他声音占全长", "Other sounds, of the recording"), Percent(covered.sound_ms / whole)),
        (("说话人数", "Speakers"), len(transcript.speakers) or None),
        (("模型", "Model"), transcript.model.name),
        (("说明", "Note"), end_note(transcript, locale)),
    ]
    facts += [(("建议", "Advice"), pick((item.zh, item.en), locale)) for item in transcript.diagnostics]
    rows = [(pick(name, locale), value) for name, value in facts if value not in (None, "")]
    header = [pick(("项目", "Item"), locale), pick(("内容", "Value"), locale)]
    return Sheet(pick(("概要", "Summary"), locale), header, rows)
