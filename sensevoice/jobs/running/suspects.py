"""Which clips were in the model when the process died: the one that kills it is found, no other is blamed.

After a death each clip that was in a model is a suspect, and is recognised alone. One that was alone in
the models at two deaths is what kills it: it is set aside as failed.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.jobs.files import UNREADABLE
from sensevoice.jobs.running.resume import key_of
from sensevoice.options import Options
from sensevoice.protocols import ForwardingRecognizer, Recognition, Recognizer
from sensevoice.runtime.atomic import write_whole

log = logging.getLogger(__name__)

MAX_DEATHS = 2
"""Of the process while a clip was alone in the models. One can be chance: somebody killed it just then."""

QUARANTINED = "the program died twice on this stretch / 这一段两次导致程序退出，已跳过"


class Suspects:
    """What is in the models at the moment, in a small file, and what was there when the process died.

    One for all models of a process; its methods may be called from several threads.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._in_the_models: list[list[str]] = []
        self._someone_is_alone = False
        self._deaths: dict[str, int] = {}
        self._read()

    def __contains__(self, key: str) -> bool:
        return key in self._deaths

    def is_guilty(self, key: str) -> bool:
        return self._deaths.get(key, 0) >= MAX_DEATHS

    @contextmanager
    def in_the_model(self, keys: list[str], alone: bool) -> Iterator[None]:
        """Note a batch while it is in a model; `alone`: while no other is in any model."""
        with self._changed:
            self._changed.wait_for(lambda: not self._someone_is_alone and not (alone and self._in_the_models))
            self._someone_is_alone = alone
            self._in_the_models.append(keys)
            self._write()
        try:
            yield
        finally:  # which a process that dies does not come to
            with self._changed:
                self._in_the_models.remove(keys)
                self._someone_is_alone = False
                self._write()
                self._changed.notify_all()

    def clear(self, keys: list[str]) -> None:
        """Note that a batch did not kill the process."""
        with self._changed:
            for key in keys:
                self._deaths.pop(key, None)

    def _read(self) -> None:
        try:
            data: dict[str, Any] = json.loads(self._path.read_text("utf-8"))
            self._deaths = {str(key): int(count) for key, count in data["suspects"].items()}
            died = [str(key) for key in data["in_the_model"]]
        except (OSError, *UNREADABLE):
            return
        for key in died:
            self._deaths[key] = self._deaths.get(key, 0) + (len(died) == 1)
        if died:
            log.warning("the program died on %d clips; each will be recognised alone", len(died))
        self._write()

    def _write(self) -> None:
        in_the_model = [key for keys in self._in_the_models for key in keys]
        content = json.dumps({"in_the_model": in_the_model, "suspects": self._deaths})
        try:
            write_whole(self._path, content, sync=False)  # twice for each batch
        except OSError as exc:
            log.debug("which clips are in the model is not written: %s", exc)


class SuspectingRecognizer(ForwardingRecognizer):
    """See Recognizer: stands right before a model, behind everybody's line, and is called by one thread."""

    def __init__(self, recognizer: Recognizer, suspects: Suspects) -> None:
        super().__init__(recognizer)
        self._suspects = suspects

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        keyed = [(key_of(clip, options, self.info), clip) for clip in clips]
        for suspects, group in groupby(keyed, lambda item: item[0] in self._suspects):
            members = list(group)
            for batch in [[member] for member in members] if suspects else [members]:
                yield from self._recognise(batch, options, alone=suspects)

    def _recognise(
        self, batch: list[tuple[str, np.ndarray]], options: Options, alone: bool
    ) -> Iterator[Recognition]:
        keys = [key for key, _ in batch]
        if self._suspects.is_guilty(keys[0]):
            yield Recognition("", error=QUARANTINED)
            return
        with self._suspects.in_the_model(keys, alone):
            yield from self._recognizer.recognise([clip for _, clip in batch], options)
            self._suspects.clear(keys)
