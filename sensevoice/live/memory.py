"""What was answered about sound that is asked about again and again while more of it comes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from sensevoice.jobs.running.resume import key_of
from sensevoice.options import Options
from sensevoice.protocols import ForwardingRecognizer, PromptRecognizer, Recognition
from sensevoice.segment.segmenter import Chunk
from sensevoice.transcribe.agreement import Clip
from sensevoice.transcribe.rows import Speakers
from sensevoice.transcript import Span

KEPT = 256
"""Answers, and pieces: a run of speech has at most a hundred."""


class RememberingRecognizer(ForwardingRecognizer):
    """Asks before all files, and nothing twice: the rows of a run are made anew with each of its pieces."""

    def __init__(self, recognizer: PromptRecognizer) -> None:
        super().__init__(recognizer)
        self._prompt = recognizer
        self._known: OrderedDict[str, Recognition] = OrderedDict()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        keys = [key_of(clip, options, self.info) for clip in clips]
        new = {key: clip for key, clip in zip(keys, clips, strict=True) if key not in self._known}
        failed: dict[str, Recognition] = {}
        for key, answer in zip(new, self._prompt.recognise_first(list(new.values()), options), strict=True):
            (failed if answer.error else self._known)[key] = answer
        answers = [failed[key] if key in failed else self._known[key] for key in keys]
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        yield from answers

    def now(self, clip: np.ndarray, options: Options) -> Recognition:
        """Return the answer about speech that goes on, which will never be asked about again."""
        return next(self._prompt.recognise_first([clip], options))


class RememberingSpeakers:
    """Tells who speaks in pieces (`rows.Speakers`), once for each.

    `opened` gives what tells them, which may take long to load: until then, and where it gives None, nobody
    is known, and nobody waits.
    """

    def __init__(self, opened: Callable[[], Speakers | None]) -> None:
        self._speakers: Speakers | None = None
        self._known: OrderedDict[Span, str | None] = OrderedDict()
        threading.Thread(target=self._open, args=(opened,), name="live-voices", daemon=True).start()

    def of_pieces(self, pieces: Sequence[Chunk]) -> Sequence[str | None]:
        if self._speakers is None:
            return [None for _ in pieces]
        new = [piece for piece in pieces if piece.span not in self._known]
        for piece, name in zip(new, self._speakers.of_pieces(new), strict=True):
            self._known[piece.span] = name
        names = [self._known[piece.span] for piece in pieces]
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return names

    def divided(self, clip: Clip) -> Sequence[Clip]:
        is_known = all(piece.span in self._known for piece in clip.pieces)
        return self._speakers.divided(clip) if self._speakers is not None and is_known else [clip]

    def _open(self, opened: Callable[[], Speakers | None]) -> None:
        self._speakers = opened()
