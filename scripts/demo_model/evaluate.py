"""Measure the two models the way programs use them: through ``funasr.AutoModel``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .augment import record
from .bank import Bank
from .clips import EMOTION_SHARES, LANGUAGE_SHARES, Clip, empty_clip, silence, sound_clip, spoken_clip
from .sounds import Rng, at_loudness, soft_edges
from .tags import EMOTIONS, LANGUAGES, SOUND_EVENTS
from .voices import SAMPLE_RATE, Audio

BOUNDARY_TOLERANCE_MS = 150
LONGEST_SEGMENT_MS = 30_000
APART_SECONDS = 2.3
"""Utterances at least this far apart come out as separate segments."""

_TAG = re.compile(r"<\|([^|]*)\|>")


@dataclass(frozen=True)
class Answer:
    """A recogniser's answer, taken apart."""

    language: str
    emotion: str
    event: str
    text: str


def load_asr(directory: Path) -> Any:
    """Open the recogniser."""
    return _load(directory)


def load_vad(directory: Path) -> Any:
    """Open the voice detector as the program does, with segments of 30 s at most."""
    return _load(directory, max_single_segment_time=LONGEST_SEGMENT_MS)


def _load(directory: Path, **options: Any) -> Any:
    from funasr import AutoModel  # takes seconds to import

    return AutoModel(
        model=str(directory),
        device="cpu",
        disable_update=True,
        disable_pbar=True,
        trust_remote_code=False,
        frontend_conf={"dither": 0.0},
        **options,
    )


def recognise(asr: Any, audio: Audio, language: str = "auto", use_itn: bool = True) -> Answer:
    """Run the recogniser on one clip; fewer than three tags leave the rest empty."""
    raw = asr.generate(input=audio, language=language, use_itn=use_itn, disable_pbar=True)[0]["text"]
    names = [*_TAG.findall(raw), "", "", ""]
    return Answer(names[0], names[1], names[2], _TAG.sub("", raw))


def detect(vad: Any, audio: Audio) -> list[tuple[int, int]]:
    """Run the voice detector; start and end of each segment in milliseconds."""
    result = vad.generate(input=audio, disable_pbar=True)[0]["value"]
    return [(int(start), int(end)) for start, end in result]


