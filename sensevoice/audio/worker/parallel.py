"""What comes out of the processes that decode, in order: from one, or for a long file from several in turn.

A long file is cut into reader, which the processes decode at the same time, each the next that nobody
has. What they decode is what one pass gives, because a stretch is taken only when its process and the one
before it agree on the cut between them (`RangeReader.fingerprint`). If they do not, the one before goes on
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

from sensevoice.audio.info import AudioInfo, Samples
from sensevoice.audio.worker import protocol
from sensevoice.audio.worker.handle import WorkerHandle
from sensevoice.audio.worker.policy import SplitPolicy, spare_cores
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut

log = logging.getLogger(__name__)

MAX_MISSES = 3
"""After so many cuts in a row without agreement there will be no more: time stamps or packets are broken."""


class ParallelDecoder:
    """See `Decoder`: the same as `open_decoder`, in processes of its own.

    A crash, a hang or a limit of such a process is one error about this file: DecoderCrashed or TimedOut
    when nothing has come out of it yet, else `cut_short`, and what had come stands. `peak_bytes` is the
    most memory one of them used, known at the end; errors carry it in their data. Without `cutting` a file
    takes the cores that are spare when its reading begins.
    """

    def __init__(
        self,
        path: Path,
        stream_index: int | None = None,
        max_hours: float = 12.0,
        cutting: SplitPolicy | None = None,
    ) -> None:
        self.bad_packets = 0
        self.peak_bytes = 0
        self.cut_short: MediaError | None = None
        self._file = (path, stream_index, max_hours)
        self._cutting = cutting or SplitPolicy(processes=1)
        self._may_take_cores = cutting is None
        self._taken_cores = 0
        self._now = WorkerHandle(*self._file)
        self._waiting: deque[WorkerHandle] = deque()
        try:
            claims = self._claims()
        except BaseException:
            self.close()
            raise
        self._cuttable = claims.pop("cuttable")
        self.info = AudioInfo(path=path, **claims)

    @property
    def pid(self) -> int:
        """The process whose sound is being handed out."""
        return self._now.pid

    def close(self) -> None:
        """End all processes at once."""
        for process in (self._now, *self._waiting):
            process.close()
        self._waiting.clear()
        spare_cores.release(self._taken_cores)
        self._taken_cores = 0

    def chunks(self) -> Iterator[Samples]:
        any_sound = False
        try:
            for samples in self._in_stretches() if self._is_cut() else self._in_one_pass():
                any_sound = True
                yield samples
        except (DecoderCrashed, TimedOut) as error:
            if not any_sound:
                raise
            self.cut_short = error
        finally:
            self.close()

    def _claims(self) -> dict[str, Any]:
        kind, payload = self._now.frame()
        if kind != protocol.INFO:
            raise self._now.error(kind, payload)
        claims: dict[str, Any] = json.loads(payload)
        return claims

    def _is_cut(self) -> bool:
        """Tell whether this file is worth several processes, and take the cores for them."""
        if not self._cuttable or (self.info.duration_ms or 0) <= self._cutting.longer_than_s * 1000:
            return False
        if self._may_take_cores:
            self._taken_cores = spare_cores.acquire()
            self._cutting = SplitPolicy(processes=1 + self._taken_cores)
        return self._cutting.processes > 1

    def _in_one_pass(self) -> Iterator[Samples]:
        self._now.order(0, None)
        yield from self._answer()

    def _in_stretches(self) -> Iterator[Samples]:
        """Hand out stretch after stretch, and each process that has given its own another one."""
        stretch_s = self._cutting.stretch_s
        self._now.order(0, stretch_s)
        for number in range(1, self._cutting.processes):
            self._begin(WorkerHandle(*self._file), number)
        misses = 0
        for number in count(1):
            data = yield from self._answer()
            if data is None:
                return
            following = self._waiting.popleft()
            if data["mark"] is not None and data["mark"] == _first_mark(following):
                free, self._now, misses = self._now, following, 0
            else:
                following.close()
                misses += 1
                if misses == MAX_MISSES:
                    yield from self._alone(number)
                    return
                self._now.order(number * stretch_s, (number + 1) * stretch_s)
                free = WorkerHandle(*self._file)
            self._begin(free, number + len(self._waiting) + 1)

    def _begin(self, process: WorkerHandle, number: int) -> None:
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
            if kind == protocol.BLOCK:
                yield _samples(payload)
            elif kind in (protocol.MARK, protocol.END):
                data: dict[str, Any] = json.loads(payload)
                self.peak_bytes = max(self.peak_bytes, data["peak_bytes"])
                if kind == protocol.MARK:
                    return data
                self.bad_packets = data["bad_packets"]
                return None
            else:
                raise self._now.error(kind, payload)


def _first_mark(process: WorkerHandle) -> dict[str, Any] | None:
    """Return what a process says of the cut at which it began; None when it did not come so far."""
    try:
        kind, payload = process.frame()
        if kind == protocol.INFO:  # of one that was opened for a stretch, nobody has read it yet
            kind, payload = process.frame()
    except (DecoderCrashed, TimedOut):
        return None
    if kind != protocol.MARK:
        return None
    mark: dict[str, Any] | None = json.loads(payload)["mark"]
    return mark


def _samples(payload: bytearray) -> Samples:
    channels = payload[0]
    return np.frombuffer(payload, "<f4", offset=1).reshape(channels, -1)
