"""Who speaks while a file runs: provisional people for pieces, and changes of speaker inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.protocols import VoiceEncoder, moved_hits
from sensevoice.segment.segmenter import Chunk
from sensevoice.speakers.cluster import people
from sensevoice.speakers.turns import turns
from sensevoice.speakers.voices import VoicePrints, unit_rows
from sensevoice.speakers.windows import windows
from sensevoice.tags.parse import head_of
from sensevoice.tags.word_times import spelled, words_from_tokens
from sensevoice.transcribe.agreement import Clip
from sensevoice.transcribe.joints import divide, moved
from sensevoice.transcript import Span

ENOUGH_WINDOWS = 16
"""Of fewer nobody can say that they are of one person: rows then end where they do without speakers."""

MANY_WINDOWS = 1_000
"""Up to here people are found anew whenever a fifth has come; beyond, whenever there are twice as many."""


class SpeakerTracker:
    """Assigns speakers within one stream of sound (`rows.Speakers`); `count` is how many there are, if known.

    The names that it gives are provisional: they keep to a person as far as that can be known.
    """

    def __init__(self, encoder: VoiceEncoder, count: int | None = None) -> None:
        self._encoder = encoder
        self._count = count
        self._heard: list[VoicePrints] = []
        self._pieces: dict[Span, slice] = {}
        self._people = np.zeros(0, np.int64)
        self._names = np.zeros(0, np.int64)
        self._means = np.zeros((0, 0), np.float32)
        self._found_at = 0

    def of_pieces(self, pieces: Sequence[Chunk]) -> list[str | None]:
        """Listen to the next pieces, in order of time; return who speaks in each, if anybody can say."""
        clips = [piece.part(window) for piece in pieces for window in windows(piece.span)]
        if not clips:
            return []
        heard = VoicePrints.of(
            [piece.span for piece in pieces], self._encoder.embed(clips), len(self._pieces)
        )
        at = len(self._people)
        for piece in pieces:
            self._pieces[piece.span] = slice(at, at + len(windows(piece.span)))
            at = self._pieces[piece.span].stop
        self._heard.append(heard)
        self._find_people(heard)
        decided = at >= ENOUGH_WINDOWS or bool(self._people.any())
        return [self._person_of(piece.span) if decided else None for piece in pieces]

    def divided(self, clip: Clip) -> list[Clip]:
        """Return a recognised clip, divided between the words where the speaker changes."""
        if len(clip.pieces) != 1 or clip.speaker is not None or clip.answer.error or not clip.answer.tokens:
            return [clip]
        inside = self._pieces[clip.pieces[0].span]
        people = self._people[inside]
        if len(set(people.tolist())) < 2:
            return [clip]
        prints = self._prints_of(inside)
        spoken = turns(prints, people, words_from_tokens(clip.answer.tokens, clip.span))
        return _parts_of(clip, [(turn.span.end_ms, _name(turn.person)) for turn in spoken])

    def prints(self) -> VoicePrints:
        """Return everything that was heard so far."""
        return VoicePrints.joined(self._heard)

    def _find_people(self, heard: VoicePrints) -> None:
        """Find out whose the latest windows are, all people anew when much has come since the last time."""
        total = len(self._people) + len(heard)
        if total < self._found_at * (1.2 if self._found_at < MANY_WINDOWS else 2.0):
            nearest = np.argmax(heard.embeddings.astype(np.float32) @ self._means.T, axis=1)
            self._people = np.concatenate([self._people, self._names[nearest]])
            return
        self._found_at = total
        prints = self.prints()
        result = people(prints, self._count if total >= ENOUGH_WINDOWS else None)
        self._people = _renamed(result, self._people)
        self._names = np.unique(self._people)
        rows = prints.embeddings.astype(np.float32)
        self._means = unit_rows(np.stack([rows[self._people == name].mean(axis=0) for name in self._names]))

    def _person_of(self, piece: Span) -> str | None:
        """Return the only one who speaks in a piece, None where several do."""
        result = set(self._people[self._pieces[piece]].tolist())
        return _name(result.pop()) if len(result) == 1 else None

    def _prints_of(self, inside: slice) -> VoicePrints:
        """Return the prints of some windows of one piece, which came lately."""
        end = len(self._people)
        for heard in reversed(self._heard):
            first = end - len(heard)
            if inside.start >= first:
                return heard.part(slice(inside.start - first, inside.stop - first))
            end = first
        raise KeyError(inside)


def _name(person: int) -> str:
    return f"S{person + 1}"


def _renamed(found: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return people under the numbers that most of their windows had before, others under new ones."""
    if not len(before):
        return found
    shared = np.zeros((found.max() + 1, before.max() + 1))
    np.add.at(shared, (found[: len(before)], before), 1)
    names = np.full(len(shared), -1)
    for person, name in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[person, name]:
            names[person] = name
    unused = iter(sorted(set(range(len(shared) + before.max() + 1)) - set(names.tolist())))
    for person in np.flatnonzero(names < 0):
        names[person] = next(unused)
    return np.asarray(names[found])


def _parts_of(clip: Clip, ends: Sequence[tuple[int, str]]) -> list[Clip]:
    """Divide a clip of one piece at the given times (the last is its end), each part with its speaker."""
    tokens = moved(clip.answer.tokens, clip.span.start_ms)
    message = divide(tokens, [end_ms for end_ms, _ in ends[:-1]])
    if not all(message):
        return [clip]
    head = head_of(clip.answer.raw)
    parts, start_ms = [], clip.span.start_ms
    for (turn_end_ms, speaker), own in zip(ends, message, strict=True):
        end_ms = clip.span.end_ms if own is message[-1] else turn_end_ms
        answer = replace(
            clip.answer,
            raw=head + spelled(own),
            tokens=tuple(moved(own, -start_ms)),
            hits=moved_hits(clip.answer.hits, clip.span.start_ms - start_ms),
        )
        first, last = ((time_ms - clip.span.start_ms) * SAMPLES_PER_MS for time_ms in (start_ms, end_ms))
        lead = clip.lead if own is message[0] else clip.lead[:0]
        piece = replace(clip.pieces[0], span=Span(start_ms, end_ms))
        parts.append(Clip((piece,), clip.samples[first:last], answer, lead, speaker))
        start_ms = end_ms
    return parts
