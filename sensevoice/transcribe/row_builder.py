"""Rows of the record from clips that agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sensevoice.options import Options
from sensevoice.protocols import TermHit, moved_hits
from sensevoice.tags.parse import head_of, parse
from sensevoice.tags.word_times import spelled, words_from_tokens
from sensevoice.transcribe import agreement
from sensevoice.transcribe.agreement import Clip
from sensevoice.transcribe.assemble import best_two, speech_segment
from sensevoice.transcribe.joints import Token, divide, ends_sentence, moved, text_of
from sensevoice.transcribe.saying import middle_ms
from sensevoice.transcribe.terms import with_terms
from sensevoice.transcript import Event, Piece, Segment, Span

Part = Sequence[tuple[Piece, Clip]]
"""Neighbouring pieces, each with the clip in which it was recognised."""


@dataclass(frozen=True)
class RowBuilder:
    """Builds the rows of one channel."""

    options: Options
    channel: str | None

    def rows(
        self,
        clips: Sequence[Clip],
        tokens: Sequence[Token],
        marked: Sequence[Token],
        hits: Sequence[TermHit] = (),
    ) -> list[Segment]:
        """Return the rows of clips that agree and of what they say.

        `hits` are the terms in what several of them say together. `marked` is the same as `tokens` with
        punctuation. Where it is not known who speaks, a row ends where a sentence does, as the next may be of
        another person.
        """
        pieces = [(piece, clip) for clip in clips for piece in clip.pieces]
        joints = [middle_ms(left, right) for (left, _), (right, _) in pairwise(pieces)]
        texts, ends = divide(tokens, joints), divide(marked, joints)
        borders = [0]
        for number in range(1, len(pieces)):
            message, rest = texts[borders[-1] : number], texts[number:]
            if any(message) and any(rest) and _may_end(pieces, number) and _ends(ends[borders[-1] : number]):
                borders.append(number)
        return [
            self._row(pieces[first:end], [token for text in texts[first:end] for token in text], hits)
            for first, end in pairwise([*borders, len(pieces)])
        ]

    def _row(self, pieces: Part, tokens: Sequence[Token], hits: Sequence[TermHit]) -> Segment:
        clips = list(dict.fromkeys(clip for _, clip in pieces))
        span = Span(pieces[0][0].span.start_ms, pieces[-1][0].span.end_ms)
        if len(clips) == 1 and clips[0].span == span:
            row = speech_segment(span, clips[0].answer, self.channel, self.options)
        else:
            own = [hit for clip in clips for hit in moved_hits(clip.answer.hits, clip.span.start_ms)]
            row = with_terms(self._joined(span, clips, tokens), [*hits, *own], self.options)
        kept = tuple(piece for piece, _ in pieces) if self.options.merge == "agreement" else ()
        speaker = next((clip.speaker for clip in clips if clip.speaker is not None), None)
        return replace(row, pieces=kept, speaker=speaker)

    def _joined(self, span: Span, clips: Sequence[Clip], tokens: Sequence[Token]) -> Segment:
        main = max(clips, key=lambda clip: clip.span.duration_ms)
        emotion = agreement.emotion_of(clips)
        raw = _head(main, emotion) + spelled(tokens)
        tagged = parse(raw)
        return Segment(
            kind="speech",
            span=span,
            text=tagged.text,
            raw=raw,
            language=next((clip.language for clip in (main, *clips) if clip.language), tagged.language),
            emotion=emotion,
            events=tuple({event.name: event for event in (*_events(clips), *tagged.events)}.values()),
            inline=tagged.inline,
            words=words_from_tokens(moved(tokens, -span.start_ms), span) if self.options.word_times else (),
            channel=self.channel,
            scores=best_two(agreement.mean_scores(clips)),
        )


def _may_end(pieces: Part, number: int) -> bool:
    """Return whether the speaker before a piece or in it is not known, so that they may be two."""
    return any(clip.speaker is None for _, clip in pieces[number - 1 : number + 1])


def _ends(texts: Sequence[Sequence[Token]]) -> bool:
    return ends_sentence(text_of([token for text in texts for token in text]))


def _events(clips: Sequence[Clip]) -> Iterator[Event]:
    return (Event(event.name) for clip in clips for event in clip.tagged.events)


def _head(clip: Clip, emotion: str) -> str:
    """Return the tags before a clip's text, with the emotion of the row."""
    head = head_of(clip.answer.raw)
    return head.replace(f"<|{clip.tagged.emotion}|>", f"<|{emotion}|>") if emotion else head
