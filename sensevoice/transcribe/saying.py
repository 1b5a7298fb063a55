"""What clips say, alone and together: the texts of rows, and where their sentences end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.protocols import Recognition
from sensevoice.tags.parse import parse, space_between
from sensevoice.tags.word_times import WORD_START
from sensevoice.transcribe.agreement import Clip, Group
from sensevoice.transcribe.assemble import best_two
from sensevoice.transcribe.joints import Token, divide, ends_sentence, is_sure, moved, text_of
from sensevoice.transcript import Piece, Span

ENOUGH_OF_IT = 0.6
"""Speech heard anew with its neighbours must give this share of the letters that its pieces gave alone;
otherwise something was lost, and the pieces stand."""

UNMARKED = "。"
"""What a text without punctuation is taken to end with."""


class Sounding(Protocol):
    """A chunk or a clip: samples, those before it, and where they lie."""

    @property
    def span(self) -> Span: ...

    @property
    def samples(self) -> np.ndarray: ...

    @property
    def lead(self) -> np.ndarray: ...


def sound_of(parts: Sequence[Sounding]) -> np.ndarray:
    """Return the sound from the start of the first to the end of the last, with what lies between."""
    sound = [parts[0].samples]
    for before, after in pairwise(parts):
        between = np.zeros((after.span.start_ms - before.span.end_ms) * SAMPLES_PER_MS, dtype=np.float32)
        known = after.lead[-len(between) :] if len(between) else after.lead[:0]
        between[len(between) - len(known) :] = known
        sound += [between, after.samples]
    return np.concatenate(sound)


def answered(clip: Clip, answer: Recognition) -> Clip:
    """Return a clip with an answer, which is noted for its pieces."""
    tagged = parse(answer.raw)
    scores = best_two(answer.scores)
    pieces = tuple(Piece(piece.span, tagged.language, tagged.emotion, scores) for piece in clip.pieces)
    return replace(clip, pieces=pieces, answer=answer)


def joined(clips: Sequence[Clip], answer: Recognition) -> Clip:
    """Return neighbouring clips as one that was heard as a whole."""
    pieces = tuple(piece for clip in clips for piece in clip.pieces)
    speaker = next((clip.speaker for clip in clips if clip.speaker is not None), None)
    return Clip(pieces, sound_of(clips), answer, clips[0].lead, speaker)


def is_one_sentence(pair: tuple[Clip, Clip], answer: Recognition) -> bool:
    """Return whether a sentence goes on from one clip to the next, by what was heard of both together."""
    tokens = moved(answer.tokens, pair[0].span.start_ms)
    message, rest = divide(tokens, [middle_ms(pair[0].pieces[-1], pair[1].pieces[0])])
    is_whole = not answer.error and _letters(tokens) >= ENOUGH_OF_IT * _letters(said_alone(pair))
    return is_whole and bool(message and rest) and not ends_sentence(text_of(message))


def middle_ms(before: Piece, after: Piece) -> int:
    return (before.span.end_ms + after.span.start_ms) // 2


def parts_of(group: Group, has_marks: bool) -> list[Group]:
    """Divide a group where a sentence surely ends: hearing both sides together would tell nothing new."""
    parts: list[list[Clip]] = [[group[0]]]
    for before, after in pairwise(group):
        text = before.tagged.text if has_marks else UNMARKED
        if ends_sentence(text) and is_sure(text, after.span.start_ms - before.span.end_ms):
            parts.append([])
        parts[-1].append(after)
    return [tuple(part) for part in parts]


def is_doubtful(part: Group, has_marks: bool) -> bool:
    """Return whether a sentence may end between the clips of a part, or may not."""
    return any(ends_sentence(before.tagged.text) or not has_marks for before in part[:-1])


def said_alone(part: Group) -> list[Token]:
    """Return what the clips of a part say, each heard alone."""
    tokens: list[Token] = []
    for clip in part:
        text = clip.tagged.text.replace(" ", WORD_START)
        own = clip.answer.tokens or ((text, 0, clip.span.duration_ms),)
        tokens = after(tokens, moved(own, clip.span.start_ms))
    return tokens


def said_together(part: Group, answer: Recognition) -> list[Token]:
    """Return what the clips of a part say, heard together; alone, where that lost something."""
    alone = said_alone(part)
    together = moved(answer.tokens, part[0].span.start_ms)
    if answer.error or _letters(together) < ENOUGH_OF_IT * _letters(alone):
        return alone
    return together


def ended(tokens: list[Token]) -> list[Token]:
    """Return what a part says without punctuation with the mark of its end: parts end with a sentence."""
    return [*tokens, (UNMARKED, tokens[-1][2], tokens[-1][2])] if tokens else tokens


def after(before: list[Token], tokens: list[Token]) -> list[Token]:
    """Put tokens behind others, with a space between where the language has one."""
    if before and tokens and space_between(text_of(before[-1:]), text_of(tokens[:1])):
        piece, start_ms, end_ms = tokens[0]
        tokens = [(WORD_START + piece.lstrip(WORD_START), start_ms, end_ms), *tokens[1:]]
    return [*before, *tokens]


def _letters(tokens: Sequence[Token]) -> int:
    return sum(char.isalnum() for char in text_of(tokens))
