"""Decodes one file in one worker, or a long file in several, and yields the samples in order.

A long file is split into ranges, which the workers decode at the same time, each the next range that is left.
The result is that of one pass, because a range is used only when its worker and the one before it agree on
the cut between them (`RangeReader.fingerprint`). If they do not, the one before decodes that range, too: only
time can be lost.
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
from sensevoice.errors import DecoderCrashed, MediaError, TimedOut, Unreadable
from sensevoice.transcript import Media

log = logging.getLogger(__name__)

MAX_DEATHS = 3
"""At one place of a file: then it is the file that ends its decoders, not chance."""

MAX_MISSES = 3
"""After so many consecutive cuts without agreement there will be none: time stamps or packets are broken."""


class ParallelDecoder:
    """See `Decoder`: the same as `open_decoder`, in workers.

    A worker that dies is replaced by one that goes on where it stopped, up to MAX_DEATHS at one place. That,
    a hang or an exceeded limit is one error of this file: raised before the first samples, later `cut_short`,
    and the samples so far stay. `peak_bytes` is the most memory that a worker used, known at the end; it is
    in the data of errors. Without `policy` a file takes the cores that are free when reading begins.
    """

    def __init__(
        self,
        path: Path,
        stream_index: int | None = None,
        max_hours: float = 12.0,
        policy: SplitPolicy | None = None,
        raw_format: str = "",
    ) -> None:
        self.bad_packets = self.clock_breaks = 0
        self.peak_bytes = 0
        self.cut_short: MediaError | None = None
        self._stopped = False
        self._file = (path, stream_index, max_hours, raw_format)
        self._policy = policy or SplitPolicy(processes=1)
        self._may_take_cores = policy is None
        self._taken_cores = 0
        self._waiting: deque[WorkerHandle] = deque()
        claims = self._open()
        self._cuttable = claims.pop("cuttable")
        media = Media.from_dict(claims.pop("media"))
        self.info = AudioInfo(path=path, media=media, **claims)

    @property
    def gave_up(self) -> bool:
        return isinstance(self.cut_short, Unreadable)

    @property
    def pid(self) -> int:
        """The process id of the worker whose samples are being yielded."""
        return self._now.pid

    def close(self) -> None:
        """End all processes at once."""
        self._end_processes()
        spare_cores.release(self._taken_cores)
        self._taken_cores = 0

    def stop(self) -> None:
        """Make another thread, which reads the samples, stop at once even if the decoder says nothing."""
        self._stopped = True
        for process in (self._now, *self._waiting):
            process.kill()

    def _end_processes(self) -> None:
        for process in (self._now, *self._waiting):
            process.close()
        self._waiting.clear()

    def chunks(self) -> Iterator[Samples]:
        given = deaths = 0  # samples handed out, and how often a process died at this place
        sound = self._in_ranges() if self._is_cut() else self._in_one_pass()
        try:
            while True:
                try:
                    for samples in sound:
                        given, deaths = given + samples.shape[1], 0
                        yield samples
                    return
                except DecoderCrashed as error:
                    deaths += 1
                    if deaths == MAX_DEATHS or self._stopped:
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
                if self._stopped:
                    raise
                log.info("a decoder died (%s) at the beginning of a file", error.data["reference"])
        return self._start()

    def _start(self) -> dict[str, Any]:
        self._now = WorkerHandle(*self._file)
        try:
            return self._claims()
        except BaseException:
            self._end_processes()
            raise

    def _claims(self) -> dict[str, Any]:
        kind, payload = self._now.frame()
        if kind != protocol.INFO:
            raise self._now.error(kind, payload)
        claims: dict[str, Any] = json.loads(payload)
        return claims

    def _is_cut(self) -> bool:
        """Return whether this file is worth several workers; acquire the cores for them."""
        if not self._cuttable or (self.info.duration_ms or 0) <= self._policy.longer_than_s * 1000:
            return False
        if self._may_take_cores:
            self._taken_cores = spare_cores.acquire()
            self._policy = SplitPolicy(processes=1 + self._taken_cores)
        return self._policy.processes > 1

    def _in_one_pass(self) -> Iterator[Samples]:
        self._now.order(0, None)
        yield from self._answer()

    def _in_ranges(self) -> Iterator[Samples]:
        """Yield range after range; each worker that has finished one gets the next that is left."""
        range_s = self._policy.range_s
        self._now.order(0, range_s)
        for number in range(1, self._policy.processes):
            self._begin(WorkerHandle(*self._file), number)
        misses = 0
        for number in count(1):
            data = yield from self._answer()
            if data is None:
                return
            following = self._waiting.popleft()
            if data["fingerprint"] is not None and data["fingerprint"] == _first_fingerprint(following):
                free, self._now, misses = self._now, following, 0
            else:
                following.close()
                misses += 1
                if misses == MAX_MISSES:
                    yield from self._alone(number)
                    return
                self._now.order(number * range_s, (number + 1) * range_s)
                free = WorkerHandle(*self._file)
            self._begin(free, number + len(self._waiting) + 1)

    def _begin(self, process: WorkerHandle, number: int) -> None:
        self._waiting.append(process)
        process.order(number * self._policy.range_s, (number + 1) * self._policy.range_s)

    def _alone(self, number: int) -> Iterator[Samples]:
        """Decode the rest of the file in the current worker."""
        log.info("a recording cannot be cut after %d s", number * self._policy.range_s)
        while self._waiting:
            self._waiting.pop().close()
        self._now.order(number * self._policy.range_s, None)
        yield from self._answer()

    def _answer(self) -> Generator[Samples, None, dict[str, Any] | None]:
        """Yield what was ordered; return the data about the cut after it, None at the end of the file."""
        while True:
            if self._stopped:
                self._now.kill()
            kind, payload = self._now.frame()
            if kind == protocol.BLOCK:
                yield _samples(payload)
            elif kind in (protocol.CUT, protocol.END):
                data: dict[str, Any] = json.loads(payload)
                self.peak_bytes = max(self.peak_bytes, data["peak_bytes"])
                if kind == protocol.CUT:
                    return data
                self.bad_packets, self.clock_breaks = data["bad_packets"], data["clock_breaks"]
                if data["gave_up"]:
                    raise Unreadable(path=self.info.path)
                return None
            else:
                raise self._now.error(kind, payload)


def _first_fingerprint(process: WorkerHandle) -> dict[str, Any] | None:
    """Return a worker's fingerprint of the cut at which it began; None when it has none."""
    try:
        kind, payload = process.frame()
        if kind == protocol.INFO:  # unread so far, of a worker that was opened for a range
            kind, payload = process.frame()
    except (DecoderCrashed, TimedOut):
        return None
    if kind != protocol.CUT:
        return None
    fingerprint: dict[str, Any] | None = json.loads(payload)["fingerprint"]
    return fingerprint


def _samples(payload: bytearray) -> Samples:
    channels = payload[0]
    return np.frombuffer(payload, "<f4", offset=1).reshape(channels, -1)
