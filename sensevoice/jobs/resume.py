"""A recogniser that writes down every answer, so that a job goes on where a killed process left it.

The pipeline asks the same questions in the same order each time (nothing in it depends on the moment),
so the n-th answer of the first run is the n-th answer of the next one: those that are on disk are read,
and the model is asked for the rest. Only finding the speech is done again.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.jobs.files import append_line, cut_broken_line, read_lines
from sensevoice.options import Options
from sensevoice.protocols import Recognition, Recognizer, SpeechFinder, VoiceEncoder
from sensevoice.transcript import ModelInfo, TagScore

MAX_ATTEMPTS = 2
"""A clip that was being recognised at two deaths of the process is what kills it: it is set aside."""

QUARANTINED = "the program died twice on this stretch / 这一段两次导致程序退出，已跳过"


class ResumingRecognizer:
    """See Recognizer; `path` is where the answers of this job are kept."""

    def __init__(self, recognizer: Recognizer, path: Path) -> None:
        self._recognizer = recognizer
        self._path = path
        self._lock = threading.Lock()
        self._asked = 0
        self._known: dict[int, Recognition] = {}
        self._attempts: dict[int, int] = {}
        cut_broken_line(path)
        for line in read_lines(path):
            self._remember(line)

    @property
    def info(self) -> ModelInfo:
        return self._recognizer.info

    def open_speech_finder(self, pause_ms: int = 0) -> SpeechFinder:
        return self._recognizer.open_speech_finder(pause_ms)

    def open_voices(self) -> VoiceEncoder:
        return self._recognizer.open_voices()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        with self._lock:
            first = self._asked
            self._asked += len(clips)
        numbers = range(first, first + len(clips))
        unknown = [number for number in numbers if number not in self._known]
        for number in unknown:
            if self._attempts.get(number, 0) >= MAX_ATTEMPTS:
                self._keep(number, Recognition("", error=QUARANTINED))
        asked = [number for number in unknown if number not in self._known]
        with closing(self._ask({number: clips[number - first] for number in asked}, options)) as answers:
            for number in numbers:
                if number not in self._known:
                    self._keep(number, next(answers))
                yield self._known.pop(number)

    def _ask(self, clips: dict[int, np.ndarray], options: Options) -> Generator[Recognition, None, None]:
        """Ask for the clips together, or one by one when the last attempt ended in the middle of them."""
        alone = any(self._attempts.get(number) for number in clips)
        for group in [[number] for number in clips] if alone else [list(clips)]:
            if not group:
                continue
            append_line(self._path, {"began": group})
            try:
                yield from self._recognizer.recognise([clips[number] for number in group], options)
            except GeneratorExit:  # stopped on purpose, which is not the clips' fault
                append_line(self._path, {"left": group})
                raise

    def _keep(self, number: int, answer: Recognition) -> None:
        line = {
            "number": number,
            "raw": answer.raw,
            "tokens": answer.tokens,
            "error": answer.error,
            "scores": [(score.kind, score.name, score.score) for score in answer.scores],
        }
        append_line(self._path, line)
        self._known[number] = answer

    def _remember(self, line: dict[str, Any]) -> None:
        for number in line.get("began", ()):
            self._attempts[number] = self._attempts.get(number, 0) + 1
        for number in line.get("left", ()):
            self._attempts[number] -= 1
        if "number" in line:
            tokens = tuple((piece, start, end) for piece, start, end in line["tokens"])
            scores = tuple(TagScore(*score) for score in line.get("scores", ()))
            self._known[line["number"]] = Recognition(line["raw"], tokens, line["error"], scores)
