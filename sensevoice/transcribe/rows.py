"""From a run of chunks to rows of the record: asking the model, and joining what agrees.

A row is a chunk in which one person speaks one language in one mood; `agreement` says what that means, and
`joints` where its sentences end.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Protocol

from sensevoice.options import Options
from sensevoice.protocols import Recognition, Recognizer, TermHit, moved_hits
from sensevoice.recognise.second_pass import recognise_with_fallbacks
from sensevoice.segment.runs import Run, together
from sensevoice.segment.segmenter import Chunk
from sensevoice.tags.parse import parse
from sensevoice.transcribe import agreement
from sensevoice.transcribe.agreement import Clip, Group, Item, groups
from sensevoice.transcribe.assemble import (
    SoundMerger,
    WindowResult,
    clips_of,
    in_pieces,
    speech_missed_in,
    speech_segment,
    window_result,
)
from sensevoice.transcribe.joints import Token
from sensevoice.transcribe.row_builder import RowBuilder
from sensevoice.transcribe.saying import (
    after,
    answered,
    ended,
    is_doubtful,
    is_one_sentence,
    joined,
    parts_of,
    said_alone,
    said_together,
    sound_of,
)
from sensevoice.transcript import Piece, Segment, Span


class Speakers(Protocol):
    """Source of speaker ids for spans of sound. None: the speaker is not known."""

    def of_pieces(self, pieces: Sequence[Chunk]) -> Sequence[str | None]:
        """Return the speaker of each piece of a run, before it is recognised."""

    def divided(self, clip: Clip) -> Sequence[Clip]:
        """Return a recognised clip, divided where the speaker changes (see `divided_at`)."""


@dataclass(frozen=True)
class _Question:
    """What is recognised at once: a sound, or one piece of speech or several as one chunk."""

    whole: Chunk
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
        self._sounds = SoundMerger(channel)
        self._builder = RowBuilder(options, channel)
        self._carried: Group = ()

    def of(self, runs: Sequence[Run]) -> Iterator[Segment]:
        """Recognise runs together and yield their rows and sounds, in order of time."""
        named = [self._named(run) for run in runs]
        heard = self._heard(named)
        grouped = [
            self._grouped(run, self._sure_of_mood(self._sure_of_language(items)))
            for run, items in zip(runs, heard, strict=True)
        ]
        everything = [each for result in grouped for each in result]
        data = iter(self._told([each for each in everything if isinstance(each, tuple)]))
        for each in everything:
            yield from self._emitted(next(data) if isinstance(each, tuple) else each)

    def finish(self) -> Iterator[Segment]:
        """Yield what was still open; nothing more will come."""
        carried, self._carried = self._carried, ()
        for rows in self._told([carried] if carried else []):
            yield from self._emitted(rows)
        yield from self._sounds.flush()

    @property
    def open_from_ms(self) -> int | None:
        """Start of the row that may go on with the next run, None when there is none."""
        return self._carried[0].span.start_ms if self._carried else None

    def preview(self, run: Run | None) -> list[Segment]:
        """Return what is still open, and the rows of a run, as if the sound ended with it.

        Nothing changes here by it: the same run may be given again when more of it has come.
        """
        carried, sounds = self._carried, self._sounds
        self._sounds = copy.deepcopy(sounds)
        try:
            return [*self.of([run] if run else []), *self.finish()]
        finally:
            self._carried, self._sounds = carried, sounds

    def _named(self, run: Run) -> list[Chunk]:
        """Return the chunks of a run with their speakers."""
        if self._speakers is None:
            return list(run.chunks)
        pieces = [chunk for chunk in run.chunks if chunk.kind == "speech"]
        names = iter(self._speakers.of_pieces(pieces))
        return [
            replace(chunk, speaker=next(names)) if chunk.kind == "speech" else chunk for chunk in run.chunks
        ]

    def _heard(self, runs: Sequence[Sequence[Chunk]]) -> list[list[Item]]:
        """Recognise the chunks of all runs; return what each run holds, in order of time."""
        asked = [_questions(run, self._options) for run in runs]
        clips = [clip for run in asked for question in run for clip in clips_of(question.whole)]
        answers = recognise_with_fallbacks(self._recognizer, clips, self._options)
        return [[item for question in run for item in self._items(question, answers)] for run in asked]

    def _items(self, question: _Question, answers: Iterator[Recognition]) -> Iterator[Item]:
        whole = question.whole
        recognitions = [next(answers) for _ in clips_of(whole)]
        if whole.kind == "speech":
            yield from self._speech_or_sound(question, recognitions[0])
            return
        for item in speech_missed_in(whole, recognitions):
            if isinstance(item, Span):
                yield from self._missed(Chunk("speech", item, whole.part(item)))
            else:
                yield item

    def _missed(self, speech: Chunk) -> Iterator[Segment]:
        """Recognise what the detector passed over although it is plainly speech, in pieces as all speech."""
        pieces = in_pieces(speech)
        answers = recognise_with_fallbacks(self._recognizer, [each.samples for each in pieces], self._options)
        for piece, answer in zip(pieces, answers, strict=True):
            yield speech_segment(piece.span, answer, self._channel, self._options)

    def _speech_or_sound(self, question: _Question, answer: Recognition) -> Iterator[Item]:
        """Detectors take some music and laughter for speech; what the model gives no text is a sound."""
        whole = question.whole
        if not parse(answer.raw).text and not answer.error:
            yield window_result(whole, whole.span, answer)
            return
        pieces = tuple(Piece(span) for span in question.pieces)
        clip = answered(Clip(pieces, whole.samples, answer, whole.lead, whole.speaker), answer)
        yield from [clip] if self._speakers is None else self._speakers.divided(clip)

    def _sure_of_language(self, items: Sequence[Item]) -> list[Item]:
        """Ask again for short clips whose language is doubtful, in the language of their neighbours."""
        clips = [item for item in items if isinstance(item, Clip)]
        known: dict[int, Clip] = {}
        for number, clip in enumerate(clips):
            instead = agreement.language_to_ask_for(clips, number, self._options)
            if instead:
                asked = replace(self._options, language=instead)
                again = next(recognise_with_fallbacks(self._recognizer, [clip.samples], asked))
                known[id(clip)] = answered(clip, agreement.better(clip, again))
        return [known.get(id(item), item) for item in items]

    def _sure_of_mood(self, items: list[Item]) -> list[Item]:
        """Hear neighbours together that only a doubtful mood parts; one sentence becomes one clip."""
        pairs = [
            (before, after)
            for before, after in pairwise(items)
            if isinstance(before, Clip) and isinstance(after, Clip)
            if agreement.may_be_one_sentence(before, after, self._options)
        ]
        answers = recognise_with_fallbacks(
            self._recognizer, [sound_of(pair) for pair in pairs], self._options
        )
        for pair, answer in zip(pairs, answers, strict=True):
            if all(clip in items for clip in pair) and is_one_sentence(pair, answer):
                at = items.index(pair[0])
                items[at : at + 2] = [joined(pair, answer)]
        return items

    def _grouped(self, run: Run, items: Sequence[Item]) -> list[Group | WindowResult | Segment]:
        """Group what agrees; keep the last group back where the next run may go on with it."""
        result = groups([*self._carried, *items], self._options)
        self._carried = ()
        last = result[-1] if result else None
        if run.goes_on and isinstance(last, tuple):
            self._carried = last
            return result[:-1]
        return result

    def _told(self, grouped: Sequence[Group]) -> list[list[Segment]]:
        """Return the rows of groups, each with the text of the whole where that was worth asking for."""
        has_marks = self._options.use_itn
        parts = [parts_of(group, has_marks) for group in grouped]
        clips = [sound_of(part) for group in parts for part in group if is_doubtful(part, has_marks)]
        answers = recognise_with_fallbacks(self._recognizer, clips, replace(self._options, use_itn=True))
        rows = []
        for group in parts:
            tokens: list[Token] = []
            marked: list[Token] = []
            hits: list[TermHit] = []
            for part in group:
                both = alone = said_alone(part)
                if is_doubtful(part, has_marks):
                    answer = next(answers)
                    both = said_together(part, answer)
                    hits += moved_hits(answer.hits, part[0].span.start_ms)
                marked = after(marked, both if has_marks else ended(both))
                tokens = after(tokens, both if has_marks else alone)
            rows.append(self._builder.rows([clip for part in group for clip in part], tokens, marked, hits))
        return rows

    def _emitted(self, found: list[Segment] | WindowResult | Segment) -> Iterator[Segment]:
        """Yield rows and, before them, the sounds that end with them."""
        if isinstance(found, WindowResult):
            yield from self._sounds.push(found)
            return
        yield from self._sounds.flush()
        yield from found if isinstance(found, list) else [found]


def _questions(chunks: Sequence[Chunk], options: Options) -> list[_Question]:
    """Group the chunks of a run into what is recognised at once."""
    result: list[_Question] = []
    for kind, following in groupby(chunks, lambda chunk: chunk.kind):
        alone = kind == "sound" or options.merge == "length"
        listed = list(following)
        for group in [[each] for each in listed] if alone else together(listed, options):
            result.append(_Question(_whole(group), tuple(each.span for each in group)))
    return result


def _whole(chunks: Sequence[Chunk]) -> Chunk:
    """Return neighbouring chunks of speech as one."""
    first = chunks[0]
    if len(chunks) == 1:
        return first
    span = Span(first.span.start_ms, chunks[-1].span.end_ms)
    speaker = next((each.speaker for each in chunks if each.speaker is not None), None)
    return Chunk("speech", span, sound_of(chunks), first.lead, speaker)
