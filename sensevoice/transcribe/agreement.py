"""Which recognised pieces become one row: those that agree in language, mood and speaker.

Names of languages and moods are those of `sensevoice.tags.parse`.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.segment.runs import differ
from sensevoice.tags.labels import EMOTION_NAMES, NOSPEECH
from sensevoice.tags.parse import TaggedText, parse
from sensevoice.transcribe.assemble import WindowResult
from sensevoice.transcribe.joints import is_sure
from sensevoice.transcript import Piece, Segment, Span, TagScore

SURE_MOOD = 0.5
"""A named mood with a lower score is no reason to begin a row; it stays in the record beside the other."""

SHORT_MOOD_MS = 2_000
"""A mood of its own in a shorter piece is doubted where the sentence may go on."""

SHORT_FLIP_MS = 1_500
SURE_LANGUAGE = 0.8
"""A shorter piece in a language of its own is asked again unless the model is this sure of it."""

_SCRIPTS = {
    "zh": ("CJK",),
    "yue": ("CJK",),
    "ja": ("HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL",),
    "en": ("LATIN",),
}
"""How the names of the letters that mark a language begin in Unicode."""


@dataclass(frozen=True, eq=False)
class Clip:
    """What was recognised at once: a piece, or a short one with its neighbour, and the model's answer.

    `pieces` keep what was first said of each. `samples` (float32 mono 16 kHz) reach from the start of the
    first piece to the end of the last, `lead` are those before it, up to the clip before.
    """

    pieces: tuple[Piece, ...]
    samples: np.ndarray
    answer: Recognition
    lead: np.ndarray
    speaker: str | None = None

    @property
    def span(self) -> Span:
        return Span(self.pieces[0].span.start_ms, self.pieces[-1].span.end_ms)

    @cached_property
    def tagged(self) -> TaggedText:
        return parse(self.answer.raw)

    @property
    def language(self) -> str:
        """The language, "" for none."""
        return "" if self.tagged.language == NOSPEECH else self.tagged.language

    @property
    def mood(self) -> str:
        """The mood that a row may begin for, "" for none: NEUTRAL, or one that the model is not sure of."""
        emotion = self.tagged.emotion
        return emotion if emotion in EMOTION_NAMES and self.score("emotion", emotion) >= SURE_MOOD else ""

    def score(self, kind: str, name: str) -> float:
        """Return the model's score of a tag; 1 where it gives no scores of that kind."""
        of_kind = {score.name: score.score for score in self.answer.scores if score.kind == kind}
        return of_kind.get(name, 0.0) if of_kind else 1.0


Item = Clip | WindowResult | Segment
"""What a run turned out to hold: speech, cells of sound, and speech found among the sounds."""

Group = tuple[Clip, ...]


def groups(items: Sequence[Item], options: Options) -> list[Group | WindowResult | Segment]:
    """Group neighbouring clips that agree; all else stays as it is, in order.

    A sound that is heard in the speech on both its sides, as music under a talk is, parts no row, and is left
    out where both sides are one.
    """
    result: list[Group | WindowResult | Segment] = []
    group: list[Clip] = []
    between: list[WindowResult] = []
    for item in items:
        if isinstance(item, WindowResult):
            between.append(item)
            continue
        if isinstance(item, Clip) and group and _goes_on(group, between, item, options):
            group.append(item)
        else:
            result += [tuple(group)] if group else []
            result += between
            group = [item] if isinstance(item, Clip) else []
            result += [] if isinstance(item, Clip) else [item]
        between = []
    return [*result, *([tuple(group)] if group else []), *between]


def _goes_on(group: Sequence[Clip], between: Sequence[WindowResult], clip: Clip, options: Options) -> bool:
    last = group[-1]
    under = {event.name for event in last.tagged.events} & {event.name for event in clip.tagged.events}
    return (
        _may_join(group, clip, options)
        and agree(group, clip)
        and all(cell.error is None and set(cell.events) <= under for cell in between)
    )


def _may_join(group: Sequence[Clip], clip: Clip, options: Options) -> bool:
    gap_ms = clip.span.start_ms - group[-1].span.end_ms
    length_ms = clip.span.end_ms - group[0].span.start_ms
    fits = gap_ms <= options.merge_gap_s * 1000 and 0 < length_ms <= options.merge_length_s * 1000
    return fits and options.merge == "agreement" and clip.answer.error is None is group[-1].answer.error


def agree(group: Sequence[Clip], clip: Clip) -> bool:
    """Return whether a clip is in the language and the mood of a group, and not of another speaker."""
    languages = {each.language for each in (*group, clip)} - {""}
    return (
        len(languages) <= 1
        and clip.mood == group[-1].mood
        and not any(differ(each.speaker, clip.speaker) for each in group)
    )


