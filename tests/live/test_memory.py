"""Who speaks is told once the voices can be told apart; until then nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from sensevoice.live.memory import RememberingSpeakers
from sensevoice.protocols import Recognition
from sensevoice.segment.segmenter import Chunk
from sensevoice.transcribe.agreement import Clip
from sensevoice.transcript import Piece, Span

NOTHING = np.zeros(0, np.float32)


def piece(start_ms: int) -> Chunk:
    return Chunk("speech", Span(start_ms, start_ms + 500), NOTHING)


class Tracker:
    """Names each piece after how many it has heard."""

    def __init__(self) -> None:
        self.heard: list[Span] = []

    def of_pieces(self, pieces: Sequence[Chunk]) -> list[str | None]:
        self.heard += [each.span for each in pieces]
        return [f"S{len(self.heard)}" for _ in pieces]

    def divided(self, clip: Clip) -> Sequence[Clip]:
        assert all(each.span in self.heard for each in clip.pieces)
        return [clip, clip]


def test_nobody_waits_for_the_voices_and_each_piece_is_heard_once() -> None:
    tracker, loaded, opened = Tracker(), threading.Event(), threading.Event()

    def open_slowly() -> Tracker:
        loaded.wait(10)
        opened.set()
        return tracker

    speakers = RememberingSpeakers(open_slowly)
    clip = Clip((Piece(piece(0).span),), NOTHING, Recognition(""), NOTHING)
    assert speakers.of_pieces([piece(0)]) == [None]
    assert speakers.divided(clip) == [clip]
    loaded.set()
    opened.wait(10)
    while speakers.of_pieces([piece(600)]) == [None]:
        pass  # the thread is about to hand it over
    assert speakers.of_pieces([piece(600), piece(1200)]) == ["S1", "S2"]
    assert speakers.divided(clip) == [clip]  # a piece that was never heard
    assert speakers.of_pieces([piece(0)]) == ["S3"]
    assert len(speakers.divided(clip)) == 2
    assert len(tracker.heard) == 3


def test_without_voices_nobody_is_told_apart() -> None:
    speakers = RememberingSpeakers(lambda: None)
    assert speakers.of_pieces([piece(0), piece(600)]) == [None, None]
