"""The cues of subtitles: when to show which lines of text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sensevoice.formats.base import speaker_names
from sensevoice.formats.captions import Captioner, Note, keep_opening_sign, with_notes
from sensevoice.formats.linebreak import MAX_LINE_WIDTH, Token, lay_out, tokens
from sensevoice.tags.parse import label
from sensevoice.transcript import Event, Segment, Span, Transcript, Word

MAX_LINES = 2
MAX_CUE_MS = 7_000
"""Longest time that a cue stays: Netflix's limit, about two full lines read slowly."""

PAUSE_MS = 1_000
"""A silence this long inside a segment ends a cue, so that no text stands while nobody speaks."""

_SEARCH_CHARS = 16
"""How far ahead a word is looked for in the text; more would let one stray word skip half a segment."""


@dataclass(frozen=True)
class Cue:
    """Lines of text, the time in which they are shown, and the emotion, channel and person they are of."""

    span: Span
    lines: tuple[str, ...]
    emotion: str = ""
    channel: str | None = None
    speaker: str = ""


@dataclass(frozen=True)
class _Spoken:
    """A token and the time in which it is spoken."""

    token: Token
    span: Span


def cues(transcript: Transcript, locale: str, captions: bool = False) -> list[Cue]:
    """Return the cues of all that was said and heard, in order and without overlap.

    A cue has at most MAX_LINES lines of 42 half-width columns and MAX_CUE_MS, and ends when the speech in
    it ends. Texts are divided after a sentence, else a clause, else a word, by the times of their words;
    where a segment has no words, its time is shared out evenly over the characters of its text. Sounds
    between the speech are named in the locale's language, with `captions` those during it too.
    """
    captioner = Captioner(locale) if captions else None
    result: list[Cue] = []
    names = speaker_names(transcript, locale)
    for segment in transcript.segments:
        of_segment = _captioned(segment, captioner, locale) if captioner else _segment_cues(segment, locale)
        speaker = names.get(segment.speaker or "", "")
        result += (
            replace(cue, emotion=segment.emotion, channel=segment.channel, speaker=speaker)
            for cue in of_segment
        )
    return _in_turn(result)


def _captioned(segment: Segment, captioner: Captioner, locale: str) -> Iterator[Cue]:
    notes = captioner.notes(segment)
    if segment.error:
        return _segment_cues(segment, locale)
    if segment.text:
        return _text_cues(segment.text, segment.span, segment.words, notes)
    span = Span(segment.span.start_ms, min(segment.span.end_ms, segment.span.start_ms + MAX_CUE_MS))
    return _text_cues(" ".join(note.text for note in notes), span, ())


def _segment_cues(segment: Segment, locale: str) -> Iterator[Cue]:
    span = Span(segment.span.start_ms, min(segment.span.end_ms, segment.span.start_ms + MAX_CUE_MS))
    if segment.error:
        return _text_cues("[识别失败]" if locale == "zh" else "[recognition failed]", span, ())
    if segment.kind == "speech":
        return _text_cues(segment.text, segment.span, segment.words)
    captions = (_caption(event, locale) for event in segment.events)
    return _text_cues(" ".join(filter(None, captions)), span, ())


def _caption(event: Event, locale: str) -> str:
    """Return the name of a sound in square brackets, of music in round ones."""
    name = label(event.name, locale, event.trend)
    if not name:
        return ""
    return f"({name})" if event.name == "BGM" else f"[{name}]"


def _text_cues(bare: str, span: Span, words: Sequence[Word], notes: Sequence[Note] = ()) -> Iterator[Cue]:
    clock = _Clock(bare, span, words)
    noted = with_notes(bare, notes)
    text, places = noted.text, noted.places
    parts = keep_opening_sign(text, tokens(text)) if notes else tokens(text)
    spoken = [_Spoken(token, clock.span(places[token.start], places[token.end - 1] + 1)) for token in parts]
    for run in _runs(spoken):
        while run:
            count = _best_count(run)
            group, run = run[:count], run[count:]
            yield Cue(_shown(group), lay_out(text, [part.token for part in group]))


