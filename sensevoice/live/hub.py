"""All recordings that are being made: how many there may be, and what becomes of those that are left."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sensevoice.errors import JobNotFound, LiveBusy
from sensevoice.jobs import ActiveJob, Job, JobRunner
from sensevoice.jobs.files import UNREADABLE
from sensevoice.live.session import LiveSession
from sensevoice.live.stream import PASS_EVERY_S, LiveStream
from sensevoice.options import Options
from sensevoice.protocols import PromptRecognizer
from sensevoice.runtime.atomic import write_whole
from sensevoice.runtime.cpus import usable_cpus
from sensevoice.runtime.file_names import cut_to_bytes

log = logging.getLogger(__name__)

GONE_S = 600.0
"""Whoever has been away for so long does not come back: the browser keeps about as much of the sound."""

SWEEP_S = 2.0

PER_OWNER = 2
"""Recordings that one login may make at a time, where there are logins: one, and one begun anew."""

MAX_KEPT = 64
"""Recordings whose clients are away; each is a thread that waits, and a file."""

GPU_SESSIONS = 16
"""By arithmetic: a pass over 15 s of speech takes a GPU 20 ms, twice a second."""

MAX_NAME_BYTES = 120


class LiveHub:
    """The recordings of a runner. `at_once` may be made at a time, 0 for as many as the machine holds.

    Those that an earlier process left wait for their clients, as those do whose connection broke; after
    `gone_s` they are recognised like any other recording.
    """

    def __init__(
        self,
        runner: JobRunner,
        recognizer: PromptRecognizer,
        at_once: int = 0,
        pass_every_s: float = PASS_EVERY_S,
        gone_s: float = GONE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._recognizer = recognizer
        self._at_once = at_once
        self._pass_every_s = pass_every_s
        self._gone_s = gone_s
        self._clock = clock
        self._lock = threading.RLock()
        self._sessions: dict[str, LiveSession] = {}
        self._readers: dict[bytes, str] = {}
        self._guests = 0
        for job in runner.store.unfinished():
            if job.state == "live":
                self._restore(job)
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_now_and_then, name="live-sweeper", daemon=True)
        self._sweeper.start()

    @property
    def at_once(self) -> int:
        """How many may speak at a time."""
        on_gpu = self._runner.store.model.device not in ("", "cpu")
        return self._at_once or (GPU_SESSIONS if on_gpu else max(2, usable_cpus()))

    def begin(self, name: str, options: Options, owner: str = "", address: str = "") -> LiveSession:
        """Begin a recording. Raises LiveBusy, DiskLow, and why there will be no models."""
        self._runner.check()
        with self._lock:
            self._check_room(owner)
            if len(self._sessions) >= MAX_KEPT:
                raise LiveBusy(count=len(self._sessions))
            stem = cut_to_bytes(name.replace("/", " ").replace("\\", " ").strip(". "), MAX_NAME_BYTES)
            job = self._runner.store.create_live(f"{stem or 'live'}.wav", options, owner)
            return self._add(ActiveJob(job, address=address))

    def resume(self, session_id: str, owner: str = "") -> LiveSession:
        """Return a recording that goes on. Raises LiveBusy, and JobNotFound when it has ended."""
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None or session.active.job.owner != owner:
                raise JobNotFound(job=session_id)
            if not session.is_connected:
                self._check_room(owner)
            return session

    def job(self, session_id: str, owner: str = "") -> Job:
        """Return the job that a recording has become. Raises JobNotFound."""
        return self._runner.store.job(session_id, owner)

    def end(self, session: LiveSession) -> None:
        """End a recording; it is recognised as a file now. One without any sound is removed."""
        with self._lock:
            if self._sessions.pop(session.id, None) is None:
                return
            self._revoke(session)
        session.end()
        if session.duration_ms:
            self._runner.end_recording(session.active)
        else:
            self._runner.end_recording(session.active, "cancelled")
            self._runner.store.delete(session.active.job)

    def captions(self, session: LiveSession) -> str:
        """Return the token with which anybody may follow a recording, until it is taken back or ends.

        It is kept with the job, for the process after this one. Raises OSError when the disk refuses it.
        """
        with self._lock:
            if not session.captions_token:
                token = secrets.token_urlsafe(18)
                write_whole(self._runner.store.folder(session.id).captions, json.dumps({"token": token}))
                self._let_read(session, token)
            return session.captions_token

    def revoke_captions(self, session: LiveSession) -> None:
        """Make the link to the captions worth nothing; who follows it is sent away."""
        with self._lock:
            self._revoke(session)

    @contextmanager
    def guest(self, owner: str = "") -> Iterator[None]:
        """Count somebody who speaks without a recording among the others. Raises LiveBusy."""
        self._runner.check()
        with self._lock:
            self._check_room(owner)
            self._guests += 1
        try:
            yield
        finally:
            with self._lock:
                self._guests -= 1

    def is_reader(self, token: str) -> bool:
        """Return whether a token may follow a recording."""
        return _key(token) in self._readers

    def followed_by(self, token: str) -> LiveSession:
        """Return the recording that a token may follow. Raises JobNotFound."""
        session = self._sessions.get(self._readers.get(_key(token), ""))
        if session is None:
            raise JobNotFound(job="")
        return session

    def close(self) -> None:
        """Stop the recordings where they are; they go on in the next process."""
        self._closed.set()
        self._sweeper.join()
        for session in list(self._sessions.values()):
            session.end(keep_open=True)

    def sweep(self) -> None:
        """End the recordings whose clients have been away for too long."""
        for session in list(self._sessions.values()):
            left_s = session.left_s
            if left_s is not None and self._clock() - left_s > self._gone_s:
                log.info("recording %s: its client does not come back", session.id)
                self.end(session)

    def _check_room(self, owner: str) -> None:
        speaking = [each for each in self._sessions.values() if each.is_connected]
        own = [each for each in speaking if owner and each.active.job.owner == owner]
        count = len(speaking) + self._guests
        if count >= self.at_once or len(own) >= PER_OWNER:
            raise LiveBusy(count=len(own) if len(own) >= PER_OWNER else count)

    def _restore(self, job: Job) -> None:
        try:
            session = self._add(ActiveJob(job))
            if token := self._kept_token(job):
                self._let_read(session, token)
        except OSError as exc:
            log.warning("recording %s cannot go on: %s", job.id, exc)
            self._runner.end_recording(ActiveJob(job))

    def _add(self, active: ActiveJob) -> LiveSession:
        folder = self._runner.store.folder(active.job.id)
        session = LiveSession(
            active, folder, self._open_stream, self._runner.show_recording, clock=self._clock
        )
        active.stop = partial(self.end, session)
        active.began_s = self._clock()
        self._sessions[session.id] = session
        self._runner.begin_recording(active)
        return session

    def _open_stream(self, options: Options, start_ms: int) -> LiveStream:
        return LiveStream(self._recognizer, options, start_ms, self._pass_every_s)

    def _let_read(self, session: LiveSession, token: str) -> None:
        session.captions_token = token
        self._readers[_key(token)] = session.id

    def _kept_token(self, job: Job) -> str:
        """Return the token of the captions that an earlier process gave, "" when there is none."""
        try:
            token = json.loads(self._runner.store.folder(job.id).captions.read_text("utf-8"))["token"]
        except (OSError, *UNREADABLE):
            return ""
        return token if isinstance(token, str) else ""

    def _revoke(self, session: LiveSession) -> None:
        self._readers.pop(_key(session.captions_token), None)
        session.captions_token = ""
        try:
            self._runner.store.folder(session.id).captions.unlink(missing_ok=True)
        except OSError as exc:
            log.warning("recording %s: the link to its captions is not removed: %s", session.id, exc)

    def _sweep_now_and_then(self) -> None:
        while not self._closed.wait(SWEEP_S):
            try:
                self.sweep()
            except Exception:  # of one recording; the others are to end in time
                log.exception("recordings whose clients have gone could not be ended")


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
