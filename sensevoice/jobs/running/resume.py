"""A recogniser that writes down every answer, so that a job goes on where a killed process left it.

An answer belongs to what was asked: a hash of the samples, with the models and those settings that reach
them. So it does not matter in which order, at which place or how often a clip comes, nor whether the file was
read otherwise the time before. Only finding the speech is done again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.jobs.files import UNREADABLE, append_line, cut_broken_line
from sensevoice.jobs.running.checkpoint import checkpoint
from sensevoice.options import Options
from sensevoice.protocols import ForwardingRecognizer, Recognition, Recognizer, TermHit
from sensevoice.transcript import ModelInfo, TagScore

log = logging.getLogger(__name__)


class ResumingRecognizer(ForwardingRecognizer):
    """See Recognizer; `path` is where the answers of this job are kept.

    Those of runs before are read from the file when they are wanted, and only their places held in memory.
    """

    def __init__(self, recognizer: Recognizer, path: Path) -> None:
        super().__init__(recognizer)
        self._path = path
        self._lock = threading.Lock()
        self._writes = True
        cut_broken_line(path)
        self._known = _places(path)

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        keys = [key_of(clip, options, self.info) for clip in clips]
        known = [self._read(key) for key in keys]
        asked = [clip for clip, answer in zip(clips, known, strict=True) if answer is None]
        with closing(self._ask(asked, options)) as answers:
            for key, answer in zip(keys, known, strict=True):
                if answer is None:
                    answer = next(answers)
                    self._write(key, answer)
                    checkpoint()
                yield answer

    def _ask(self, clips: Sequence[np.ndarray], options: Options) -> Generator[Recognition, None, None]:
        if clips:
            yield from self._recognizer.recognise(clips, options)

    def _write(self, key: str, answer: Recognition) -> None:
        """Write an answer if the disk takes it; without it a killed process costs a little time, no text."""
        line = {
            "key": key,
            "raw": answer.raw,
            "tokens": answer.tokens,
            "error": answer.error,
            "scores": [(score.kind, score.name, score.score) for score in answer.scores],
            **({"hits": [astuple(hit) for hit in answer.hits]} if answer.hits else {}),
        }
        try:
            with self._lock:
                append_line(self._path, line)
            self._writes = True
        except OSError as exc:
            if self._writes:
                log.warning("%s: answers are not written: %s", self._path.parent.name, exc.strerror or exc)
            self._writes = False

    def _read(self, key: str) -> Recognition | None:
        place = self._known.get(key)
        if place is None:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                return _answer(json.loads(file.readline()))
        except (OSError, *UNREADABLE):
            return None  # it is asked for again


def key_of(clip: np.ndarray, options: Options, model: ModelInfo) -> str:
    """Return what an answer belongs to: the samples, the models, and the settings that reach them."""
    settings: list[object] = [options.language, options.use_itn, options.ban_emo_unk]
    settings += [options.hotwords] if options.hotwords else []
    about = json.dumps([model.name, model.precision, model.demo, settings])
    digest = hashlib.blake2b(about.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(clip, "<f4").tobytes())
    return digest.hexdigest()


def _answer(line: dict[str, Any]) -> Recognition:
    tokens = tuple((piece, start, end) for piece, start, end in line["tokens"])
    scores = tuple(TagScore(*score) for score in line.get("scores", ()))
    hits = tuple(TermHit(*hit) for hit in line.get("hits", ()))
    return Recognition(line["raw"], tokens, line["error"], scores, hits)


def _places(path: Path) -> dict[str, int]:
    """Return where in the file each answer stands; lines that cannot be read are passed over."""
    places: dict[str, int] = {}
    if not path.exists():
        return places
    place = 0
    with path.open("rb") as file:
        for line in file:
            try:
                places[json.loads(line)["key"]] = place
            except UNREADABLE:
                log.debug("%s: a line that is no answer", path)
            place += len(line)
    return places
