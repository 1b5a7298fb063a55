"""The terms of the options' vocabulary put into the text of a segment, with the list of what was changed."""

from __future__ import annotations

from collections.abc import Sequence

from sensevoice.options import Options
from sensevoice.protocols import TermHit
from sensevoice.tags.replacements import is_free, with_replacement
from sensevoice.tags.word_times import word_places
from sensevoice.transcript import Replacement, Segment

NO_PINYIN = ("ja", "ko")
"""Languages whose Chinese characters are not read as in Chinese."""

NEAR_MS = 1_000
"""What is said this far from a hit is another place: heard together, words may move by a little."""


def with_terms(segment: Segment, hits: Sequence[TermHit], options: Options) -> Segment:
    """Return a segment with the terms that were decoded in it and those that its text sounds like.

    Times of `hits` count from the start of the file. A hit is left out where the text has something else:
    it was heard together with its neighbours, and otherwise.
    """
    if not options.hotwords or not segment.text:
        return segment
    placed: list[TermHit] = []
    for hit in hits:
        if any(hit.start_ms < other.end_ms and other.start_ms < hit.end_ms for other in placed):
            continue  # the same, in the clip alone and together with its neighbours
        offset = _place_of(hit, segment)
        if offset is not None and is_free(segment, offset, len(hit.heard)):
            placed.append(hit)
            heard = segment.text[offset : offset + len(hit.heard)]
            found = Replacement(heard, hit.written, offset, hit.score, "decoding")
            segment = with_replacement(segment, found)
    return _with_homophones(segment, options.hotwords)


def _with_homophones(segment: Segment, lines: tuple[str, ...]) -> Segment:
    from sensevoice.vocabulary.by_sound import table_of  # it loads pypinyin's tables

    found = table_of(lines).find(segment.text, segment.language not in NO_PINYIN)
    for each in reversed(found):  # what stands before keeps its place
        if is_free(segment, each.offset, len(each.heard)):
            replacement = Replacement(
                each.heard, each.written, each.offset, each.score, "sound", each.applied
            )
            segment = with_replacement(segment, replacement)
    return segment


def _place_of(hit: TermHit, segment: Segment) -> int | None:
    """Return where in the text stands what a hit heard: of several places, the one that is said then."""
    text, wanted = segment.text.casefold(), hit.heard.casefold()
    if len(text) != len(segment.text) or not segment.span.start_ms <= hit.start_ms < segment.span.end_ms:
        return None
    places = [at for at in range(len(text)) if text.startswith(wanted, at)]
    if not places:
        return None
    times = {at: start_ms for start_ms, _, at, _ in word_places(segment)}
    share_ms = segment.span.duration_ms / len(text)

    def apart_ms(at: int) -> float:
        said_ms = times.get(at, segment.span.start_ms + at * share_ms)
        return abs(said_ms - hit.start_ms)

    nearest = min(places, key=apart_ms)
    return nearest if apart_ms(nearest) <= NEAR_MS else None
