"""All export formats. A new one is a module with a function that returns text or bytes, and a row below."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sensevoice.formats import audacity, sheets
from sensevoice.formats.ass import ass
from sensevoice.formats.document import docx
from sensevoice.formats.edl import edl, markers_edl
from sensevoice.formats.jsonl import jsonl
from sensevoice.formats.lrc import lrc
from sensevoice.formats.markers import markers_xml
from sensevoice.formats.partial import with_end_note
from sensevoice.formats.record import from_dict, json_text, to_dict
from sensevoice.formats.shared import (
    LABELS,
    NAMES,
    VIEWS,
    Content,
    Format,
    RenderOptions,
    as_bytes,
    check_choice,
)
from sensevoice.formats.subtitles import srt, vtt
from sensevoice.formats.text import markdown_file, txt, view_text
from sensevoice.formats.textgrid import textgrid
from sensevoice.formats.traditional import can_be_traditional, check_traditional, traditional
from sensevoice.formats.workbook import xlsx
from sensevoice.transcript import Transcript

__all__ = [
    "FORMATS",
    "LABELS",
    "NAMES",
    "VIEWS",
    "Content",
    "Format",
    "RenderOptions",
    "as_bytes",
    "can_be_traditional",
    "check_traditional",
    "from_dict",
    "render",
    "render_view",
    "to_dict",
]

_ROWS = (
    Format("txt", ".txt", "text/plain", "文本（带标签）", "Text, with tags", txt, "documents"),
    Format("srt", ".srt", "application/x-subrip", "SRT 字幕", "SubRip subtitles", srt, "subtitles"),
    Format("vtt", ".vtt", "text/vtt", "WebVTT 字幕", "WebVTT subtitles", vtt, "subtitles"),
    Format("json", ".json", "application/json", "完整记录（JSON）", "The whole record, as JSON", json_text),
    Format(
        "ass",
        ".ass",
        "text/x-ssa",
        "ASS 字幕（按情绪着色）",
        "ASS subtitles, coloured by emotion",
        ass,
        "subtitles",
    ),
    Format("lrc", ".lrc", "text/x-lrc", "LRC 歌词", "LRC lyrics", lrc, "subtitles"),
    Format("jsonl", ".jsonl", "application/jsonl", "逐段记录（JSONL）", "The segments, as JSON Lines", jsonl),
    Format(
        "csv",
        ".csv",
        "text/csv",
        "表格（CSV，Excel 可用）",
        "Table (CSV, for Excel)",
        sheets.segments_csv,
        "tables",
    ),
    Format(
        "tsv",
        ".tsv",
        "text/tab-separated-values",
        "表格（TSV）",
        "Table (TSV)",
        sheets.segments_tsv,
        "tables",
    ),
    Format(
        "docx",
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "Word 文档（DOCX）",
        "Word document (DOCX)",
        docx,
        "documents",
        binary=True,
    ),
    Format(
        "xlsx",
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Excel 工作簿（XLSX）",
        "Excel workbook (XLSX)",
        xlsx,
        "tables",
        binary=True,
    ),
    Format("markdown", ".md", "text/markdown", "Markdown 表格", "Markdown table", markdown_file, "documents"),
    Format("textgrid", ".TextGrid", "text/x-textgrid", "Praat TextGrid", "Praat TextGrid", textgrid),
    Format(
        "audacity",
        ".labels.txt",
        "text/plain",
        "Audacity 标签",
        "Audacity labels",
        audacity.labels_track,
    ),
    Format(
        "highlights_csv",
        ".highlights.csv",
        "text/csv",
        "关键片段（CSV）",
        "Key moments (CSV)",
        sheets.highlights_csv,
        "tables",
    ),
    Format(
        "highlights_labels",
        ".highlights.txt",
        "text/plain",
        "关键片段（Audacity 标签）",
        "Key moments (Audacity labels)",
        audacity.highlights_track,
        "editing",
    ),
    Format(
        "edl", ".edl", "text/x-edl", "关键片段剪辑表（EDL）", "Key moments (EDL cut list)", edl, "editing"
    ),
    Format(
        "markers_edl",
        ".markers.edl",
        "text/x-edl",
        "关键片段标记（达芬奇 EDL）",
        "Key moments (markers for Resolve, EDL)",
        markers_edl,
        "editing",
    ),
    Format(
        "markers_xml",
        ".markers.xml",
        "application/xml",
        "关键片段标记（Premiere / Final Cut XML）",
        "Key moments (markers for Premiere and Final Cut, XML)",
        markers_xml,
        "editing",
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType({row.name: row for row in _ROWS})
"""Every export format by its name, in the order in which they are offered."""


NOTED_BY_THEMSELVES = ("json", "jsonl", "docx", "xlsx")
"""Formats that have a place for what the others say in a last row, which must not be counted as speech."""


def render(transcript: Transcript, format_name: str, options: RenderOptions | None = None) -> Content:
    """Return the content of a file in the named format, bytes where FORMATS says that it is binary.

    Raises OptionError for an unknown name, or for traditional characters without OpenCC.
    """
    check_choice("format", format_name, tuple(FORMATS))
    chosen = options or RenderOptions()
    # The emoji view is made of what the model wrote, and only there that is converted too.
    shown = transcript if format_name in NOTED_BY_THEMSELVES else with_end_note(transcript, chosen.locale)
    shown = traditional(shown, raw=_is_emoji(format_name, chosen)) if chosen.traditional else shown
    return FORMATS[format_name].render(shown, chosen)


def render_view(transcript: Transcript, view: str, locale: str = "zh", in_traditional: bool = False) -> str:
    """Return a view as text for the page, in traditional Chinese on demand.

    Raises OptionError for an unknown view or locale, or for traditional characters without OpenCC.
    """
    options = RenderOptions(view, locale, traditional=in_traditional)
    shown = with_end_note(transcript, locale)
    shown = traditional(shown, raw=view == "emoji") if in_traditional else shown
    return view_text(shown, options)


def _is_emoji(format_name: str, options: RenderOptions) -> bool:
    return format_name == "txt" and options.view == "emoji"
