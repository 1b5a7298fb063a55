"""How well rows tell who said what in which language and mood, against the truth of a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np

from .conversations import Utterance

TOLERANCE_MS = 300
SHORT_PAUSE_MS = 200
"""Changes at shorter pauses are counted apart: there is hardly a pause to hear."""
NO_MOOD = ("NEUTRAL", "EMO_UNKNOWN", "OTHER", "")
FULL_STOPS = "。."
SENTENCE_ENDS = "。．.…？！?!"


@dataclass(frozen=True)
class Row:
    """A row as a program gives it; `speaker` is None where it says nothing of speakers."""

    start_ms: int
    end_ms: int
    text: str
    language: str
    emotion: str
    speaker: str | None = None


@dataclass
class ConversationScores:
    """Sums over conversations."""

    speech_ms: int = 0
    language_ms: int = 0
    mood_ms: int = 0
    speaker_ms: int = 0
    changes: int = 0
    found: int = 0
    short_changes: int = 0
    short_found: int = 0
    wrong: int = 0
    rows: int = 0
    utterances: int = 0
    errors: int = 0
    characters: int = 0
    wrong_stops: int = 0
    mistakes: list[str] = field(default_factory=list)

    def add(self, truth: Sequence[Utterance], rows: Sequence[Row]) -> None:
        """Count one conversation."""
        self.rows += len(rows)
        self.utterances += len(truth)
        self._add_time(truth, rows)
        self._add_boundaries(truth, rows)
        self._add_text(truth, rows)

    def _add_time(self, truth: Sequence[Utterance], rows: Sequence[Row]) -> None:
        people = _people(truth, rows)
        for message in truth:
            self.speech_ms += message.end_ms - message.start_ms
            for row in rows:
                both_ms = max(0, min(message.end_ms, row.end_ms) - max(message.start_ms, row.start_ms))
                self.language_ms += both_ms * (row.language == message.language)
                self.mood_ms += both_ms * (_mood(row.emotion) == _mood(message.emotion))
                self.speaker_ms += both_ms * (people.get(row.speaker or "") == message.speaker)
                if both_ms > 400 and (row.language, _mood(row.emotion)) != (
                    message.language,
                    _mood(message.emotion),
                ):
                    self.mistakes.append(f"{message} -> {row}")

    def _add_boundaries(self, truth: Sequence[Utterance], rows: Sequence[Row]) -> None:
        """Match the borders between rows with the pauses of the truth, each once.

        A border at the end of a sentence of the same person in the same mood is neither right nor wrong: who
        does not know the speaker has to draw it.
        """
        left = [(before.end_ms + after.start_ms) / 2 for before, after in pairwise(rows)]
        pauses = sorted(pairwise(truth), key=lambda pair: not _changes(*pair))
        for before, after in pauses:
            near = [at for at in left if before.end_ms - TOLERANCE_MS <= at <= after.start_ms + TOLERANCE_MS]
            middle = (before.end_ms + after.start_ms) / 2
            if near:
                left.remove(min(near, key=lambda at: abs(at - middle)))
            if not _changes(before, after):
                continue
            if after.start_ms - before.end_ms < SHORT_PAUSE_MS:
                self.short_changes += 1
                self.short_found += bool(near)
            else:
                self.changes += 1
                self.found += bool(near)
        self.wrong += len(left)

    def _add_text(self, truth: Sequence[Utterance], rows: Sequence[Row]) -> None:
        wanted, ends = _letters([message.text for message in truth])
        result, stops = _letters([row.text for row in rows])
        self.characters += len(wanted)
        self.errors += edit_distance(wanted, result)
        places = dict(_aligned(wanted, result))
        for at in (at for at, mark in stops if mark in FULL_STOPS):
            self.wrong_stops += places.get(at) not in {place for place, mark in ends if mark in SENTENCE_ENDS}

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.changes)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    def values(self, with_speakers: bool) -> list[str]:
        """The scores as text, in the order of HEADINGS."""
        return [
            f"{100 * self.language_ms / self.speech_ms:.1f} %",
            f"{100 * self.mood_ms / self.speech_ms:.1f} %",
            f"{100 * self.speaker_ms / self.speech_ms:.1f} %" if with_speakers else "–",
            f"{self.precision:.3f}",
            f"{self.recall:.3f}",
            f"{self.f1:.3f}",
            f"{self.short_found} of {self.short_changes}",
            f"{self.rows / self.utterances:.2f}",
            f"{100 * self.errors / self.characters:.2f} %",
            f"{100 * self.wrong_stops / self.characters:.2f}",
        ]


HEADINGS = (
    "speech time in the right language",
    "… in the right mood",
    "… with the right speaker",
    "borders: precision",
    "borders: recall",
    "borders: F1",
    "changes at pauses under 0.2 s found",
    "rows per sentence",
    "character error rate",
    "wrong full stops per 100 characters",
)


def _changes(before: Utterance, after: Utterance) -> bool:
    return (before.speaker, before.language, before.emotion) != (after.speaker, after.language, after.emotion)


def _mood(emotion: str) -> str:
    return "" if emotion in NO_MOOD else emotion


def _people(truth: Sequence[Utterance], rows: Sequence[Row]) -> dict[str, str]:
    """Map each speaker of the rows to the person that it is most of the time, each person once."""
    shared: dict[tuple[str, str], int] = {}
    for row in rows:
        for message in truth:
            both_ms = min(message.end_ms, row.end_ms) - max(message.start_ms, row.start_ms)
            if row.speaker is not None and both_ms > 0:
                key = row.speaker, message.speaker
                shared[key] = shared.get(key, 0) + both_ms
    people: dict[str, str] = {}
    for (speaker, person), _ in sorted(shared.items(), key=lambda item: -item[1]):
        if speaker not in people and person not in people.values():
            people[speaker] = person
    return people


def _letters(texts: Iterable[str]) -> tuple[str, list[tuple[int, str]]]:
    """Return letters and digits alone, and every mark with the number of letters before it."""
    letters: list[str] = []
    marks: list[tuple[int, str]] = []
    for char in " ".join(texts):
        if char.isalnum():
            letters.append(char.casefold())
        elif not char.isspace():
            marks.append((len(letters), char))
    return "".join(letters), marks


def _aligned(wanted: str, found: str) -> Iterator[tuple[int, int]]:
    """Yield for places behind letters of `found` the place in `wanted`."""
    matcher = SequenceMatcher(None, wanted, found, autojunk=False)
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            yield block.b + offset + 1, block.a + offset + 1


def edit_distance(left: str, right: str) -> int:
    """The fewest insertions, deletions and replacements that turn one text into the other."""
    letters = np.array([ord(char) for char in right])
    row = np.arange(len(right) + 1)
    steps = np.arange(len(right) + 1)
    for count, char in enumerate(left, 1):
        best = np.empty_like(row)
        best[0] = count
        best[1:] = np.minimum(row[:-1] + (letters != ord(char)), row[1:] + 1)
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])
