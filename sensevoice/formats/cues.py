"""Subtitle cues: which lines of text are shown when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from sensevoice.formats.captions import Captioner, Note, keep_opening_sign, with_notes
from sensevoice.formats.linebreak import MAX_LINE_WIDTH, Token, lay_out, tokens
from sensevoice.formats.shared import printable, speaker_names
from sensevoice.tags.parse import is_unspaced
from sensevoice.transcript import Segment, Span, Transcript, Word

MAX_LINES = 2
MAX_CUE_MS = 7_000
"""Longest duration of a cue: Netflix's limit, about two full lines read slowly."""

MIN_CUE_MS = 833
"""Shortest time that a cue stays, where it can: Netflix's limit, 20 frames at 24 a second."""

PAUSE_MS = 1_000
"""A silence this long inside a segment ends a cue, so that no text is shown while nobody speaks."""

_SEARCH_CHARS = 16
"""How far ahead a word is searched in the text; with more, one wrong word could skip half a segment."""


@dataclass(frozen=True)
class Cue:
    """Lines of text, the time for which they are shown, and their segment's emotion, channel and speaker."""

    span: Span
    lines: tuple[str, ...]
    emotion: str = ""
    channel: str | None = None
    speaker: str = ""


@dataclass(frozen=True)
class _Spoken:
    """A token and the time at which it is spoken."""

    token: Token
    span: Span


def cues(transcript: Transcript, locale: str, captions: bool = False) -> list[Cue]:
    """Return the cues of all that was said, in order of time; those of one channel never overlap.

    A cue has at most MAX_LINES lines of 42 half-width columns and MAX_CUE_MS, and ends when the speech in
    it ends, but not before MIN_CUE_MS if nothing follows so soon. Texts are divided after a sentence, else
    a clause, else a word, by the times of their words; where a segment has no words, its time is shared
    out evenly over the characters of its text. With `captions` sounds are named in the locale's language.
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
    return _in_turn(result, transcript.duration_ms)


def joined_cues(shown: Sequence[Cue], mark: Callable[[Cue], str]) -> list[Cue]:
    """Return cues of which no two overlap, for formats that show one at a time.

    Where two people speak at once, each has a line of it; `mark` is what stands before a cue's text.
    """
    marked = [replace(cue, lines=(mark(cue) + cue.lines[0], *cue.lines[1:])) for cue in shown]
    edges_ms = sorted({edge for cue in marked for edge in (cue.span.start_ms, cue.span.end_ms)})
    pieces: list[tuple[Span, list[Cue]]] = []
    active: list[Cue] = []
    coming = deque(marked)
    for start_ms, end_ms in pairwise(edges_ms):
        active = [cue for cue in active if cue.span.end_ms > start_ms]
        while coming and coming[0].span.start_ms <= start_ms:
            active.append(coming.popleft())
        if active:
            pieces.append((Span(start_ms, end_ms), active))
    return [_as_one(span, together) for span, together in _long_enough(pieces)]


def _long_enough(pieces: Sequence[tuple[Span, list[Cue]]]) -> list[tuple[Span, list[Cue]]]:
    """Join pieces too short to be read to the one before them that they touch and share a cue with."""
    result: list[tuple[Span, list[Cue]]] = []
    for span, together in pieces:
        if result:
            before, others = result[-1]
            short = min(span.duration_ms, before.duration_ms) < MIN_CUE_MS
            shared = any(cue is other for cue in together for other in others)
            if short and shared and before.end_ms == span.start_ms:
                more = [cue for cue in together if not any(cue is other for other in others)]
                result[-1] = (Span(before.start_ms, span.end_ms), [*others, *more])
                continue
        result.append((span, list(together)))
    return result


def _as_one(span: Span, together: Sequence[Cue]) -> Cue:
    first = together[0]
    lines = first.lines if len(together) == 1 else tuple(one_row(cue.lines) for cue in together)
    return replace(first, span=span, lines=lines)


def one_row(lines: Sequence[str]) -> str:
    """Return the lines of a cue as one, with a space between them where the writing has spaces."""
    text = lines[0]
    for line in lines[1:]:
        text += line if is_unspaced(text[-1]) and is_unspaced(line[0]) else f" {line}"
    return text


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
    return iter(())


def _text_cues(written: str, span: Span, words: Sequence[Word], notes: Sequence[Note] = ()) -> Iterator[Cue]:
    # A correction may hold line breaks, which are markup in every format.
    bare = printable(written)
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
    """Split tokens at pauses."""
    begin = 0
    for index, (before, after) in enumerate(pairwise(parts), start=1):
        if after.span.start_ms - before.span.end_ms >= PAUSE_MS:
            yield parts[begin:index]
            begin = index
    yield parts[begin:]


def _best_count(run: Sequence[_Spoken]) -> int:
    """Return the number of tokens of the next cue: all that fit, or those up to the best cut."""
    fitting = _fitting_count(run)
    if fitting == len(run):
        return fitting

    def cost(count: int) -> tuple[bool, int, int]:
        shown_ms = run[count - 1].span.end_ms - run[0].span.start_ms
        return shown_ms < MIN_CUE_MS, run[count - 1].token.cut, -count

    return min(range(1, fitting + 1), key=cost)


def _fitting_count(run: Sequence[_Spoken]) -> int:
    """Return the number of tokens that fit into the lines and the duration of one cue, at least one."""
    latest_ms = run[0].span.start_ms + MAX_CUE_MS
    line, left = 1, run[0].token.left
    for index, part in enumerate(run):
        if part.token.right - left > MAX_LINE_WIDTH:
            line, left = line + 1, part.token.left
        if index and (line > MAX_LINES or part.span.end_ms > latest_ms):
            return index
    return len(run)


def _shown(group: Sequence[_Spoken]) -> Span:
    """Return the time of a cue: while it is spoken, but at most MAX_CUE_MS."""
    start_ms = group[0].span.start_ms
    return Span(start_ms, min(group[-1].span.end_ms, start_ms + MAX_CUE_MS))


class _Clock:
    """The time of every character of a segment's text, from its words and interpolated between them.

    Words are compared by their letters and digits, because not every word has its punctuation.
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
        """Return the time of the characters from `first` up to `last`, never empty and within the segment."""
        letters = [place for place in range(first, last) if self._text[place].isalnum()]
        if letters and self._has_words:
            first, last = letters[0], letters[-1] + 1
        start_ms = self._between(bisect_right(self._places, first) - 1, first)
        end_ms = self._between(bisect_left(self._places, last) - 1, last)
        start_ms = min(start_ms, self._segment.end_ms - 1)
        return Span(start_ms, max(end_ms, start_ms + 1))

    def _add(self, place: int, time_ms: int) -> None:
        """Add the time of a place, not before the last one and not after the segment."""
        self._places.append(place)
        self._times_ms.append(min(max(time_ms, self._times_ms[-1]), self._segment.end_ms))

    def _between(self, index: int, place: int) -> int:
        """Return the time of a place by interpolation between the known ones `index` and `index` + 1."""
        left, right = self._places[index], self._places[index + 1]
        early, late = self._times_ms[index], self._times_ms[index + 1]
        return early + (late - early) * (place - left) // (right - left)


