"""Cuts that the page asked for: made one at a time, followed, cancelled, and kept for a while."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sensevoice.clips.cutting import Made, check_room, make
from sensevoice.clips.encoder import Cancelled, Stop
from sensevoice.clips.model import CutSettings, Take
from sensevoice.clips.plan import planned
from sensevoice.errors import CutFailed, CutGone, DiskLow, NoRoomToCut, SenseVoiceError
from sensevoice.jobs import JobStore
from sensevoice.runtime.file_names import short_stem

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "done", "failed", "cancelled"]

FOLDER = "clips"
"""In the folder of the first job that is cut from, so that it goes with the job and counts as its room."""

KEPT_S = 24 * 3600.0
KEPT_FOR_A_JOB = 3
"""A cut is taken away at once or asked for again."""


@dataclass(eq=False)
class Cut:
    """One cut. `name` is what its file is saved as; `made` is there at its end, `error` when it failed."""

    id: str
    owner: str
    name: str
    path: Path
    state: State = "waiting"
    fraction: float = 0.0
    made: Made | None = None
    error: SenseVoiceError | None = None
    ended_s: float | None = None
    stop: Stop = field(default_factory=Stop)


class Cuts:
    """All cuts of this process. Methods may be called from several threads."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._cuts: dict[str, Cut] = {}
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(1)  # an encoder takes all cores
        for left in (store.directory / "jobs").glob(f"*/{FOLDER}"):  # of the last process, which nobody knows
            shutil.rmtree(left, ignore_errors=True)

    def start(self, owner: str, job: str, takes: Sequence[Take], settings: CutSettings) -> Cut:
        """Begin a cut of an owner, kept in the folder of a job. Raises NothingToCut, NoRoomToCut."""
        folder = self._store.folder(job).path / FOLDER
        clips = planned(takes, settings)
        folder.mkdir(exist_ok=True, mode=0o700)
        self._remove_old(folder)
        expected = check_room(takes, clips, settings, folder)
        try:
            self._store.check_room(2 * expected)
        except DiskLow as exc:
            raise NoRoomToCut(reason=exc.data["reason"]) from exc
        key = secrets.token_urlsafe(9)
        cut = Cut(
            key, owner, f"{short_stem(takes[0].name, 'recording')}.{settings.form}.zip", folder / f"{key}.zip"
        )
        with self._lock:
            self._cuts[key] = cut
        threading.Thread(target=self._run, args=(cut, takes, settings), name="cut", daemon=True).start()
        return cut

    def cut(self, key: str, owner: str) -> Cut:
        """Return a cut. Raises CutGone when there is none, or it belongs to somebody else."""
        with self._lock:
            cut = self._cuts.get(key)
        if cut is None or cut.owner != owner or (cut.state == "done" and not cut.path.exists()):
            raise CutGone()
        return cut

    def cancel(self, key: str, owner: str) -> None:
        """Stop a cut, or remove what it gave. Raises CutGone."""
        cut = self.cut(key, owner)
        cut.stop.cancel()
        if cut.state == "done":
            self._forget(cut)

    def _run(self, cut: Cut, takes: Sequence[Take], settings: CutSettings) -> None:
        def tell(fraction: float) -> None:
            cut.fraction = fraction

        state: State = "failed"
        try:
            with self._turn:
                if cut.stop.asked:
                    raise Cancelled
                cut.state = "running"
                # The name within the zip is that of the recording, not the key.
                cut.made = make(takes, settings, cut.path, tell, cut.stop, stem=Path(cut.name).stem)
            cut.fraction, state = 1.0, "done"
        except Cancelled:
            state = "cancelled"
        except SenseVoiceError as error:
            cut.error = error
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("a cut failed, reference %s", reference)
            cut.error = CutFailed(reference=reference)
        cut.ended_s = time.monotonic()
        cut.state = state

    def _remove_old(self, folder: Path) -> None:
        """Remove cuts that were kept for their time, and of one job all but the last ones."""
        now_s = time.monotonic()
        with self._lock:
            ended = [cut for cut in self._cuts.values() if cut.ended_s is not None]
        here = [cut for cut in ended if cut.path.parent == folder]
        old = [cut for cut in ended if now_s - (cut.ended_s or now_s) > KEPT_S]
        for cut in {*old, *here[: 1 - KEPT_FOR_A_JOB]}:
            self._forget(cut)

    def _forget(self, cut: Cut) -> None:
        with self._lock:
            self._cuts.pop(cut.id, None)
        with suppress(OSError):
            cut.path.unlink(missing_ok=True)
