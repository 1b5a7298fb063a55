"""Which clips were in the model when the process died: the one that kills it is found, no other is blamed.

After a death each clip of the batch that died is a suspect, and is recognised alone. One that was alone in
the model at two deaths is what kills it: it is set aside as failed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
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
"""Of the process while a clip was alone in the model. One can be chance: somebody killed it just then."""

QUARANTINED = "the program died twice on this stretch / 这一段两次导致程序退出，已跳过"


class SuspectingRecognizer(ForwardingRecognizer):
    """See Recognizer: stands right before the model, behind everybody's line, and is called by one thread.

    `path` is a small file, written before and after each batch.
    """

    def __init__(self, recognizer: Recognizer, path: Path) -> None:
        super().__init__(recognizer)
        self._path = path
        self._deaths: dict[str, int] = {}
        self._read()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        keyed = [(key_of(clip, options, self.info), clip) for clip in clips]
        for suspects, group in groupby(keyed, lambda item: item[0] in self._deaths):
            members = list(group)
            for batch in [[member] for member in members] if suspects else [members]:
                yield from self._recognise(batch, options)

    def _recognise(self, batch: list[tuple[str, np.ndarray]], options: Options) -> Iterator[Recognition]:
        keys = [key for key, _ in batch]
        if self._deaths.get(keys[0], 0) >= MAX_DEATHS:
            yield Recognition("", error=QUARANTINED)
            return
        self._write(keys)
        try:
            yield from self._recognizer.recognise([clip for _, clip in batch], options)
            for key in keys:
                self._deaths.pop(key, None)
        finally:  # which a process that dies does not come to
            self._write([])

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
            log.warning("the program died on a batch of %d clips; each will be recognised alone", len(died))
        self._write([])

    def _write(self, in_the_model: list[str]) -> None:
        try:
            write_whole(self._path, json.dumps({"in_the_model": in_the_model, "suspects": self._deaths}))
        except OSError as exc:
            log.debug("which clips are in the model is not written: %s", exc)
