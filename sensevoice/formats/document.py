"""The transcript as a Word document (Office Open XML, ECMA-376): headings, who speaks, when, and the tags.

The body is written as XML, because adding thousands of rows one by one takes python-docx minutes; the styles
and the package around it are python-docx's.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from sensevoice.analysis.highlights import highlight_name, highlights
from sensevoice.formats.bundle import zip_of
from sensevoice.formats.partial import end_note
from sensevoice.formats.rows import event_names, segment_text
from sensevoice.formats.shared import (
    RenderOptions,
    channel_name,
    one_line,
    pick,
    printable,
    short_clock,
    speaker_names,
    title,
)
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment, Transcript

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

LATIN_FONT, EAST_ASIAN_FONT = "Calibri", "微软雅黑"
"""Word and WPS have both, and others put a font of their own in their place; without an East Asian font Word
shows Chinese in whatever the template's theme names, which is Japanese on many machines."""

SECTION_MS = 600_000
"""A heading every ten minutes, by which the navigation pane finds a place in a long recording."""

A4_MM, MARGIN_MM = (210, 297), 20

MAX_TITLE_CHARS = 255
"""What Word takes for the title in a file's properties."""

TWIPS_PER_MM = 1440 / 25.4

_HEADINGS = {"moments": ("关键片段", "Key moments"), "text": ("正文", "Transcript")}
_COLUMNS = {
    "start": ("开始", "Start"),
    "end": ("结束", "End"),
    "who": ("说话人", "Who"),
    "language": ("语言", "Language"),
    "emotion": ("情绪", "Emotion"),
    "events": ("声音", "Sounds"),
    "text": ("文本", "Text"),
}
_WIDTHS_MM = {"start": 19, "end": 19, "who": 26, "language": 19, "emotion": 19, "events": 28}
_TAGS = ("language", "emotion", "events")


def docx(transcript: Transcript, options: RenderOptions) -> bytes:
    """Return the transcript as a Word document, in paragraphs or as a table; the same one every time."""
    document = _empty_document(title(transcript) or "transcript", landscape=options.table)
    body = document.element.body
    end = body.find(f"{{{W}}}sectPr")
    for element in _parsed(_content(transcript, options)):
        end.addprevious(element)
    return _saved(document)


def _empty_document(name: str, landscape: bool) -> Any:
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    document = Document()
    section = document.sections[0]
    width, height = A4_MM[::-1] if landscape else A4_MM
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(MARGIN_MM))
    _set_fonts(document.styles.element)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = name[:MAX_TITLE_CHARS], "SenseVoice", ""
    return document


def _set_fonts(styles: Any) -> None:
    """Name the fonts of all styles themselves: those of a theme come before any named beside them."""
    fonts = {"ascii": LATIN_FONT, "hAnsi": LATIN_FONT, "cs": LATIN_FONT, "eastAsia": EAST_ASIAN_FONT}
    for element in styles.iter(f"{{{W}}}rFonts"):
        element.attrib.clear()
        for name, font in fonts.items():
            element.set(f"{{{W}}}{name}", font)
    for element in styles.iter(f"{{{W}}}lang"):
        element.set(f"{{{W}}}eastAsia", "zh-CN")


def _parsed(parts: Iterable[str]) -> list[Any]:
    from docx.oxml import parse_xml

    return list(parse_xml(f'<w:body xmlns:w="{W}">{"".join(parts)}</w:body>'))


def _saved(document: Any) -> bytes:
    """Return the file without the time of its making, so that the same transcript gives the same bytes."""
    file = io.BytesIO()
    document.save(file)
    with zipfile.ZipFile(file) as package:
        return zip_of([(name, package.read(name)) for name in package.namelist()])


def _content(transcript: Transcript, options: RenderOptions) -> Iterator[str]:
    locale = options.locale
    yield _paragraph("Title", title(transcript) or "transcript")
    yield _paragraph("Subtitle", _facts(transcript, locale))
    moments = highlights(transcript) if options.tags else ()
    if moments:
        yield _paragraph("Heading1", pick(_HEADINGS["moments"], locale))
    for item in moments:
        named = _run(highlight_name(item.kind, locale), "Strong")
        when = _run(short_clock(item.span.start_ms) + " ", "SubtleEmphasis")
        yield _paragraph("ListBullet", when + named + _run(f" {one_line(item.text)}"), is_xml=True)
    yield _paragraph("Heading1", pick(_HEADINGS["text"], locale))
    yield from _table(transcript, options) if options.table else _paragraphs(transcript, options)
    note = end_note(transcript, locale)
    if note:
        yield _paragraph("IntenseQuote", note)


