"""What comes out of the processes that decode, in order: from one, or for a long file from several in turn.

A long file is cut into stretches, which the processes decode at the same time, each the next that nobody
has. What they decode is what one pass gives, because a stretch is taken only when its process and the one
before it agree on the cut between them (see `Stretches.mark`). If they do not, the one before goes on
through that stretch, too: all that can be lost is time.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.audio_info import AudioInfo, Samples
from sensevoice.cell import wire
from sensevoice.cell.cutting import Cutting, spare_cores
from sensevoice.cell.decoder import DecoderProcess
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut, Unreadable

log = logging.getLogger(__name__)

MAX_DEATHS = 3
"""At one place of a file: then it is the file that ends its decoders, not chance."""

MAX_MISSES = 3
"""After so many cuts in a row without agreement there will be no more: time stamps or packets are broken."""


class CellDecoder:
    """See `Decoder`: the same as `open_decoder`, in processes of its own.

    A process that dies is replaced by one that goes on where it stopped, up to MAX_DEATHS at one place. That,
    a hang or a limit is one error about this file: raised when nothing has come out of it yet, else
    `cut_short`, and what had come stands. `peak_bytes` is the
    most memory one of them used, known at the end; errors carry it in their data. Without `cutting` a file
    takes the cores that are spare when its reading begins.
    """

    def __init__(
        self,
        path: Path,
        stream_index: int | None = None,
        max_hours: float = 12.0,
        cutting: Cutting | None = None,
    ) -> None:
        self.bad_packets = 0
        self.peak_bytes = 0
        self.cut_short: MediaError | None = None
        self._closed = False
        self._file = (path, stream_index, max_hours)
        self._cutting = cutting or Cutting(processes=1)
        self._may_take_cores = cutting is None
        self._taken_cores = 0
        self._waiting: deque[DecoderProcess] = deque()
        claims = self._open()
        self._cuttable = claims.pop("cuttable")
        self.info = AudioInfo(path=path, **claims)

    @property
    def pid(self) -> int:
        """The process whose sound is being handed out."""
        return self._now.pid

    def close(self) -> None:
        """End all processes at once; another thread that reads from them gets an error."""
        self._closed = True
        self._end_processes()
        spare_cores.give_back(self._taken_cores)
        self._taken_cores = 0

    def _end_processes(self) -> None:
        for process in (self._now, *self._waiting):
            process.close()
        self._waiting.clear()

    def chunks(self) -> Iterator[Samples]:
        given = deaths = 0  # samples handed out, and how often a process died at this place
        sound = self._in_stretches() if self._is_cut() else self._in_one_pass()
        try:
            while True:
                try:
                    for samples in sound:
                        given, deaths = given + samples.shape[1], 0
                        yield samples
                    return
                except DecoderCrashed as error:
                    deaths += 1
                    if deaths == MAX_DEATHS or self._closed:
                        raise
                    log.info("a decoder died (%s); another goes on where it stopped", error.data["reference"])
                    self._end_processes()
                    sound = self._from(given)
        except MediaError as error:
            if not given:
                raise
            self.cut_short = error
        finally:
            self.close()

    def _from(self, samples: int) -> Iterator[Samples]:
        """Decode anew and hand out what comes after so many samples: each pass over a file gives the same."""
        self._open()
        for chunk in self._in_one_pass():
            known = min(samples, chunk.shape[1])
            samples -= known
            if known < chunk.shape[1]:
                yield chunk[:, known:]

    def _open(self) -> dict[str, Any]:
        """Start a process and return what it says of the file; another one when that dies of chance."""
        for _ in range(MAX_DEATHS - 1):
            try:
                return self._start()
            except DecoderCrashed as error:
                if self._closed:
                    raise
                log.info("a decoder died (%s) at the beginning of a file", error.data["reference"])
        return self._start()

    def _start(self) -> dict[str, Any]:
        self._now = DecoderProcess(*self._file)
        try:
            if self._closed:  # meanwhile, by another thread
                raise self._now.error(wire.END, bytearray())
            return self._claims()
        except BaseException:
            self._end_processes()
            raise

    def _claims(self) -> dict[str, Any]:
        kind, payload = self._now.frame()
        if kind != wire.INFO:
            raise self._now.error(kind, payload)
        claims: dict[str, Any] = json.loads(payload)
        return claims

    def _is_cut(self) -> bool:
        """Tell whether this file is worth several processes, and take the cores for them."""
        if not self._cuttable or (self.info.duration_ms or 0) <= self._cutting.longer_than_s * 1000:
            return False
        if self._may_take_cores:
            self._taken_cores = spare_cores.take()
            self._cutting = Cutting(processes=1 + self._taken_cores)
        return self._cutting.processes > 1

    def _in_one_pass(self) -> Iterator[Samples]:
        self._now.order(0, None)
        yield from self._answer()

    def _in_stretches(self) -> Iterator[Samples]:
        """Hand out stretch after stretch, and each process that has given its own another one."""
        stretch_s = self._cutting.stretch_s
        self._now.order(0, stretch_s)
        for number in range(1, self._cutting.processes):
            self._begin(DecoderProcess(*self._file), number)
        misses = 0
        for number in count(1):
            told = yield from self._answer()
            if told is None:
                return
            following = self._waiting.popleft()
            if told["mark"] is not None and told["mark"] == _first_mark(following):
                free, self._now, misses = self._now, following, 0
            else:
                following.close()
                misses += 1
                if misses == MAX_MISSES:
                    yield from self._alone(number)
                    return
                self._now.order(number * stretch_s, (number + 1) * stretch_s)
                free = DecoderProcess(*self._file)
            self._begin(free, number + len(self._waiting) + 1)

    def _begin(self, process: DecoderProcess, number: int) -> None:
        self._waiting.append(process)
        process.order(number * self._cutting.stretch_s, (number + 1) * self._cutting.stretch_s)

    def _alone(self, number: int) -> Iterator[Samples]:
        """Let the process whose turn it is go on to the end of the file."""
        log.info("%s cannot be cut after %d s", self.info.path.name, number * self._cutting.stretch_s)
        while self._waiting:
            self._waiting.pop().close()
        self._now.order(number * self._cutting.stretch_s, None)
        yield from self._answer()

    def _answer(self) -> Generator[Samples, None, dict[str, Any] | None]:
        """Hand out what was ordered; return what is said of the cut behind it, None at the file's end."""
        while True:
            kind, payload = self._now.frame()
            if kind == wire.BLOCK:
                yield _samples(payload)
            elif kind in (wire.MARK, wire.END):
                told: dict[str, Any] = json.loads(payload)
                self.peak_bytes = max(self.peak_bytes, told["peak_bytes"])
                if kind == wire.MARK:
                    return told
                self.bad_packets = told["bad_packets"]
                if told["gave_up"]:
                    raise Unreadable(path=self.info.path)
                return None
            else:
                raise self._now.error(kind, payload)


def _first_mark(process: DecoderProcess) -> dict[str, Any] | None:
    """Return what a process says of the cut at which it began; None when it did not come so far."""
    try:
        kind, payload = process.frame()
        if kind == wire.INFO:  # of one that was opened for a stretch, nobody has read it yet
            kind, payload = process.frame()
    except (DecoderCrashed, TimedOut):
        return None
    if kind != wire.MARK:
        return None
    mark: dict[str, Any] | None = json.loads(payload)["mark"]
    return mark


def _samples(payload: bytearray) -> Samples:
    channels = payload[0]
    return np.frombuffer(payload, "<f4", offset=1).reshape(channels, -1)
