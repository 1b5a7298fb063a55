"""From a run of stretches to rows of the record: asking the model, and joining what agrees.

A row is a stretch in which one person speaks one language in one mood; `agreement` says what that means, and
`joints` where its sentences end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Protocol

import numpy as np

from sensevoice import agreement
from sensevoice.agreement import Clip, Group, Item, groups
from sensevoice.asking import ask
from sensevoice.audio_info import SAMPLES_PER_MS
from sensevoice.hearing import (
    Heard,
    SoundJoiner,
    best_two,
    clips_of,
    heard_in,
    speech_missed_in,
    speech_segment,
)
from sensevoice.joints import Token, divide, ends_sentence, is_sure, moved, spelled, text_of
from sensevoice.options import Options
from sensevoice.recognizer import Recognition, Recognizer
from sensevoice.runs import Run, together
from sensevoice.segmenter import Stretch
from sensevoice.tags import head_of, parse, seam
from sensevoice.transcript import Event, Piece, Segment, Span
from sensevoice.words import WORD_START, words_from_tokens

ENOUGH_OF_IT = 0.6
"""Speech heard anew with its neighbours must give this share of the letters that its pieces gave alone;
otherwise something was lost, and the pieces stand."""


class Speakers(Protocol):
    """Tells who speaks. None stands for a speaker who is not known."""

    def of_pieces(self, pieces: Sequence[Stretch]) -> Sequence[str | None]:
        """Return the speaker of each piece of a run, before it is recognised."""

    def divided(self, clip: Clip) -> Sequence[Clip]:
        """Return a recognised clip, divided where the speaker changes (see `divided_at`)."""


@dataclass(frozen=True)
class _Question:
    """What is recognised at once: a sound, or one piece of speech or several as one stretch."""

    whole: Stretch
    pieces: tuple[Span, ...]


class RowMaker:
    """Make the rows of one stream of sound, run by run; `speakers` is None where nobody asks who speaks."""

    def __init__(
        self,
        recognizer: Recognizer,
        options: Options,
        channel: str | None,
        speakers: Speakers | None = None,
    ) -> None:
        self._recognizer = recognizer
        self._options = options
        self._channel = channel
        self._speakers = speakers
        self._sounds = SoundJoiner(channel)
        self._carried: Group = ()

    def of(self, runs: Sequence[Run]) -> Iterator[Segment]:
        """Recognise runs together and yield their rows and sounds, in order of time."""
        named = [self._named(run) for run in runs]
        heard = self._heard(named)
        grouped = [
            self._grouped(run, self._sure_of_language(items)) for run, items in zip(runs, heard, strict=True)
        ]
        everything = [each for found in grouped for each in found]
        told = iter(self._told([each for each in everything if isinstance(each, tuple)]))
        for each in everything:
            yield from self._emitted(next(told) if isinstance(each, tuple) else each)

    def finish(self) -> Iterator[Segment]:
        """Yield what was still open; nothing more will come."""
        carried, self._carried = self._carried, ()
        for rows in self._told([carried] if carried else []):
            yield from self._emitted(rows)
        yield from self._sounds.flush()

    def _named(self, run: Run) -> list[Stretch]:
        """Return the stretches of a run with their speakers."""
        if self._speakers is None:
            return list(run.stretches)
        pieces = [stretch for stretch in run.stretches if stretch.kind == "speech"]
        names = iter(self._speakers.of_pieces(pieces))
        return [
            replace(stretch, speaker=next(names)) if stretch.kind == "speech" else stretch
            for stretch in run.stretches
        ]

    def _heard(self, runs: Sequence[Sequence[Stretch]]) -> list[list[Item]]:
        """Recognise the stretches of all runs; return what each run holds, in order of time."""
        asked = [_questions(run, self._options) for run in runs]
        clips = [clip for run in asked for question in run for clip in clips_of(question.whole)]
        answers = ask(self._recognizer, clips, self._options)
        return [[item for question in run for item in self._items(question, answers)] for run in asked]

    def _items(self, question: _Question, answers: Iterator[Recognition]) -> Iterator[Item]:
        whole = question.whole
        recognitions = [next(answers) for _ in clips_of(whole)]
        if whole.kind == "speech":
            yield from self._speech_or_sound(question, recognitions[0])
            return
        for item in speech_missed_in(whole, recognitions):
            if isinstance(item, Span):
                answer = next(ask(self._recognizer, [whole.part(item)], self._options))
                yield speech_segment(item, answer, self._channel, self._options)
            else:
                yield item

    def _speech_or_sound(self, question: _Question, answer: Recognition) -> Iterator[Item]:
        """Detectors take some music and laughter for speech; what the model gives no text is a sound."""
        whole = question.whole
        if not parse(answer.raw).text and not answer.error:
            yield heard_in(whole, whole.span, answer)
            return
        clip = Clip(question.pieces, whole.samples, answer, whole.lead, whole.speaker)
        yield from [clip] if self._speakers is None else self._speakers.divided(clip)

    def _sure_of_language(self, items: Sequence[Item]) -> list[Item]:
        """Ask again for short clips whose language is doubtful, in the language of their neighbours."""
        clips = [item for item in items if isinstance(item, Clip)]
        known: dict[int, Clip] = {}
        for number, clip in enumerate(clips):
            instead = agreement.language_to_ask_for(clips, number, self._options)
            if instead:
                asked = replace(self._options, language=instead)
                again = next(ask(self._recognizer, [clip.samples], asked))
                known[id(clip)] = replace(clip, answer=agreement.better(clip, again))
        return [known.get(id(item), item) for item in items]  # type: ignore[call-overload]

    def _grouped(self, run: Run, items: Sequence[Item]) -> list[Group | Heard | Segment]:
        """Group what agrees; keep the last group back where the next run may go on with it."""
        found = groups([*self._carried, *items], self._options)
        self._carried = ()
        if run.goes_on and isinstance(found[-1], tuple):
            self._carried = found.pop()
        return found

    def _told(self, grouped: Sequence[Group]) -> list[list[Segment]]:
        """Return the rows of groups, each with the text of the whole where that was worth asking for."""
        parts = [_parts(group) for group in grouped]
        clips = [_sound_of(part) for group in parts for part in group if _is_doubtful(part)]
        answers = ask(self._recognizer, clips, self._options)
        rows = []
        for group in parts:
            tokens: list[Token] = []
            for part in group:
                said = _said_together(part, next(answers)) if _is_doubtful(part) else _said_alone(part)
                tokens = _after(tokens, said)
            rows.append(self._rows([clip for part in group for clip in part], tokens))
        return rows

    def _rows(self, clips: Sequence[Clip], tokens: Sequence[Token]) -> list[Segment]:
        """Divide a group where a sentence ends and the next may be of another person."""
        pieces = [(piece, clip) for clip in clips for piece in clip.pieces]
        if len(pieces) == 1:
            return [self._row(pieces, tokens)]
        joints = [(left[0].end_ms + right[0].start_ms) // 2 for left, right in pairwise(pieces)]
        texts = divide(tokens, joints)
        rows: list[Segment] = []
        first = 0
        for number in range(1, len(pieces) + 1):
            is_last = number == len(pieces)
            if is_last or self._parts_rows(pieces[number - 1 : number + 1], texts[first:number]):
                said = [token for text in texts[first:number] for token in text]
                rows.append(self._row(pieces[first:number], said))
                first = number
        return rows

    def _parts_rows(self, joint: Sequence[tuple[Span, Clip]], texts: Sequence[Sequence[Token]]) -> bool:
        """Return whether a row ends between two pieces, after what was said in it so far."""
        (left, before), (right, after) = joint
        if before.speaker is not None and after.speaker is not None:
            return False
        if not self._options.use_itn:  # there is no punctuation to go by
            return is_sure("。", right.start_ms - left.end_ms)
        return ends_sentence(text_of([token for text in texts for token in text]))

    def _row(self, pieces: Sequence[tuple[Span, Clip]], tokens: Sequence[Token]) -> Segment:
        clips = list(dict.fromkeys(clip for _, clip in pieces))
        kept = tuple(
            Piece(span, clip.tagged.language, clip.tagged.emotion, best_two(clip.answer.scores))
            for span, clip in pieces
            if self._options.merge == "agreement" and not clip.answer.error
        )
        span = Span(pieces[0][0].start_ms, pieces[-1][0].end_ms)
        speaker = next((clip.speaker for clip in clips if clip.speaker is not None), None)
        if len(clips) == 1 and clips[0].span == span:
            row = speech_segment(span, clips[0].answer, self._channel, self._options)
            return replace(row, pieces=kept, speaker=speaker)
        return replace(self._joined_row(span, clips, tokens), pieces=kept, speaker=speaker)

    def _joined_row(self, span: Span, clips: Sequence[Clip], tokens: Sequence[Token]) -> Segment:
        main = max(clips, key=lambda clip: clip.span.duration_ms)
        emotion = agreement.emotion_of(clips)
        raw = _head(main, emotion) + spelled(tokens)
        tagged = parse(raw)
        events = {event.name: Event(event.name) for clip in clips for event in clip.tagged.events}
        return Segment(
            kind="speech",
            span=span,
            text=tagged.text,
            raw=raw,
            language=next((clip.language for clip in (main, *clips) if clip.language), tagged.language),
            emotion=emotion,
            events=tuple({event.name: event for event in (*events.values(), *tagged.events)}.values()),
            inline=tagged.inline,
            words=words_from_tokens(moved(tokens, -span.start_ms), span) if self._options.word_times else (),
            channel=self._channel,
            scores=best_two(agreement.mean_scores(clips)),
        )

    def _emitted(self, found: list[Segment] | Heard | Segment) -> Iterator[Segment]:
        """Yield rows and, before them, the sounds that end with them."""
        if isinstance(found, Heard):
            yield from self._sounds.push(found)
            return
        yield from self._sounds.flush()
        yield from found if isinstance(found, list) else [found]


def _questions(stretches: Sequence[Stretch], options: Options) -> list[_Question]:
    """Group the stretches of a run into what is recognised at once."""
    found: list[_Question] = []
    for kind, following in groupby(stretches, lambda stretch: stretch.kind):
        alone = kind == "sound" or options.merge == "length"
        listed = list(following)
        for group in [[each] for each in listed] if alone else together(listed, options):
            found.append(_Question(_whole(group), tuple(each.span for each in group)))
    return found


def _whole(stretches: Sequence[Stretch]) -> Stretch:
    """Return neighbouring stretches of speech as one."""
    first = stretches[0]
    if len(stretches) == 1:
        return first
    span = Span(first.span.start_ms, stretches[-1].span.end_ms)
    speaker = next((each.speaker for each in stretches if each.speaker is not None), None)
    return Stretch("speech", span, _sound_of(stretches), first.lead, speaker)


def _sound_of(parts: Sequence[Stretch] | Sequence[Clip]) -> np.ndarray:
    """Return the sound from the start of the first to the end of the last, with what lies between."""
    sound = [parts[0].samples]
    for before, after in pairwise(parts):
        between = np.zeros((after.span.start_ms - before.span.end_ms) * SAMPLES_PER_MS, dtype=np.float32)
        known = after.lead[-len(between) :] if len(between) else after.lead[:0]
        between[len(between) - len(known) :] = known
        sound += [between, after.samples]
    return np.concatenate(sound)


def _parts(group: Group) -> list[Group]:
    """Divide a group where a sentence surely ends: hearing both sides together would tell nothing new."""
    parts: list[list[Clip]] = [[group[0]]]
    for before, after in pairwise(group):
        text = before.tagged.text
        if ends_sentence(text) and is_sure(text, after.span.start_ms - before.span.end_ms):
            parts.append([])
        parts[-1].append(after)
    return [tuple(part) for part in parts]


def _is_doubtful(part: Group) -> bool:
    """Return whether a sentence may end between the clips of a part, or may not."""
    return any(ends_sentence(before.tagged.text) for before in part[:-1])


def _said_alone(part: Group) -> list[Token]:
    """Return what the clips of a part say, each heard alone."""
    tokens: list[Token] = []
    for clip in part:
        text = clip.tagged.text.replace(" ", WORD_START)
        own = clip.answer.tokens or ((text, 0, clip.span.duration_ms),)
        tokens = _after(tokens, moved(own, clip.span.start_ms))
    return tokens


def _said_together(part: Group, answer: Recognition) -> list[Token]:
    """Return what the clips of a part say, heard together; alone, where that lost something."""
    alone = _said_alone(part)
    together = moved(answer.tokens, part[0].span.start_ms)
    if answer.error or _letters(together) < ENOUGH_OF_IT * _letters(alone):
        return alone
    return together


def _after(before: list[Token], tokens: list[Token]) -> list[Token]:
    """Put tokens behind others, with a space between where the language has one."""
    if before and tokens and seam(text_of(before[-1:]), text_of(tokens[:1])) == " ":
        piece, start_ms, end_ms = tokens[0]
        tokens = [(WORD_START + piece.lstrip(WORD_START), start_ms, end_ms), *tokens[1:]]
    return [*before, *tokens]


def _letters(tokens: Sequence[Token]) -> int:
    return sum(char.isalnum() for char in text_of(tokens))


def _head(clip: Clip, emotion: str) -> str:
    """Return the tags before a clip's text, with the emotion of the row."""
    head = head_of(clip.answer.raw)
    return head.replace(f"<|{clip.tagged.emotion}|>", f"<|{emotion}|>") if emotion else head
