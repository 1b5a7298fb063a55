"""Hands recordings to workers on Ray, and yields what they yield, as if they were here.

The unit of work is a recording: one GPU at full speed takes 200 MB of samples a second, but 50 MB of MP3. A
path that a worker sees, too, is read there; otherwise the content goes with it.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice.errors import FleetUnavailable, SenseVoiceError, WorkerLost, first_line
from sensevoice.fleet.worker import Worker
from sensevoice.jobs.running.checkpoint import checkpoint
from sensevoice.models.loader import ModelSettings
from sensevoice.options import Options
from sensevoice.protocols import LiveSpeechFinder, Recognition, Recognizer, SpeechFinder, VoiceEncoder
from sensevoice.runtime.background import settle
from sensevoice.transcribe.pipeline import Update
from sensevoice.transcript import ModelInfo, Segment, Span

log = logging.getLogger(__name__)

TRIES = 3
"""For a recording whose workers die: it may have been chance twice."""

RUNS_EACH = 8
"""As many recordings as a program alone takes at once; the worker shares its models among them."""

WAIT_S = 0.2
"""How often the driver looks whether the run is wanted at all while nothing comes."""

LOCAL = "local"
"""The address that stands for a fleet on this machine alone."""

STARTS = 3
"""Ray gives its own processes 30 s to start, which a busy machine may not keep."""

OBJECT_STORE_BYTES = 256 << 20
"""Of a local fleet: rows, and no recordings, which all its workers see."""


@dataclass(eq=False)
class _Member:
    """A worker and how many runs it has."""

    actor: Any
    running: int = 0


class Fleet:
    """The workers of this driver, in place of the local pipeline; each has the models loaded.

    `address` is LOCAL or a cluster's; `count` how many workers, None: one for each GPU, without any one for
    each machine. Raises FleetUnavailable.
    """

    def __init__(
        self,
        settings: ModelSettings,
        address: str = LOCAL,
        count: int | None = None,
        load: Callable[[ModelSettings], Any] | None = None,
    ) -> None:
        self._closed = threading.Event()
        self._ray = ray = _joined(address, count, self._closed)
        gpus = int(ray.cluster_resources().get("GPU", 0))
        count = count or gpus or len(ray.nodes())
        actor = ray.remote(
            num_gpus=1 if gpus >= count else 0,
            num_cpus=0,
            max_restarts=-1,
            max_concurrency=RUNS_EACH + 2,  # and to be asked or cancelled meanwhile
        )(Worker)
        arguments = (settings,) if load is None else (settings, load)
        self._members = [_Member(actor.remote(*arguments)) for _ in range(count)]
        self._lock = threading.Lock()
        try:
            self.info: ModelInfo = ray.get([member.actor.info.remote() for member in self._members])[0]
        except Exception as exc:  # a model that is not there, a machine that is too small …
            self.close()
            raise FleetUnavailable(reason=first_line(getattr(exc, "cause", None) or exc)) from exc

    def __len__(self) -> int:
        return len(self._members)

    def close(self) -> None:
        """End the workers, and leave the cluster or end the local one."""
        self._ray.shutdown()
        self._closed.set()

    def transcribe(self, path: Path, options: Options) -> Iterator[Update]:
        """Yield what `pipeline.iter_updates` yields; see there. Raises WorkerLost after TRIES deaths.

        Rows that a worker had given before it died come once: the next one gives the same.
        """
        given = 0
        last: _Member | None = None
        for _ in range(TRIES):
            rows, last = 0, self._least_loaded(last)
            try:
                for update in self._run(last, path.absolute(), options):
                    rows += isinstance(update, Segment)
                    if isinstance(update, Segment) and rows <= given:
                        continue
                    yield update
                return
            except (self._ray.exceptions.RayActorError, self._ray.exceptions.ObjectLostError) as exc:
                log.warning(
                    "a worker died, another one begins %s / 工作进程中断，改由其他进程处理", path.name
                )
                log.debug("", exc_info=exc)
                given = max(given, rows)
        raise WorkerLost(path=path, tries=TRIES)

    def hear(
        self, path: Path, spans: Sequence[Span], options: Options, rejoin: bool = False
    ) -> list[Segment]:
        """See `pipeline.recognise_spans`."""
        path = path.absolute()
        with self._busy(self._least_loaded()) as actor:
            content = self._content(actor, path)
            rows = self._ray.get(actor.hear.remote(str(path), content, list(spans), options, rejoin))
        if isinstance(rows, SenseVoiceError):
            raise rows
        return list(rows)

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """See Recognizer; for a few clips: recordings go to `transcribe`."""
        with self._busy(self._least_loaded()) as actor:
            answers: list[Recognition] = self._ray.get(actor.recognise.remote(list(clips), options))
        yield from answers

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """See VoiceEncoder."""
        with self._busy(self._least_loaded()) as actor:
            prints: np.ndarray = self._ray.get(actor.embed.remote(list(clips)))
        return prints

    def open_voices(self) -> VoiceEncoder:
        return self

    def recognise_first(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        return self.recognise(clips, options)

    def open_speech_finder(self, pause_ms: int = 0) -> SpeechFinder:
        raise FleetUnavailable(reason="it finds speech in whole recordings only / 只能处理完整的录音")

    def open_live_finder(self, pause_ms: int) -> LiveSpeechFinder:
        raise FleetUnavailable(reason="live captions need a start without --ray / 实时字幕请不加 --ray 启动")

    def share(self) -> Recognizer:
        return self

    def _run(self, member: _Member, path: Path, options: Options) -> Iterator[Update]:
        """Have one worker transcribe a recording. Raises RayActorError when it dies."""
        run = secrets.token_hex(8)
        with self._busy(member) as actor:
            content = self._content(actor, path)
            call = actor.transcribe.options(num_returns="streaming")
            ended = False
            try:
                for update in self._arriving(call.remote(run, str(path), content, options)):
                    if isinstance(update, SenseVoiceError):
                        raise update
                    yield update
                ended = True
            finally:
                if not ended:
                    actor.cancel.remote(run)

    def _arriving(self, stream: Any) -> Iterator[Any]:
        """Yield the values of a stream as they come; each WAIT_S, see whether they are still wanted."""
        while True:
            ready, _ = self._ray.wait([stream], timeout=WAIT_S)
            checkpoint()
            if not ready:
                continue
            try:
                arrived = next(stream)
            except StopIteration:
                return
            yield self._ray.get(arrived)

    def _content(self, actor: Any, path: Path) -> Any:
        """Return None where a worker sees the file itself, else its content, in Ray's memory."""
        status = path.stat()
        if self._ray.get(actor.sees.remote(str(path), (status.st_size, status.st_mtime_ns))):
            return None
        return self._ray.put(path.read_bytes())

    def _least_loaded(self, but: _Member | None = None) -> _Member:
        """Return the worker with fewest runs; the one that has just died last."""
        with self._lock:
            return min(self._members, key=lambda each: (each is but, each.running))

    @contextmanager
    def _busy(self, member: _Member) -> Iterator[Any]:
        with self._lock:
            member.running += 1
        try:
            yield member.actor
        finally:
            with self._lock:
                member.running -= 1


