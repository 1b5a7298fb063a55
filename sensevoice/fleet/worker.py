"""What runs in a process of the fleet: the loaded models, and the pipeline in front of them.

Nothing here knows of Ray, which makes an actor of `Worker`.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

from sensevoice.errors import SenseVoiceError
from sensevoice.models.cards import load_cards
from sensevoice.models.loader import ModelSettings
from sensevoice.options import Options
from sensevoice.protocols import ForwardingRecognizer, Recognition, Recognizer
from sensevoice.recognise.scheduler import Scheduler
from sensevoice.runtime import environment
from sensevoice.transcribe import pipeline
from sensevoice.transcribe.pipeline import Update
from sensevoice.transcript import ModelInfo, Segment, Span


class Cancelled(Exception):
    """Nobody wants the rest of a recording any more."""


def load(settings: ModelSettings) -> Scheduler:
    """Return the models of this process."""
    environment.prepare()
    return load_cards(settings).scheduled()


class Worker:
    """The models of one process; its methods may be called from several threads at once.

    Errors that are raised on purpose are yielded as values, so that they arrive as they are.
    """

    def __init__(self, settings: ModelSettings, load: Callable[[ModelSettings], Scheduler] = load) -> None:
        self._recognizer = load(settings)
        self._cancelled: dict[str, threading.Event] = {}

    def info(self) -> ModelInfo:
        return self._recognizer.info

    def sees(self, path: str, stamp: tuple[int, int]) -> bool:
        """Return whether the same file lies under this path here, too: one of the same size and time."""
        try:
            status = Path(path).stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == stamp

    def transcribe(
        self, run: str, path: str, content: bytes | None, options: Options
    ) -> Iterator[Update | SenseVoiceError]:
        """Yield what `pipeline.iter_updates` yields, of a file here or of one with such content."""
        event = self._cancelled.setdefault(run, threading.Event())
        recognizer = _Cancellable(self._recognizer.share(), event)
        try:
            with (
                _file(path, content) as file,
                closing(cast(Any, pipeline.iter_updates(file, recognizer, options))) as updates,
            ):
                for update in updates:
                    _check(event)
                    yield update
        except SenseVoiceError as error:
            yield error
        except Cancelled:
            return
        finally:
            self._cancelled.pop(run, None)

    def cancel(self, run: str) -> None:
        """End a run at its next answer, or before it begins."""
        self._cancelled.setdefault(run, threading.Event()).set()

    def hear(
        self, path: str, content: bytes | None, spans: Sequence[Span], options: Options, rejoin: bool
    ) -> list[Segment] | SenseVoiceError:
        """See `pipeline.recognise_spans`."""
        try:
            with _file(path, content) as file:
                return pipeline.recognise_spans(file, spans, self._recognizer, options, rejoin)
        except SenseVoiceError as error:
            return error

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> list[Recognition]:
        return list(self._recognizer.recognise(clips, options))

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        return self._recognizer.open_voices().embed(clips)


@contextmanager
def _file(path: str, content: bytes | None) -> Iterator[Path]:
    """Yield the file itself, or one with its content and of its name, which the record bears."""
    if content is None:
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="sensevoice-fleet-") as folder:
        file = Path(folder, Path(path).name)
        file.write_bytes(content)
        yield file


def _check(event: threading.Event) -> None:
    if event.is_set():
        raise Cancelled


class _Cancellable(ForwardingRecognizer):
    """Ends after any answer, not only between rows."""

    def __init__(self, recognizer: Recognizer, event: threading.Event) -> None:
        super().__init__(recognizer)
        self._event = event

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        for answer in self._recognizer.recognise(clips, options):
            _check(self._event)
            yield answer
