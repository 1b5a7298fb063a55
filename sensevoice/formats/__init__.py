"""Every way to write a transcript. A new format is one module with a function and one row in FORMATS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sensevoice.formats import audacity, sheets
from sensevoice.formats.ass import ass
from sensevoice.formats.base import LABELS, VIEWS, Format, RenderOptions, check_choice
from sensevoice.formats.bundle import bundle
from sensevoice.formats.edl import edl
from sensevoice.formats.jsonl import jsonl
from sensevoice.formats.lrc import lrc
from sensevoice.formats.record import from_dict, json_text, to_dict
from sensevoice.formats.subtitles import srt, vtt
from sensevoice.formats.text import markdown_file, txt, view_text
from sensevoice.formats.textgrid import textgrid
from sensevoice.formats.traditional import can_be_traditional, check_traditional, traditional
from sensevoice.transcript import Transcript

__all__ = [
    "FORMATS",
    "LABELS",
    "VIEWS",
    "Format",
    "RenderOptions",
    "can_be_traditional",
    "check_traditional",
    "from_dict",
    "render",
    "render_bundle",
    "render_view",
    "to_dict",
]

_ROWS = (
    Format("txt", ".txt", "text/plain", "文本（所选视图）", "Text, in the chosen view", txt),
    Format("srt", ".srt", "application/x-subrip", "SRT 字幕", "SubRip subtitles", srt),
    Format("vtt", ".vtt", "text/vtt", "WebVTT 字幕", "WebVTT subtitles", vtt),
    Format("json", ".json", "application/json", "完整记录（JSON）", "The whole record, as JSON", json_text),
    Format("ass", ".ass", "text/x-ssa", "ASS 字幕（按情绪着色）", "ASS subtitles, coloured by emotion", ass),
    Format("lrc", ".lrc", "text/x-lrc", "LRC 歌词", "LRC lyrics", lrc),
    Format("jsonl", ".jsonl", "application/jsonl", "逐段记录（JSONL）", "The segments, as JSON Lines", jsonl),
    Format(
        "csv", ".csv", "text/csv", "表格（CSV，Excel 可用）", "Table (CSV, for Excel)", sheets.segments_csv
    ),
    Format("tsv", ".tsv", "text/tab-separated-values", "表格（TSV）", "Table (TSV)", sheets.segments_tsv),
    Format("markdown", ".md", "text/markdown", "Markdown 表格", "Markdown table", markdown_file),
    Format("textgrid", ".TextGrid", "text/x-textgrid", "Praat TextGrid", "Praat TextGrid", textgrid),
    Format(
        "audacity", ".labels.txt", "text/plain", "Audacity 标签", "Audacity labels", audacity.labels_track
    ),
    Format(
        "highlights_csv",
        ".highlights.csv",
        "text/csv",
        "亮点（CSV）",
        "Highlights (CSV)",
        sheets.highlights_csv,
    ),
    Format(
        "highlights_labels",
        ".highlights.txt",
        "text/plain",
        "亮点（Audacity 标签）",
        "Highlights (Audacity locale)",
        audacity.highlights_track,
    ),
    Format("edl", ".edl", "text/x-edl", "亮点剪辑表（EDL）", "Highlights (EDL cut list)", edl),
)

FORMATS: Mapping[str, Format] = MappingProxyType({row.name: row for row in _ROWS})
"""Every export format by its name, in the order in which a reader is offered them."""


def render(transcript: Transcript, format_name: str, options: RenderOptions | None = None) -> str:
    """Return the content of a file in the named format.

    Raises OptionError for an unknown name, or for traditional characters without OpenCC.
    """
    check_choice("format", format_name, tuple(FORMATS))
    chosen = options or RenderOptions()
    # The emoji view is made of what the model wrote, and only there that is converted too.
    shown = traditional(transcript, raw=_is_emoji(format_name, chosen)) if chosen.traditional else transcript
    return FORMATS[format_name].render(shown, chosen)


def render_view(transcript: Transcript, view: str, locale: str = "zh", in_traditional: bool = False) -> str:
    """Return a view as text on a page, with traditional Chinese on demand.

    Raises OptionError for an unknown view or locale, or for traditional characters without OpenCC.
    """
    options = RenderOptions(view, locale, traditional=in_traditional)
    shown = traditional(transcript, raw=view == "emoji") if in_traditional else transcript
    return view_text(shown, options)


def render_bundle(
    transcripts: Sequence[Transcript], format_name: str, options: RenderOptions | None = None
) -> bytes:
    """Return a zip file with a file in the named format for each transcript. Raises as `render`."""
    check_choice("format", format_name, tuple(FORMATS))
    return bundle(
        transcripts, FORMATS[format_name].extension, lambda item: render(item, format_name, options)
    )


def _is_emoji(format_name: str, options: RenderOptions) -> bool:
    return format_name == "txt" and options.view == "emoji"