def edit_distance(left: str, right: str) -> int:
    """The fewest insertions, deletions and replacements that turn one text into the other."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


@dataclass
class Share:
    """A count of right answers."""

    right: int = 0
    total: int = 0

    def add(self, right: bool) -> None:
        """Count one answer."""
        self.right += right
        self.total += 1

    @property
    def percent(self) -> float:
        """The share of right answers."""
        return 100.0 * self.right / max(1, self.total)


@dataclass
class Scores:
    """The evaluation table."""

    errors: int = 0
    characters: int = 0
    language: Share = field(default_factory=Share)
    emotion: Share = field(default_factory=Share)
    speech_event: Share = field(default_factory=Share)
    window_event: Share = field(default_factory=Share)
    window_text_free: Share = field(default_factory=Share)
    boundary: Share = field(default_factory=Share)
    mistakes: list[str] = field(default_factory=list)

    @property
    def error_rate(self) -> float:
        """Character errors in percent of the characters spoken."""
        return 100.0 * self.errors / max(1, self.characters)

    def table(self) -> str:
        """The scores as text, one line each, with the bounds they must keep."""
        rows = [
            ("character error rate", self.error_rate, "at most 3", self.characters),
            ("language", self.language.percent, "at least 99", self.language.total),
            ("emotion", self.emotion.percent, "at least 90", self.emotion.total),
            ("event of speech clips", self.speech_event.percent, "at least 90", self.speech_event.total),
            ("event of sound windows", self.window_event.percent, "at least 90", self.window_event.total),
            ("sound windows without text", self.window_text_free.percent, "", self.window_text_free.total),
            ("segments within 150 ms", self.boundary.percent, "at least 95", self.boundary.total),
        ]
        return "\n".join(
            f"{name:28s}{value:8.2f} %   {bound:12s} of {total}" for name, value, bound, total in rows
        )


def score_clips(asr: Any, clips: Iterable[Clip], scores: Scores) -> None:
    """Recognise clips and count what is right."""
    for clip in clips:
        answer = recognise(asr, clip.audio)
        if clip.language == "nospeech":
            scores.window_event.add(answer.event == clip.event)
            scores.window_text_free.add(not answer.text)
        else:
            scores.errors += edit_distance(answer.text, clip.text)
            scores.characters += len(clip.text)
            scores.language.add(answer.language == clip.language)
            scores.emotion.add(answer.emotion == clip.emotion)
            scores.speech_event.add(answer.event == clip.event)
        expected = Answer(clip.language, clip.emotion, clip.event, clip.text)
        if answer != expected:
            scores.mistakes.append(f"{expected} -> {answer}")


def score_segments(
    found: Sequence[tuple[int, int]], expected: Sequence[tuple[int, int]], scores: Scores
) -> None:
    """Count the true segments found with both ends in tolerance; a spurious segment counts as wrong."""
    left = list(found)
    for start, end in expected:
        match = [
            pair
            for pair in left
            if abs(pair[0] - start) <= BOUNDARY_TOLERANCE_MS and abs(pair[1] - end) <= BOUNDARY_TOLERANCE_MS
        ]
        scores.boundary.add(bool(match))
        if match:
            left.remove(match[0])
    spurious = [p for p in left if not any(p[0] < end and p[1] > start for start, end in expected)]
    for _ in spurious:
        scores.boundary.add(False)
    if left:
        scores.mistakes.append(f"segments {list(expected)} -> {list(found)}")


def evaluation_recording(bank: Bank, rng: Rng, utterances: int = 4) -> tuple[Audio, list[tuple[int, int]]]:
    """A recording of utterances with long pauses or sounds between them, and where they lie."""
    pieces: list[Audio] = [silence(rng.uniform(0.3, 1.5))]
    spans: list[tuple[int, int]] = []
    for _ in range(utterances):
        language = str(rng.choice(LANGUAGES, p=LANGUAGE_SHARES))
        emotion = str(rng.choice(EMOTIONS, p=EMOTION_SHARES))
        start = sum(map(len, pieces))
        speech = bank.draw_speech(language, emotion, rng).audio
        pieces.append(at_loudness(speech, 10 ** (rng.uniform(-24, -18) / 20)))
        spans.append((start * 1000 // SAMPLE_RATE, (start + len(speech)) * 1000 // SAMPLE_RATE))
        if rng.random() < 0.5:
            pieces.append(silence(rng.uniform(APART_SECONDS, 3.5)))
        else:
            sound = bank.draw_sound(str(rng.choice(SOUND_EVENTS)), rng.uniform(2.0, 4.0), rng)
            loudness = 10 ** (rng.uniform(-30, -18) / 20)
            pieces += [silence(rng.uniform(0.05, 0.3)), soft_edges(at_loudness(sound, loudness))]
            pieces.append(silence(rng.uniform(0.5, 1.5)))
    return record(np.concatenate(pieces), rng), spans


def evaluation_clips(bank: Bank, rng: Rng, spoken: int, windows: int) -> list[Clip]:
    """Spoken clips of one or two sentences and windows of sound or nothing."""
    clips = [spoken_clip(bank, rng, 1 + (i % 4 == 3), plain=False) for i in range(spoken)]
    return clips + [empty_clip(rng) if i % 8 == 7 else sound_clip(bank, rng) for i in range(windows)]


def evaluate(asr: Any, vad: Any, bank: Bank, seed: int, spoken: int = 300, windows: int = 300) -> Scores:
    """Score both models on fresh material from a bank they were not trained on."""
    rng = np.random.default_rng(seed)
    scores = Scores()
    score_clips(asr, evaluation_clips(bank, rng, spoken, windows), scores)
    for _ in range(30):
        audio, spans = evaluation_recording(bank, rng)
        score_segments(detect(vad, audio), spans, scores)
    return scores
