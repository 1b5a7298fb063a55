"""The moments of a recording that people look for: applause, laughter, crying, anger, impatience."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from sensevoice.transcript import Segment, Span, Transcript

HighlightKind = Literal["applause", "laughter", "crying", "anger", "impatience"]

HIGHLIGHT_NAMES: Mapping[HighlightKind, tuple[str, str]] = MappingProxyType(
    {
        "applause": ("掌声", "applause"),
        "laughter": ("笑声", "laughter"),
        "crying": ("哭声", "crying"),
        "anger": ("愤怒", "anger"),
        "impatience": ("不耐烦", "impatience"),
    }
)
"""Kind → (Chinese, English), in the order in which readers are offered them."""

SOUND_GAP_MS = 1_000
"""Laughter with a breath this long in it is one laughter, and one cut."""

_SOUNDS: Mapping[str, HighlightKind] = MappingProxyType(
    {"Applause": "applause", "Laughter": "laughter", "Cry": "crying"}
)


@dataclass(frozen=True)
class Highlight:
    """One moment: what, when, in which segment (its index in the transcript), and what was said.

    Sounds of one kind that follow each other closely are one highlight, with the index of the first.
    Impatience is anger with a cough in the same segment or the next one of that channel; it stands in
    place of the anger and lasts until the end of the cough's segment.
    """

    kind: HighlightKind
    span: Span
    index: int
    text: str
    channel: str | None = None


def highlights(transcript: Transcript) -> tuple[Highlight, ...]:
    """Return the highlights in order of time."""
    result: list[Highlight] = []
    latest: dict[tuple[HighlightKind, str | None], int] = {}
    for item in _each(transcript.segments):
        key = item.kind, item.channel
        place = latest.get(key)
        if place is not None and _goes_on(result[place], item):
            result[place] = _joined(result[place], item)
        else:
            latest[key] = len(result)
            result.append(item)
    return tuple(sorted(result, key=lambda item: (item.span, item.index)))


def highlight_name(kind: HighlightKind, locale: str) -> str:
    """Return the name of a kind for a reader of "zh" or, for any other value, of English."""
    return HIGHLIGHT_NAMES[kind][0 if locale == "zh" else 1]


def _each(segments: tuple[Segment, ...]) -> Iterator[Highlight]:
    following = _following(segments)
    for index, segment in enumerate(segments):
        for kind in dict.fromkeys(_SOUNDS[event.name] for event in segment.events if event.name in _SOUNDS):
            yield Highlight(kind, segment.span, index, segment.text, segment.channel)
        if _is_angry(segment):
            yield _anger(segment, index, following[index])


def _following(segments: tuple[Segment, ...]) -> list[Segment | None]:
    """Return for each segment the next one of its channel: the other channel's cough is another person's."""
    result: list[Segment | None] = []
    latest: dict[str | None, Segment] = {}
    for segment in reversed(segments):
        result.append(latest.get(segment.channel))
        latest[segment.channel] = segment
    return result[::-1]


def _is_angry(segment: Segment) -> bool:
    return segment.emotion == "ANGRY" or any(tag.name == "ANGRY" for tag in segment.inline)


def _coughs(segment: Segment) -> bool:
    return any(event.name == "Cough" for event in segment.events)


def _anger(segment: Segment, index: int, after: Segment | None) -> Highlight:
    if _coughs(segment):
        return Highlight("impatience", segment.span, index, segment.text, segment.channel)
    if after is not None and _coughs(after):
        span = Span(segment.span.start_ms, max(segment.span.end_ms, after.span.end_ms))
        return Highlight("impatience", span, index, segment.text, segment.channel)
    return Highlight("anger", segment.span, index, segment.text, segment.channel)


def _goes_on(before: Highlight, item: Highlight) -> bool:
    gap_ms = item.span.start_ms - before.span.end_ms
    return item.kind in _SOUNDS.values() and gap_ms <= SOUND_GAP_MS


def _joined(before: Highlight, item: Highlight) -> Highlight:
    span = Span(before.span.start_ms, max(before.span.end_ms, item.span.end_ms))
    return replace(before, span=span, text=" ".join(filter(None, (before.text, item.text))))
