"""A scripted stand-in for the models, for tests of everything around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from sensevoice.audio.source import SAMPLE_RATE_HZ, SAMPLES_PER_MS
from sensevoice.options import Options
from sensevoice.protocols import Recognition, Speech
from sensevoice.transcript import ModelInfo, Span

Answer = Callable[[np.ndarray, Options], Recognition | str]


class FakeSpeechFinder:
    """Knows its spans beforehand and reports each when its end has been fed and then some."""

    def __init__(self, spans: Sequence[Span], delay_ms: int = 500, pauses: Sequence[Span] = ()) -> None:
        self._spans = list(spans)
        self._pauses = list(pauses)
        self._delay_ms = delay_ms
        self._fed_ms = 0

    @property
    def settled_ms(self) -> int:
        unreported = self._spans[0].start_ms if self._spans else self._fed_ms
        return min(unreported, self._fed_ms - self._delay_ms)

    def feed(self, samples: np.ndarray) -> list[Speech]:
        self._fed_ms += len(samples) // SAMPLES_PER_MS
        return self._take(lambda span: span.end_ms + self._delay_ms <= self._fed_ms)

    def finish(self) -> list[Speech]:
        return self._take(lambda span: True)

    def _take(self, known: Callable[[Span], bool]) -> list[Speech]:
        taken = [span for span in self._spans if known(span)]
        self._spans = self._spans[len(taken) :]
        return [Speech(span, self._pauses_in(span)) for span in taken]

    def _pauses_in(self, span: Span) -> tuple[Span, ...]:
        return tuple(pause for pause in self._pauses if span.start_ms < pause.start_ms < span.end_ms)


class FakeRecognizer:
    """Answers each clip by a function of its samples; keeps what it was asked."""

    info = ModelInfo("fake", "fake-vad", "cpu")

    def __init__(
        self, spans: Sequence[tuple[int, int]], answer: Answer, pauses: Sequence[tuple[int, int]] = ()
    ) -> None:
        self._spans = [Span(*span) for span in spans]
        self._pauses = [Span(*pause) for pause in pauses]
        self._answer = answer
        self.clips: list[np.ndarray] = []
        self.batches: list[int] = []

    def open_speech_finder(self, pause_ms: int = 0) -> FakeSpeechFinder:
        return FakeSpeechFinder(self._spans, pauses=self._pauses if pause_ms else ())

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        self.batches.append(len(clips))
        for clip in clips:
            self.clips.append(clip)
            answer = self._answer(clip, options)
            yield Recognition(answer) if isinstance(answer, str) else answer


def tone(duration_ms: int, level: float = 0.3, frequency_hz: float = 300.0) -> np.ndarray:
    """Return a sine of the given amplitude."""
    time_s = np.arange(duration_ms * SAMPLES_PER_MS) / SAMPLE_RATE_HZ
    return (level * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def silence(duration_ms: int) -> np.ndarray:
    return np.zeros(duration_ms * SAMPLES_PER_MS, dtype=np.float32)


def write_wav(path: Path, *parts: np.ndarray) -> Path:
    """Write parts one after the other, mono, or stereo where they have two rows."""
    samples = np.concatenate(parts, axis=-1)
    soundfile.write(path, samples.T, SAMPLE_RATE_HZ, subtype="FLOAT")
    return path
