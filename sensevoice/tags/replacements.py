"""Terms of a vocabulary put into the text of a segment and taken out: words and tags keep their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sensevoice.tags.word_times import word_offsets
from sensevoice.transcript import Replacement, Segment, Span, Word

_BY_CHARACTER = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_UNITS = re.compile(rf"{_BY_CHARACTER}[^\w\s]*|(?:(?!{_BY_CHARACTER})\S)+")
"""Words as `tags.word_times` has them: a Chinese character or kana with the marks behind it, or what stands
between two spaces."""


def with_replacement(segment: Segment, found: Replacement) -> Segment:
    """Return a segment with a term in its list, and in its text if it is to be applied.

    `found.heard` has to stand in the text at `found.offset`, and no other term there.
    """
    changed = segment
    if found.applied:
        changed = _put(segment, found.offset, found.heard, found.written)
    terms = sorted((*changed.terms, found), key=lambda term: term.offset)
    return replace(changed, terms=tuple(terms))


def is_free(segment: Segment, offset: int, length: int) -> bool:
    """Return whether no term stands in a part of the text."""
    return all(term.end <= offset or offset + length <= term.offset for term in segment.terms)


def turned(segment: Segment, numbers: Iterable[int]) -> Segment:
    """Return a segment in which the terms with these numbers are taken back, or applied if they are not."""
    for number in sorted(set(numbers)):
        term = segment.terms[number]
        other = replace(term, applied=not term.applied)
        changed = _put(segment, term.offset, term.standing, other.standing)
        terms = list(changed.terms)
        terms[number] = other
        segment = replace(changed, terms=tuple(terms))
    return segment


def still_standing(terms: Sequence[Replacement], text: str) -> tuple[Replacement, ...]:
    """Return the terms that are left in a text that a person has corrected, at their places in it."""
    result: list[Replacement] = []
    end = 0
    for term in terms:
        at = text.find(term.standing, end)
        if at >= 0:
            result.append(replace(term, offset=at))
            end = at + len(term.standing)
    return tuple(result)


def shifted(terms: Iterable[Replacement], by: int) -> tuple[Replacement, ...]:
    """Return terms that stand so many characters further on."""
    return tuple(replace(term, offset=term.offset + by) for term in terms)


def inside(terms: Iterable[Replacement], start: int, length: int) -> tuple[Replacement, ...]:
    """Return the terms that stand whole in a part of a text, at their places in it."""
    return shifted((term for term in terms if start <= term.offset and term.end <= start + length), -start)


def _put(segment: Segment, offset: int, old: str, new: str) -> Segment:
    """Return a segment with other text at a place; what stands behind it moves."""
    end, longer = offset + len(old), len(new) - len(old)

    def moved(place: int) -> int:
        if place <= offset:
            return place
        return place + longer if place >= end else offset + len(new)

    return replace(
        segment,
        text=segment.text[:offset] + new + segment.text[end:],
        words=_words(segment, offset, old, new),
        events=tuple(
            event if event.offset is None else replace(event, offset=moved(event.offset))
            for event in segment.events
        ),
        inline=tuple(replace(tag, offset=moved(tag.offset)) for tag in segment.inline),
        terms=tuple(
            term if term.offset <= offset else replace(term, offset=term.offset + longer)
            for term in segment.terms
        ),
    )


def _words(segment: Segment, offset: int, old: str, new: str) -> tuple[Word, ...]:
    """Return the words of a segment with other text at a place."""
    end = offset + len(old)
    places = word_offsets(segment.text, segment.words)
    touched = [
        number
        for number, place in enumerate(places)
        if place is not None and place[2] < end and offset < place[2] + place[3]
    ]
    if not touched:
        return segment.words
    first, last = touched[0], touched[-1]
    left = min(offset, _place(places, first))
    last_word = segment.words[last]
    right = max(end, _place(places, last) + len(last_word.text))
    text = segment.text[left:offset] + new + segment.text[end:right]
    words = segment.words[first : last + 1]
    return (*segment.words[:first], *_timed(_UNITS.findall(text), words), *segment.words[last + 1 :])


def _place(places: Sequence[tuple[int, int, int, int] | None], number: int) -> int:
    place = places[number]
    assert place is not None
    return place[2]


def _timed(texts: Sequence[str], before: Sequence[Word]) -> list[Word]:
    """Return words in the time of those before: each in the time of one, or all in equal shares."""
    if len(texts) == len(before):
        return [replace(word, text=text) for word, text in zip(before, texts, strict=True)]
    start_ms, end_ms = before[0].span.start_ms, before[-1].span.end_ms
    if not texts or end_ms - start_ms < len(texts):
        return [Word(" ".join(texts), Span(start_ms, end_ms))] if texts else []
    ends = [start_ms + (end_ms - start_ms) * number // len(texts) for number in range(len(texts) + 1)]
    return [Word(text, Span(ends[number], ends[number + 1])) for number, text in enumerate(texts)]
