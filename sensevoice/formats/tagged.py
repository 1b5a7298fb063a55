"""The tagged transcript: `[language] [emotion] text (sound) (sound)`, one line per segment."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sensevoice.formats.shared import channel_name, clock, pick, speaker_names
from sensevoice.tags.labels import label
from sensevoice.tags.parse import inline_emotion
from sensevoice.transcript import Event, InlineTag, Segment, Transcript

SOUND_GAP_MS = 1_000
"""A sound that begins this soon after a line is perceived as part of it: laughter after the joke."""


@dataclass(frozen=True)
class TaggedLine:
    """One line, and the time from the start of its first segment to the end of its last."""

    start_ms: int
    end_ms: int
    text: str


def tagged_lines(transcript: Transcript, locale: str) -> list[TaggedLine]:
    """Return the lines of the tagged transcript; sounds soon after a line are part of it."""
    lines: list[_Line] = []
    latest: dict[str | None, _Line] = {}
    names = speaker_names(transcript, locale)
    for segment in transcript.segments:
        line = _Line(segment, locale, names.get(segment.speaker or "", ""))
        before = latest.get(segment.channel)
        if _is_sound(segment) and before and segment.span.start_ms <= before.end_ms + SOUND_GAP_MS:
            before.append_sounds(segment)
        elif line.add(segment):
            lines.append(line)
            latest[segment.channel] = line
    return [line.finished() for line in lines]


def tagged(transcript: Transcript, locale: str) -> str:
    """Return the tagged transcript."""
    return "\n".join(line.text for line in tagged_lines(transcript, locale))


def timed(transcript: Transcript, locale: str) -> str:
    """Return the tagged transcript with `[start → end]` before each line."""
    return "\n".join(
        f"[{clock(line.start_ms)} → {clock(line.end_ms)}] {line.text}"
        for line in tagged_lines(transcript, locale)
    )


def _is_sound(segment: Segment) -> bool:
    return segment.kind == "sound" and not segment.error


class _Line:
    """A line under construction: its parts, and the last sound among them."""

    def __init__(self, first: Segment, locale: str, name: str) -> None:
        self.locale = locale
        self.start_ms, self.end_ms = first.span.start_ms, first.span.end_ms
        # Whose channel it is says the same as who speaks.
        whose = name or channel_name(first.channel, locale)
        self.parts = [f"[{whose}]"] if whose else []
        self.last_sound: Event | None = None
        self.last_sound_at = 0

    def add(self, segment: Segment) -> bool:
        """Add the first segment of the line; return False if nothing of it is shown."""
        if segment.error:
            self.parts.append(failure(segment, self.locale))
            return True
        if segment.kind == "sound":
            self.append_sounds(segment)
            return self.last_sound is not None
        return self._add_speech(segment)

    def append_sounds(self, segment: Segment) -> None:
        """Add sounds at the end; one that continues the last sound of the line is shown once."""
        for event in segment.events:
            last = self.last_sound
            if last and last.name == event.name:
                self.last_sound = replace(last, trend=last.trend or event.trend)
                self.parts[self.last_sound_at] = _in_brackets(self.last_sound, self.locale)
            elif not self._show_sound(event):
                continue
            self.end_ms = max(self.end_ms, segment.span.end_ms)

    def finished(self) -> TaggedLine:
        return TaggedLine(self.start_ms, self.end_ms, " ".join(self.parts))

    def _add_speech(self, segment: Segment) -> bool:
        self._show_name(segment.language)
        before = len(self.parts)
        # An emotion inside the text is shown there, not in front.
        if segment.emotion != inline_emotion(segment.inline):
            self._show_name(segment.emotion)
        self._add_text(segment)
        for event in segment.events:
            if event.offset is None:
                self._show_sound(event)
        return len(self.parts) > before

    def _add_text(self, segment: Segment) -> None:
        """Add the text with its tags at their places."""
        at = 0
        for offset, tag in _marks(segment, self.locale):
            self._show(segment.text[at:offset].strip())
            at = offset
            if isinstance(tag, Event):
                self._show_sound(tag)
            else:
                self._show_name(tag.name)
        self._show(segment.text[at:].strip())

    def _show(self, part: str) -> bool:
        if part:
            self.parts.append(part)
        return bool(part)

    def _show_name(self, name: str) -> None:
        shown = label(name, self.locale)
        self._show(f"[{shown}]" if shown else "")

    def _show_sound(self, event: Event) -> bool:
        shown = self._show(_in_brackets(event, self.locale))
        if shown:
            self.last_sound, self.last_sound_at = event, len(self.parts) - 1
        return shown


def _marks(segment: Segment, locale: str) -> list[tuple[int, InlineTag | Event]]:
    """Return the tags shown inside the text, in order; at one place names come before sounds, as in front."""
    marks: list[tuple[int, InlineTag | Event]] = [(tag.offset, tag) for tag in segment.inline]
    marks += [(event.offset, event) for event in segment.events if event.offset is not None]
    shown = [mark for mark in marks if label(mark[1].name, locale)]
    return sorted(shown, key=lambda mark: mark[0])


def _in_brackets(event: Event, locale: str) -> str:
    name = label(event.name, locale, event.trend)
    return f"({name})" if name else ""


def failure(segment: Segment, locale: str) -> str:
    """Return the text shown for a segment that could not be recognised."""
    start, end = clock(segment.span.start_ms), clock(segment.span.end_ms)
    reason = " ".join((segment.error or "").split())
    return pick(
        (f"[识别失败 {start} → {end}：{reason}]", f"[recognition failed {start} → {end}: {reason}]"), locale
    )