def _runs(parts: Sequence[_Spoken]) -> Iterator[Sequence[_Spoken]]:
    """Divide tokens where a pause is between them."""
    begin = 0
    for index, (before, after) in enumerate(pairwise(parts), start=1):
        if after.span.start_ms - before.span.end_ms >= PAUSE_MS:
            yield parts[begin:index]
            begin = index
    yield parts[begin:]


def _best_count(run: Sequence[_Spoken]) -> int:
    """Return how many tokens the next cue takes: all that fit, or up to the best cut among them."""
    fitting = _fitting_count(run)
    if fitting == len(run):
        return fitting
    return min(range(1, fitting + 1), key=lambda count: (run[count - 1].token.cut, -count))


def _fitting_count(run: Sequence[_Spoken]) -> int:
    """Return how many tokens fit into the lines and the time of one cue, at least one."""
    latest_ms = run[0].span.start_ms + MAX_CUE_MS
    line, left = 1, run[0].token.left
    for index, part in enumerate(run):
        if part.token.right - left > MAX_LINE_WIDTH:
            line, left = line + 1, part.token.left
        if index and (line > MAX_LINES or part.span.end_ms > latest_ms):
            return index
    return len(run)


def _shown(group: Sequence[_Spoken]) -> Span:
    """Return when a cue is shown: while it is spoken, but at most MAX_CUE_MS."""
    start_ms = group[0].span.start_ms
    return Span(start_ms, min(group[-1].span.end_ms, start_ms + MAX_CUE_MS))


class _Clock:
    """The time at every character of a segment's text, known at its words and even in between.

    Words are compared by their letters and digits: punctuation is not heard, and is not in every word.
    """

    def __init__(self, text: str, span: Span, words: Sequence[Word]) -> None:
        self._text = text
        self._segment = span
        self._has_words = bool(words)
        self._places = [0]
        self._times_ms = [span.start_ms]
        at = 0
        for word in words:
            core = _core(word.text)
            result = text.find(core, at, at + len(core) + _SEARCH_CHARS) if core else -1
            if result >= 0:
                at = result + len(core)
                self._add(result, word.span.start_ms)
                self._add(at, word.span.end_ms)
        self._add(len(text), span.end_ms)

    def span(self, first: int, last: int) -> Span:
        """Return when these characters are spoken, never empty and never beyond the segment."""
        letters = [place for place in range(first, last) if self._text[place].isalnum()]
        if letters and self._has_words:
            first, last = letters[0], letters[-1] + 1
        start_ms = self._between(bisect_right(self._places, first) - 1, first)
        end_ms = self._between(bisect_left(self._places, last) - 1, last)
        start_ms = min(start_ms, self._segment.end_ms - 1)
        return Span(start_ms, max(end_ms, start_ms + 1))

    def _add(self, place: int, time_ms: int) -> None:
        """Note a time, not before the one noted last and not after the segment."""
        self._places.append(place)
        self._times_ms.append(min(max(time_ms, self._times_ms[-1]), self._segment.end_ms))

    def _between(self, index: int, place: int) -> int:
        """Return the time at a place between the noted ones `index` and `index` + 1."""
        left, right = self._places[index], self._places[index + 1]
        early, late = self._times_ms[index], self._times_ms[index + 1]
        return early + (late - early) * (place - left) // (right - left)


def _core(word: str) -> str:
    """Return a word from its first to its last letter or digit."""
    letters = [index for index, char in enumerate(word) if char.isalnum()]
    return word[letters[0] : letters[-1] + 1] if letters else ""


def _in_turn(found: Sequence[Cue]) -> list[Cue]:
    """Return cues in order of time; two that overlap, as when both channels speak, share their time.

    The first stays until half of their common time is over, but not beyond its end and at least until
    the second begins, so that both can be read.
    """
    result: list[Cue] = []
    for cue in sorted(found, key=lambda cue: cue.span):
        if result and cue.span.start_ms < result[-1].span.end_ms:
            first, second = result[-1].span, cue.span
            earliest_ms = max(second.start_ms, first.start_ms + 1)
            turn_ms = min(max((first.start_ms + second.end_ms) // 2, earliest_ms), first.end_ms)
            result[-1] = replace(result[-1], span=Span(first.start_ms, turn_ms))
            cue = replace(cue, span=Span(turn_ms, max(second.end_ms, turn_ms + 1)))
        result.append(cue)
    return result
