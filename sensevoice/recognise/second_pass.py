"""The questions put to the model about a clip: one as a rule, a second where the settings ask for it.

Both second questions were asked for by users of SenseVoice: languages that can occur
(FunAudioLLM/SenseVoice issues 45, 72, 129, 252) and punctuation with numbers as they were spoken (issue 140).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import takewhile

import numpy as np

from sensevoice.options import Options
from sensevoice.protocols import Recognition, Recognizer
from sensevoice.tags.parse import head_of, parse
from sensevoice.tags.word_times import WORD_START

Token = tuple[str, int, int]

_MARKS = re.compile(r"[^\w\s▁<>|%$€£¥￥°+=/\\#@&*^~-]+")
"""Pieces that are punctuation; signs that belong to a written number or name are not."""


def recognise_with_fallbacks(
    recognizer: Recognizer, clips: Sequence[np.ndarray], options: Options
) -> Iterator[Recognition]:
    """Yield one Recognition per clip, in order, as `Recognizer.recognise` does.

    Second questions are asked for all clips together, once what comes first is known for all.
    """
    keeps_numbers = options.use_itn and options.keep_numbers
    if not keeps_numbers and (options.language != "auto" or not options.among):
        yield from recognizer.recognise(clips, options)
        return
    answers = list(recognizer.recognise(clips, options))
    languages = [other_language(answer, options) or options.language for answer in answers]
    questions = [replace(options, language=language) for language in languages]
    wrong = [number for number, language in enumerate(languages) if language != options.language]
    for number, again in _asked(recognizer, clips, questions, wrong):
        answers[number] = answers[number] if again.error else again
    if keeps_numbers:
        spoken_form = [replace(question, use_itn=False) for question in questions]
        said = [number for number, answer in enumerate(answers) if answer.tokens]
        for number, spoken in _asked(recognizer, clips, spoken_form, said):
            answers[number] = with_marks_of(spoken, answers[number])
    yield from answers


def _asked(
    recognizer: Recognizer, clips: Sequence[np.ndarray], questions: Sequence[Options], which: Sequence[int]
) -> Iterator[tuple[int, Recognition]]:
    """Yield the answers about the clips with these numbers; those with one question go together."""
    for question in dict.fromkeys(questions[number] for number in which):
        together = [number for number in which if questions[number] == question]
        answers = recognizer.recognise([clips[number] for number in together], question)
        yield from zip(together, answers, strict=True)


def other_language(answer: Recognition, options: Options) -> str:
    """Return the likeliest of the languages that can occur, "" when the answer is in one of them."""
    if options.language != "auto" or not options.among or answer.error:
        return ""
    tagged = parse(answer.raw)
    if not tagged.text or tagged.language in options.among:
        return ""
    scores = {score.name: score.score for score in answer.scores if score.kind == "language"}
    return max(options.among, key=lambda name: scores.get(name, 0.0))


def with_marks_of(spoken: Recognition, written: Recognition) -> Recognition:
    """Return the words of one answer with the punctuation and the capitals of the other.

    The pieces of both are aligned; where they differ, a number was rewritten, and the spoken words stand.
    """
    if spoken.error or not spoken.tokens:
        return written
    old, new = _folded(spoken.tokens), _folded(written.tokens)
    tokens: list[Token] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pairs = zip(spoken.tokens[i1:i2], written.tokens[j1:j2], strict=True)
            tokens += [(piece, start_ms, end_ms) for (_, start_ms, end_ms), (piece, _, _) in pairs]
            continue
        first = _first_marks(written.tokens[j1:j2])
        tokens += _at_end(tokens, first)
        tokens += spoken.tokens[i1:i2]
        tokens += _at_end(tokens, _first_marks(written.tokens[j1 + len(first) : j2][::-1])[::-1])
    text = "".join(piece for piece, _, _ in tokens).replace(WORD_START, " ").strip()
    return replace(written, raw=head_of(written.raw) + text, tokens=tuple(tokens), hits=spoken.hits)


def _folded(tokens: Sequence[Token]) -> list[str]:
    return [piece.casefold() for piece, _, _ in tokens]


def _first_marks(tokens: Sequence[Token]) -> list[str]:
    """Return the punctuation that tokens begin with: inside, it belongs to a rewritten number."""
    return [piece for piece, _, _ in takewhile(lambda token: _MARKS.fullmatch(token[0]), tokens)]


def _at_end(tokens: Sequence[Token], marks: Sequence[str]) -> list[Token]:
    """Return marks as tokens that stand where the last token ends."""
    at_ms = tokens[-1][2] if tokens else 0
    return [(piece, at_ms, at_ms) for piece in marks]
