"""Every way to write a transcript. A new format is one module with a function and one row in FORMATS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sensevoice.formats.base import LABELS, VIEWS, Format, RenderOptions, check_choice
from sensevoice.formats.record import from_dict, json_text, to_dict
from sensevoice.formats.subtitles import srt, vtt
from sensevoice.formats.text import txt, view_text
from sensevoice.transcript import Transcript

__all__ = [
    "FORMATS",
    "LABELS",
    "VIEWS",
    "Format",
    "RenderOptions",
    "from_dict",
    "render",
    "render_view",
    "to_dict",
]

_ROWS = (
    Format("txt", ".txt", "text/plain", "文本（所选视图）", "Text, in the chosen view", txt),
    Format("srt", ".srt", "application/x-subrip", "SRT 字幕", "SubRip subtitles", srt),
    Format("vtt", ".vtt", "text/vtt", "WebVTT 字幕", "WebVTT subtitles", vtt),
    Format("json", ".json", "application/json", "完整记录（JSON）", "The whole record, as JSON", json_text),
)

FORMATS: Mapping[str, Format] = MappingProxyType({row.name: row for row in _ROWS})
"""Every export format by its name, in the order in which a reader is offered them."""


def render(transcript: Transcript, format_name: str, options: RenderOptions | None = None) -> str:
    """Return the content of a file in the named format. Raises OptionError for an unknown name."""
    check_choice("format", format_name, tuple(FORMATS))
    return FORMATS[format_name].render(transcript, options or RenderOptions())


def render_view(transcript: Transcript, view: str, labels: str = "zh") -> str:
    """Return a view as text on a page. Raises OptionError for an unknown view or labels."""
    return view_text(transcript, RenderOptions(view, labels))