def _joined(address: str, count: int | None, closed: threading.Event) -> Any:
    """Return the library, which has joined a cluster or begun one here. Raises FleetUnavailable."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray

        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if address == LOCAL:
            settings = {"num_cpus": max(1, count or 1), **quiet}
            _in_a_thread_until(closed, lambda: _begin_here(ray, **settings))
        else:
            ray.init(address=address, **quiet)
    except Exception as exc:  # Ray is not there, or whatever it has against the address
        raise FleetUnavailable(reason=first_line(exc)) from exc
    return ray


def _in_a_thread_until(closed: threading.Event, action: Callable[[], None]) -> None:
    """Do something in a thread that ends only when something is closed. Raises what it raises.

    Linux kills Ray's processes when the thread that began them ends, not the process (PR_SET_PDEATHSIG,
    prctl(2)).
    """
    done: Future[None] = Future()

    def stay() -> None:
        settle(done, action)
        if done.exception() is None:
            closed.wait()

    threading.Thread(target=stay, name="ray", daemon=True).start()
    done.result()


def _begin_here(ray: Any, **settings: Any) -> None:
    """Begin a cluster of this machine alone, which nobody else on the network reaches."""
    settings |= {"_node_ip_address": "127.0.0.1", "object_store_memory": OBJECT_STORE_BYTES}
    for left in reversed(range(STARTS)):
        try:
            ray.init(address="local", include_dashboard=False, **settings)
            return
        except Exception:
            if not left:
                raise
            log.warning("Ray did not start in time, once more / Ray 未能及时启动，再试一次")
            ray.shutdown()
