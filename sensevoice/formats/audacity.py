"""Audacity's label tracks: start and end in seconds and a text, separated by tabs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sensevoice.analysis.highlights import Highlight, highlight_name
from sensevoice.formats.editing import chosen, with_handles
from sensevoice.formats.shared import RenderOptions, one_line, several_voices, speaker_names, voice_mark
from sensevoice.formats.tagged import tagged_lines
from sensevoice.transcript import Transcript

Label = tuple[int, int, str]


def labels_track(transcript: Transcript, options: RenderOptions) -> str:
    """Return a label for each segment, with its tags as in the tagged transcript."""
    return _track(
        (line.start_ms, line.end_ms, line.text)
        for segment in transcript.segments  # one at a time, so that a sound has its own label
        for line in tagged_lines(replace(transcript, segments=(segment,)), options.locale)
    )


def highlights_track(transcript: Transcript, options: RenderOptions) -> str:
    """Return the highlights of the chosen kinds as labels, handles included."""
    several = several_voices(transcript)
    names = speaker_names(transcript, options.locale)

    def label(item: Highlight) -> str:
        speaker = names.get(transcript.segments[item.index].speaker or "", "")
        mark = voice_mark(item.channel, speaker, options) if several else ""
        return f"{highlight_name(item.kind, options.locale)} {mark}{item.text}"

    spans = ((item, with_handles(item, transcript, options)) for item in chosen(transcript, options))
    return _track((span.start_ms, span.end_ms, label(item)) for item, span in spans)


def _track(labels: Iterable[Label]) -> str:
    return "".join(f"{_seconds(start)}\t{_seconds(end)}\t{one_line(text)}\n" for start, end, text in labels)


def _seconds(time_ms: int) -> str:
    """Return seconds with six decimals as Audacity does, exactly; floats are rounded at large times."""
    return f"{time_ms // 1000}.{time_ms % 1000:03d}000"
