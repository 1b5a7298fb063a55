"""One recording that is being made: its sound as it comes, its rows as they are known, and who looks on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.errors import BadRequest, RowChanged, SenseVoiceError
from sensevoice.jobs.files import JobFolder
from sensevoice.jobs.model import ActiveJob
from sensevoice.live.recording import FRAME_BYTES, FRAME_MS, Recording
from sensevoice.live.rows import LiveRows
from sensevoice.live.stream import Growing, Heard, LiveStream
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.transcript import Segment

log = logging.getLogger(__name__)

BLOCK_SAMPLES = 300 * SAMPLES_PER_MS
"""How much is searched for speech at a time; a pause is noticed after so long at the latest."""

LAG_MS = 1_000
"""Whoever is further behind than this, as after a broken connection, first catches up with whole pieces."""

WAIT_S = 0.25
"""How long to wait for more sound before what goes on is looked at again."""

MOST_LOST_FRAMES = 10 * 60 * 1000 // FRAME_MS
"""What one message may say is lost: ten minutes, after which a recording ends anyway."""

OpenStream = Callable[[Options, int], LiveStream]
"""Returns a stream for the sound from a time in milliseconds on."""

Wake = Callable[[], object]


@dataclass(frozen=True)
class View:
    """What can be seen of a session at a moment. `settled` only grows; `frames` have been written.

    `corrected` are the numbers of settled rows to which people gave another text, one for each time; `names`
    are those of speakers.
    """

    frames: int
    settled: Sequence[Segment]
    open: tuple[Segment, ...]
    growing: Growing | None
    heard_ms: int
    stopped: bool
    ended: bool
    corrected: Sequence[int] = ()
    names: Mapping[str, str] = field(default_factory=dict)


class LiveSession:
    """A recording and the thread that recognises it. Methods may be called from several threads.

    `active` is its job as others see it. Whatever becomes of the recognition, the recording goes on.
    """

    def __init__(
        self,
        active: ActiveJob,
        folder: JobFolder,
        open_stream: OpenStream,
        show: Callable[[ActiveJob], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.active = active
        self.captions_token = ""
        self._folder = folder
        self._recording = Recording(_source(folder, active.job.name))
        self._open_stream = open_stream
        self._show = show
        self._clock = clock
        self._changed = threading.Condition()
        self._rows = LiveRows(folder, active.segments, self.duration_ms)
        self._growing: Growing | None = None
        self._heard_ms = self._rows.until_ms
        self._stopped = False  # recognition came to a stop; the recording goes on
        self.ended = False
        self._listeners: dict[object, Wake] = {}
        self._client: object | None = None
        self.left_s: float | None = clock()
        self._thread = threading.Thread(target=self._work, name=f"live-{active.job.id}", daemon=True)
        self._thread.start()

    @property
    def id(self) -> str:
        return self.active.job.id

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    @property
    def duration_ms(self) -> int:
        return self._recording.samples // SAMPLES_PER_MS

    def enter(self, client: object) -> None:
        """Let a client send from now on; the one before, whose connection may hang, is sent away."""
        with self._changed:
            self._client, self.left_s = client, None
        self._wake()

    def leave(self, client: object) -> None:
        """Note that a client's connection has ended."""
        with self._changed:
            if self._client is client:
                self._client, self.left_s = None, self._clock()

    def is_of(self, client: object) -> bool:
        return self._client is client

    def listen(self, key: object, wake: Wake) -> None:
        """Have `wake` called, in any thread, whenever there is something new to see, until `unlisten`."""
        with self._changed:
            self._listeners[key] = wake

    def unlisten(self, key: object) -> None:
        with self._changed:
            self._listeners.pop(key, None)

    def view(self) -> View:
        with self._changed:
            return View(
                self._recording.frames,
                self._rows.settled,
                self._rows.open,
                self._growing,
                self._heard_ms,
                self._stopped,
                self.ended,
                tuple(self._rows.corrected),
                self._rows.names,
            )

    def rename(self, speaker: str, name: str) -> None:
        """Give a speaker a name, for good. Raises OSError, BadRequest for one who is not there."""
        with self._changed:
            self._rows.check_speaker(speaker)
            if not self.ended:
                self._rows.rename(speaker, name)
        self._wake()

    def correct(self, number: int, start_ms: int, text: str) -> None:
        """Give a settled row another text, for good. Raises OSError, RowChanged for one that is not there."""
        with self._changed:
            if self.ended:
                raise RowChanged()
            self._rows.correct(number, start_ms, text)
        self._wake()

    def take(self, number: int, data: bytes) -> bool:
        """Write a frame if it is the next one; return whether it, or one that is not the next, was in order.

        What came before is passed over. False asks for all from the next one on. Raises OSError, and
        BadRequest for what is no frame.
        """
        if len(data) != FRAME_BYTES:
            raise BadRequest(reason=f"{len(data)} bytes, not {FRAME_BYTES}")
        with self._changed:
            if self.ended or number < self._recording.frames:
                return True
            if number > self._recording.frames:
                return False
            self._append(data)
            return True

    def lose(self, first: int, end: int) -> None:
        """Write silence for frames that the client no longer has, so that all after them keep their time."""
        with self._changed:
            count = end - max(first, self._recording.frames)
            if first > self._recording.frames or not 0 < count <= MOST_LOST_FRAMES:
                return
            log.warning("recording %s: %d ms were lost on the way", self.id, count * FRAME_MS)
            self._append(bytes(count * FRAME_BYTES))

    def complete(self, frames: int, tail: bytes) -> bool:
        """Write the last part, shorter than a frame, if all frames before are there; return whether."""
        if len(tail) >= FRAME_BYTES or len(tail) % 2:
            raise BadRequest(reason=f"tail: {len(tail)} bytes")
        with self._changed:
            if self.ended:
                return True
            if self._recording.frames < frames:
                return False
            if tail and self._recording.frames == frames:
                self._append(tail)
            return True

    def _append(self, data: bytes) -> None:
        self._recording.append(data)
        self._changed.notify_all()
        self._wake()

    def end(self, keep_open: bool = False) -> None:
        """Stop here: nothing more is taken. With `keep_open` the recording goes on in another process."""
        with self._changed:
            if self.ended:
                return
            self.ended = True
            if keep_open:
                self._recording.release()
            else:
                self._close()
                self._rows.leave()
                for name in ("peaks.json", "playable.ogg"):  # of a part of it
                    (self._folder.path / name).unlink(missing_ok=True)
            self._changed.notify_all()
        self._wake()

    def _close(self) -> None:
        try:
            self._recording.close()
        except OSError as exc:  # FFmpeg reads such a file to its end, whatever the header says
            log.warning("recording %s: its header is not written: %s", self.id, exc)
            self._recording.release()

    def _work(self) -> None:
        """Recognise what comes until the end."""
        try:
            stream = self._open_stream(self.active.job.options, self._rows.until_ms)
            while (samples := self._next_samples(stream)) is not None:
                if len(samples):
                    self._note(stream, stream.feed(samples))
                lag_ms = self.duration_ms - stream.fed_ms
                if lag_ms < LAG_MS and stream.look():
                    self._note(stream, None)
        except SenseVoiceError as error:
            self._stop(error.code)
        except Exception:  # the recording goes on, and is recognised at its end
            if not self.ended:
                log.exception("recording %s: it is no longer recognised as it comes", self.id)
                self._stop("unexpected")

    def _next_samples(self, stream: LiveStream) -> Any:
        """Wait for sound and return it, None at the end."""
        first = stream.fed_ms * SAMPLES_PER_MS
        with self._changed:
            self._changed.wait_for(lambda: self.ended or self._recording.samples > first, WAIT_S)
            if self.ended:
                return None
            return self._recording.read(first, BLOCK_SAMPLES)

    def _note(self, stream: LiveStream, heard: Heard | None) -> None:
        with self._changed:
            if self.ended:
                return
            if heard is not None:
                self._rows.settle(heard)
            self._growing, self._heard_ms = stream.growing, stream.fed_ms
            self.active.progress = Progress("recognise", stream.fed_ms, None)
        self._show(self.active)
        self._wake()

    def _stop(self, reason: str) -> None:
        log.info("recording %s goes on without being recognised: %s", self.id, reason)
        with self._changed:
            self._stopped, self._growing = True, None
        self._wake()

    def _wake(self) -> None:
        for wake in list(self._listeners.values()):
            wake()


def _source(folder: JobFolder, name: str) -> Any:
    """Return the file of the recording, which may be there from an earlier process."""
    if folder.has_source:
        return folder.source
    return folder.path / "source" / name