def _core(word: str) -> str:
    """Return a word from its first to its last letter or digit."""
    letters = [index for index, char in enumerate(word) if char.isalnum()]
    return word[letters[0] : letters[-1] + 1] if letters else ""


def _in_turn(unsorted: Sequence[Cue], duration_ms: int) -> list[Cue]:
    """Return cues in order of time: two of one channel share what they have in common, others may overlap.

    One that is too short to be read stays longer, until the next of its channel begins or the file ends.
    """
    by_channel: dict[str | None, list[Cue]] = {}
    for cue in sorted(unsorted, key=lambda cue: cue.span):
        by_channel.setdefault(cue.channel, []).append(cue)
    shown = (cue for own in by_channel.values() for cue in _held(_apart(own), duration_ms))
    return sorted(shown, key=lambda cue: (cue.span, cue.channel or ""))


def _held(own: Sequence[Cue], duration_ms: int) -> Iterator[Cue]:
    for cue, after in zip_longest(own, own[1:]):
        room_ms = duration_ms if after is None else after.span.start_ms
        end_ms = min(max(cue.span.end_ms, cue.span.start_ms + MIN_CUE_MS), max(room_ms, cue.span.end_ms))
        yield replace(cue, span=Span(cue.span.start_ms, end_ms))


def _apart(own: Sequence[Cue]) -> list[Cue]:
    """Split the overlap of two cues of one channel at its middle."""
    result: list[Cue] = []
    for cue in own:
        if result and cue.span.start_ms < result[-1].span.end_ms:
            first, second = result[-1].span, cue.span
            common_end_ms = min(first.end_ms, second.end_ms)
            turn_ms = max((second.start_ms + common_end_ms) // 2, first.start_ms + 1)
            result[-1] = replace(result[-1], span=Span(first.start_ms, turn_ms))
            cue = replace(cue, span=Span(turn_ms, max(second.end_ms, turn_ms + 1)))
        result.append(cue)
    return result