def _facts(transcript: Transcript, locale: str) -> str:
    count = len(transcript.segments)
    facts = [
        short_clock(transcript.duration_ms),
        pick((f"{count} 段", f"{count} segments"), locale),
        pick(("、", ", "), locale).join(speaker_names(transcript, locale).values()),
        "" if transcript.model.name == "" else one_line(transcript.model.name),
    ]
    return " · ".join(filter(None, facts))


def _paragraphs(transcript: Transcript, options: RenderOptions) -> Iterator[str]:
    """Yield a heading every ten minutes, who speaks at every change, and a paragraph for each row."""
    names = speaker_names(transcript, options.locale)
    long = transcript.duration_ms > SECTION_MS
    level = "Heading3" if long else "Heading2"
    section, speaks = -1, ""
    for segment in transcript.segments:
        if not _is_shown(segment, options):
            continue
        if long and segment.span.start_ms // SECTION_MS != section:
            section, speaks = segment.span.start_ms // SECTION_MS, ""
            yield _paragraph("Heading2", short_clock(section * SECTION_MS))
        who = _who(segment, names, options.locale)
        if who != speaks:
            yield _paragraph(level, who) if who else ""
            speaks = who
        yield _row_paragraph(segment, options)


def _is_shown(segment: Segment, options: RenderOptions) -> bool:
    return bool(segment.text or segment.error or (options.tags and _tags(segment, options.locale)))


def _row_paragraph(segment: Segment, options: RenderOptions) -> str:
    tags = _tags(segment, options.locale) if options.tags else []
    runs = [_run(short_clock(segment.span.start_ms) + " ", "SubtleEmphasis")]
    runs += [_run(f"[{' · '.join(tags)}] ", "Emphasis")] if tags else []
    return _paragraph("Normal", "".join([*runs, _run(segment_text(segment, options.locale))]), is_xml=True)


def _tags(segment: Segment, locale: str) -> list[str]:
    names = (label(segment.language, locale), label(segment.emotion, locale))
    return [name for name in (*names, event_names(segment.events, locale)) if name]


def _who(segment: Segment, names: dict[str, str], locale: str) -> str:
    return names.get(segment.speaker or "") or channel_name(segment.channel, locale)


def _table(transcript: Transcript, options: RenderOptions) -> Iterator[str]:
    locale, names = options.locale, speaker_names(transcript, options.locale)
    several = any(_who(segment, names, locale) for segment in transcript.segments)
    columns = [
        name for name in _COLUMNS if (name != "who" or several) and (options.tags or name not in _TAGS)
    ]
    widths = [_WIDTHS_MM.get(name, 0) for name in columns]
    widths[-1] = A4_MM[1] - 2 * MARGIN_MM - sum(widths)
    twips = [round(width * TWIPS_PER_MM) for width in widths]
    yield '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/></w:tblPr>'
    yield "<w:tblGrid>" + "".join(f'<w:gridCol w:w="{width}"/>' for width in twips) + "</w:tblGrid>"
    yield _row([pick(_COLUMNS[name], locale) for name in columns], twips, heading=True)
    for segment in transcript.segments:
        if _is_shown(segment, options):
            cells = _cells(segment, names, locale)
            yield _row([cells[name] for name in columns], twips)
    yield "</w:tbl><w:p/>"  # Word wants a paragraph behind a table


def _cells(segment: Segment, names: dict[str, str], locale: str) -> dict[str, str]:
    return {
        "start": short_clock(segment.span.start_ms),
        "end": short_clock(segment.span.end_ms),
        "who": _who(segment, names, locale),
        "language": label(segment.language, locale),
        "emotion": label(segment.emotion, locale),
        "events": event_names(segment.events, locale),
        "text": segment_text(segment, locale),
    }


def _row(cells: Sequence[str], twips: Sequence[int], heading: bool = False) -> str:
    # The heading is repeated on every page; a row is not divided between two.
    properties = f"<w:trPr><w:cantSplit/>{'<w:tblHeader/>' if heading else ''}</w:trPr>"
    style = "Strong" if heading else ""
    written = (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
        f"{_paragraph('NoSpacing', _run(cell, style), is_xml=True)}</w:tc>"
        for cell, width in zip(cells, twips, strict=True)
    )
    return f"<w:tr>{properties}{''.join(written)}</w:tr>"


def _paragraph(style: str, content: str, is_xml: bool = False) -> str:
    runs = content if is_xml else _run(content)
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>'


def _run(text: str, style: str = "") -> str:
    properties = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(printable(text))}</w:t></w:r>' if text else ""
