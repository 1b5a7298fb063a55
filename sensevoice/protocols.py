"""What the pipeline needs of the models, so that a fake, a scheduler or a worker can stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from sensevoice.options import Options
from sensevoice.transcript import ModelInfo, Span, TagScore


@dataclass(frozen=True)
class TermHit:
    """A term of the vocabulary that was near in a clip: `written` belongs in the place of `heard`.

    Times count from the start of the clip. `score` is between 0 and 1: the geometric mean, over the pieces of
    the term, of how probable the model found them beside what it found likeliest.
    """

    heard: str
    written: str
    start_ms: int
    end_ms: int
    score: float


@dataclass(frozen=True)
class Recognition:
    """What the model wrote for one clip; `tokens` are (piece, start_ms, end_ms) from its start.

    `error` is the reason when the clip could not be recognised; then `raw` is empty.
    `scores` are those of all languages, emotions and sounds, the best of each kind first.
    `hits` are the terms of the options' vocabulary; `raw` and `tokens` are without them.
    """

    raw: str
    tokens: tuple[tuple[str, int, int], ...] = ()
    error: str | None = None
    scores: tuple[TagScore, ...] = ()
    hits: tuple[TermHit, ...] = ()


def moved_hits(hits: Iterable[TermHit], by_ms: int) -> tuple[TermHit, ...]:
    """Return hits with their times moved."""
    return tuple(replace(hit, start_ms=hit.start_ms + by_ms, end_ms=hit.end_ms + by_ms) for hit in hits)


@dataclass(frozen=True)
class Speech:
    """A segment of speech as the detector has it, and the short pauses inside it, in order."""

    span: Span
    pauses: tuple[Span, ...] = ()

    @classmethod
    def of(cls, start_ms: int, end_ms: int, pauses: Sequence[Sequence[int]] = ()) -> Speech:
        return cls(Span(start_ms, end_ms), tuple(Span(*pause) for pause in pauses if pause[0] < pause[1]))


class SpeechFinder(Protocol):
    """Voice activity detection over one stream of sound."""

    def feed(self, samples: np.ndarray) -> list[Speech]:
        """Take the next float32 mono 16 kHz samples; return the speech whose end is now known."""

    def finish(self) -> list[Speech]:
        """Return the rest of the speech; nothing more will be fed."""

    @property
    def settled_ms(self) -> int:
        """No speech that is still to be returned begins before this time."""


class LiveSpeechFinder(SpeechFinder, Protocol):
    """Voice activity detection while the sound is being made: speech is returned as soon as it pauses."""

    @property
    def open_ms(self) -> int | None:
        """Start of the speech that goes on at this moment, None in silence."""


class FunasrModel(Protocol):
    """funasr's AutoModel around one network, as far as it is used; `generate` is not safe across threads."""

    model: Any
    kwargs: dict[str, Any]

    def generate(self, input: Any, **settings: Any) -> list[dict[str, Any]]:
        """Return one dict per input, in order; what is in it is up to the network."""


class VoiceEncoder(Protocol):
    """A model that tells voices apart. May be called from several threads at once."""

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """Return a row of float32 for each float32 mono 16 kHz clip of up to 1.5 s, to compare by cosine."""


class Recognizer(Protocol):
    """The loaded models. All methods may be called from several threads at once."""

    @property
    def info(self) -> ModelInfo: ...

    def open_speech_finder(self, pause_ms: int = 0) -> SpeechFinder:
        """Return a detector for one stream; with `pause_ms`, it finds the pauses that are that long, too."""

    def open_live_finder(self, pause_ms: int) -> LiveSpeechFinder:
        """Return a detector for a stream that is being made, which ends speech at pauses of `pause_ms`."""

    def open_voices(self) -> VoiceEncoder:
        """Return the model that tells voices apart. Raises ModelError when it cannot be had."""

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Yield one Recognition per float32 mono 16 kHz clip, in order, as soon as each is known."""


class PromptRecognizer(Recognizer, Protocol):
    """A recogniser that many share, and that answers some of them before the others."""

    def recognise_first(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Do as `recognise`, before all clips of files: somebody speaks and waits for the words."""


class SharedRecognizer(PromptRecognizer, Protocol):
    """What a program loads: a Recognizer that any number of recordings share fairly."""

    def share(self) -> Recognizer:
        """Return it as one recording uses it: all its calls count as one."""

    def close(self) -> None:
        """Stop; calls that still wait get an error."""


class ForwardingRecognizer:
    """What a recogniser in front of another one passes on unchanged; a subclass has its own `recognise`."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    @property
    def info(self) -> ModelInfo:
        return self._recognizer.info

    def open_speech_finder(self, pause_ms: int = 0) -> SpeechFinder:
        return self._recognizer.open_speech_finder(pause_ms)

    def open_live_finder(self, pause_ms: int) -> LiveSpeechFinder:
        return self._recognizer.open_live_finder(pause_ms)

    def open_voices(self) -> VoiceEncoder:
        return self._recognizer.open_voices()
