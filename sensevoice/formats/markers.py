"""The highlights as markers of a sequence, in the XML of Final Cut Pro 7, which Premiere and Resolve read.

Layout: Apple, Final Cut Pro XML Interchange Format, version 5.
"""

from __future__ import annotations

from xml.etree import ElementTree

from sensevoice.analysis.highlights import highlight_name
from sensevoice.formats.editing import moments, record_clock
from sensevoice.formats.shared import RenderOptions, one_line, title
from sensevoice.formats.timecode import FrameClock
from sensevoice.transcript import Transcript

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def markers_xml(transcript: Transcript, options: RenderOptions) -> str:
    """Return a sequence as long as the recording with a marker at each highlight."""
    clock = record_clock(transcript, options)
    root = ElementTree.Element("xmeml", version="5")
    sequence = ElementTree.SubElement(root, "sequence", id="sequence-1")
    _add(sequence, "name", title(transcript) or "SenseVoice")
    _add(sequence, "duration", clock.end_frame(transcript.duration_ms))
    _add_rate(sequence, clock)
    _add_start(sequence, clock)
    for item in moments(transcript, options, clock):
        marker = ElementTree.SubElement(sequence, "marker")
        _add(marker, "name", highlight_name(item.highlight.kind, options.locale))
        _add(marker, "comment", one_line(item.highlight.text))
        _add(marker, "in", item.start)
        _add(marker, "out", item.end)
    media = ElementTree.SubElement(sequence, "media")
    ElementTree.SubElement(ElementTree.SubElement(media, "video"), "track")
    ElementTree.indent(root)
    return _HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)


def _add_rate(parent: ElementTree.Element, clock: FrameClock) -> None:
    rate = ElementTree.SubElement(parent, "rate")
    _add(rate, "timebase", clock.nominal)
    _add(rate, "ntsc", "TRUE" if clock.rate.denominator == 1001 else "FALSE")


def _add_start(parent: ElementTree.Element, clock: FrameClock) -> None:
    start = ElementTree.SubElement(parent, "timecode")
    _add_rate(start, clock)
    _add(start, "string", clock.timecode(0))
    _add(start, "frame", clock.first)
    _add(start, "displayformat", "DF" if clock.drop else "NDF")
