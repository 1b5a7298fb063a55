"""The models while they are still being loaded: a Recognizer from the first moment on.

Whoever asks it for something waits until the models are there, or gets the error that kept them away. So
the page can be opened, and jobs be taken in, before the libraries are even imported.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from sensevoice.errors import MissingDependency, SenseVoiceError, Unexpected
from sensevoice.options import Options
from sensevoice.progress import LoadStep
from sensevoice.protocols import (
    LiveSpeechFinder,
    Recognition,
    Recognizer,
    SharedRecognizer,
    SpeechFinder,
    VoiceEncoder,
)
from sensevoice.transcript import ModelInfo

log = logging.getLogger(__name__)

ModelState = Literal["loading", "ready", "failed"]

BEGINNING = LoadStep("libraries")

WATCHED_S = 5.0
"""A page that is open asks every second."""


@dataclass(frozen=True)
class ModelStatus:
    """The truth about the models at a moment.

    `info` names no device before that is known. `step` is what is done while they are being loaded,
    `error` why they could not be, `directory` where the recogniser lies once it is found.
    """

    state: ModelState
    info: ModelInfo
    step: LoadStep = BEGINNING
    error: SenseVoiceError | None = None
    directory: Path | None = None


@dataclass(frozen=True)
class Loaded:
    """What loading gives: the models, and the directory of the recogniser."""

    recognizer: SharedRecognizer
    directory: Path


Report = Callable[[LoadStep], None]


class LoadingRecognizer:
    """A Recognizer whose answers wait for the models; `info` is what is known of them beforehand."""

    def __init__(self, info: ModelInfo, clock: Callable[[], float] = time.monotonic) -> None:
        self._info = info
        self._clock = clock
        self._step = BEGINNING
        self._future: Future[Loaded] = Future()
        self._watched_s: float | None = None

    @property
    def info(self) -> ModelInfo:
        return self._future.result().recognizer.info if self._is_loaded() else self._info

    def open_speech_finder(self, pause_ms: int = 0) -> SpeechFinder:
        return self._future.result().recognizer.open_speech_finder(pause_ms)

    def open_live_finder(self, pause_ms: int) -> LiveSpeechFinder:
        return self._future.result().recognizer.open_live_finder(pause_ms)

    def open_voices(self) -> VoiceEncoder:
        return self._future.result().recognizer.open_voices()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        return self._future.result().recognizer.recognise(clips, options)

    def share(self) -> Recognizer:
        """See SharedRecognizer."""
        return self.loaded().share()

    def loaded(self) -> SharedRecognizer:
        """Return the models themselves, as soon as they are there."""
        return self._future.result().recognizer

    def recognise_first(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """See Scheduler."""
        return self._future.result().recognizer.recognise_first(clips, options)

    def status(self) -> ModelStatus:
        """Return the truth at this moment; whoever asks counts as somebody who watches."""
        self._watched_s = self._clock()
        if not self._future.done():
            return ModelStatus("loading", self._info, self._step)
        error = self._future.exception()
        if error is None:
            return ModelStatus("ready", self.info, directory=self._future.result().directory)
        return ModelStatus("failed", self._info, error=error if isinstance(error, SenseVoiceError) else None)

    @property
    def settled(self) -> bool:
        """Whether loading has come to its end, well or not."""
        return self._future.done()

    def close(self) -> None:
        """Stop the models, if they are there."""
        if self._is_loaded():
            self._future.result().recognizer.close()

    @property
    def watched(self) -> bool:
        """Whether somebody asked for the status lately, and so would see how it ends."""
        return self._watched_s is not None and self._clock() - self._watched_s < WATCHED_S

    def load_in_background(
        self,
        load: Callable[[Report], Loaded],
        when_ready: Callable[[], None],
        when_failed: Callable[[SenseVoiceError], None],
    ) -> threading.Thread:
        """Load the models in a thread of its own, and say there how it ended; return the thread."""

        def work() -> None:
            try:
                self._future.set_result(load(self._report))
            except Exception as exc:
                error = _as_ours(exc)
                self._future.set_exception(error)
                when_failed(error)
            else:
                when_ready()

        # A download may take long after the program was asked to end.
        thread = threading.Thread(target=work, name="loading", daemon=True)
        thread.start()
        return thread

    def _is_loaded(self) -> bool:
        return self._future.done() and self._future.exception() is None

    def _report(self, step: LoadStep) -> None:
        self._step = step


def _as_ours(error: Exception) -> SenseVoiceError:
    """Return an error with a sentence for people; a fault of the program goes to the log, with a number."""
    if isinstance(error, SenseVoiceError):
        return error
    if isinstance(error, ImportError):
        return MissingDependency(reason=error)
    reference = secrets.token_hex(4)
    log.error("loading the models: unexpected error, reference %s", reference, exc_info=error)
    return Unexpected(reference=reference)