def may_be_one_sentence(before: Clip, after: Clip, options: Options) -> bool:
    """Return whether only their moods part two clips, and one is so short that its mood may be a mistake.

    If both, heard together, are one sentence, they are of one person in one mood.
    """
    gap_ms = after.span.start_ms - before.span.end_ms
    return (
        _may_join((before,), after, options)
        and before.mood != after.mood
        and len({before.language, after.language} - {""}) <= 1
        and not differ(before.speaker, after.speaker)
        and min(before.span.duration_ms, after.span.duration_ms) < SHORT_MOOD_MS
        and not is_sure(before.tagged.text, gap_ms)
    )


def language_to_ask_for(clips: Sequence[Clip], number: int, options: Options) -> str:
    """Return another language in which to ask about a clip whose own is doubtful, "" where it is not.

    That is the neighbours', where they agree; else, of a clip written in another script than that of its
    language, the likeliest that is written so.
    """
    clip = clips[number]
    if options.merge != "agreement" or options.language != "auto" or clip.answer.error or not clip.language:
        return ""
    foreign = _is_foreign(clip)
    unsure = clip.score("language", clip.language) < SURE_LANGUAGE
    if not foreign and not (unsure and clip.span.duration_ms < SHORT_FLIP_MS):
        return ""
    near = {
        other.language
        for other in (*clips[max(0, number - 1) : number], *clips[number + 1 : number + 2])
        if _apart_ms(other, clip) <= options.merge_gap_s * 1000 and other.language
    }
    if clip.language in near:
        return ""
    return near.pop() if len(near) == 1 else _likeliest_by_script(clip) if foreign else ""


def _likeliest_by_script(clip: Clip) -> str:
    """Return the language with the best score of those in whose script a clip's text is written."""
    scores = [score for score in clip.answer.scores if score.kind == "language" and score.name in _SCRIPTS]
    fitting = [score for score in scores if _is_written_in(score.name, clip.tagged.text)]
    return max(fitting, key=lambda score: score.score).name if fitting else ""


def better(clip: Clip, again: Recognition) -> Recognition:
    """Return the answer that is surer of its language; none without a letter of that language's script."""
    other = Clip(clip.pieces, clip.samples, again, clip.lead)
    if again.error or (clip.tagged.text and (not other.tagged.text or _is_foreign(other))):
        return clip.answer
    own = 0.0 if _is_foreign(clip) else clip.score("language", clip.language)
    return again if other.score("language", other.language) > own else clip.answer


def _is_foreign(clip: Clip) -> bool:
    """Return whether a text has no letter of its language's script.

    Japanese may be all kanji, which hardly a sentence is; it counts where the model is not sure either.
    """
    if clip.language == "ja" and clip.score("language", "ja") >= SURE_LANGUAGE:
        return not any(_is_written_in(name, clip.tagged.text) for name in ("ja", "zh"))
    return not _is_written_in(clip.language, clip.tagged.text)


def _apart_ms(one: Clip, other: Clip) -> int:
    return max(one.span.start_ms - other.span.end_ms, other.span.start_ms - one.span.end_ms)


def _is_written_in(language: str, text: str) -> bool:
    """Return whether a text has a letter of a language's script; of other languages nothing is known."""
    scripts = _SCRIPTS.get(language)
    return scripts is None or any(unicodedata.name(char, "").startswith(scripts) for char in text)


def mean_scores(clips: Sequence[Clip]) -> tuple[TagScore, ...]:
    """Return the mean score of every tag over clips, by their length, the best of each kind first."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    total_ms = sum(clip.span.duration_ms for clip in clips)
    for clip in clips:
        for score in clip.answer.scores:
            sums[score.kind, score.name] += score.score * clip.span.duration_ms / total_ms
    means = [TagScore(kind, name, round(mean, 4)) for (kind, name), mean in sums.items()]
    kinds = dict.fromkeys(score.kind for score in means)
    ordered = sorted(means, key=lambda score: -score.score)
    return tuple(score for kind in kinds for score in ordered if score.kind == kind)


def emotion_of(clips: Sequence[Clip]) -> str:
    """Return the emotion of a row: the sure mood that its clips share, or what scores best over all."""
    if clips[0].mood:
        return clips[0].mood
    means = [score for score in mean_scores(clips) if score.kind == "emotion"]
    named = {clip.tagged.emotion for clip in clips}
    best = next((score.name for score in means if score.name in named), "")
    return best or max(clips, key=lambda clip: clip.span.duration_ms).tagged.emotion
