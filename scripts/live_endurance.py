#!/usr/bin/env python3
"""Whether live recordings grow in memory or fall behind over hours; docs/live.md has the figures.

    .venv/bin/python scripts/live_endurance.py beside --demo --minutes 60  at the speed of speech, jobs beside
    .venv/bin/python scripts/live_endurance.py memory --demo --minutes 180 of sound, at full speed

At full speed what goes on is recognised as often as there is time for, and delays mean nothing.
Prints a line a minute (`memory`: for ten minutes of sound), and at the end the first third beside the last.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from evaluate_live import Delays, add_model_arguments, loaded_for, memory_mb, nothing, sound_of

from sensevoice.jobs import JobRunner, JobStore
from sensevoice.live import LiveHub
from sensevoice.live.recording import FRAME_BYTES, FRAME_MS
from sensevoice.live.stream import PASS_EVERY_S
from sensevoice.models.sources import demo
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates

MINUTE_FRAMES = 60_000 // FRAME_MS

LEAD_MS = 800
"""At full speed the sound is so far ahead of what was heard of it: with more, no speech that goes on would be
looked at (session.LAG_MS)."""

FILE_REPEATS = 30
"""The samples so many times over are a job of some minutes."""


@dataclass(frozen=True)
class Minute:
    """What was seen at the end of a stretch; delays are in seconds, None where there were none."""

    memory_mb: int
    words_s: float | None
    rows_s: float | None
    behind_s: float
    jobs: int


class Jobs:
    """Files that are recognised beside, one after the other; `done` counts them."""

    def __init__(self, runner: JobRunner, path: Path) -> None:
        self._runner = runner
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.done = 0

    def _work(self) -> None:
        while not self._stop.is_set():
            job = self._runner.submit(self._path, Options(speakers="auto"))
            while not self._runner.wait_for_end(job.id, 1.0):
                if self._stop.is_set():
                    break
            else:
                self.done += 1
            self._runner.delete(job)

    @contextmanager
    def beside(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


def main() -> None:
    args = arguments()
    scheduler = loaded_for(args).scheduled()
    sound = sound_of(args.audio or [sample.path for sample in demo.sample_recordings()])
    with tempfile.TemporaryDirectory() as name:
        is_live = args.mode == "beside"
        runner, hub = house(scheduler, Path(name), PASS_EVERY_S if is_live else 0.0)
        path = Path(name) / "beside.wav"
        soundfile.write(path, np.tile(np.frombuffer(sound, "<i2"), FILE_REPEATS), 16_000, subtype="PCM_16")
        jobs = Jobs(runner, path)
        delays = Delays(hub.begin("", Options(speakers="auto")), time.monotonic())
        with jobs.beside() if is_live else nothing():
            pace = at_speed_of_speech(delays) if is_live else as_fast_as_heard(delays)
            minutes = talk(delays, sound, args.minutes, 1 if is_live else 10, pace, jobs)
        hub.close()
        runner.close()
    scheduler.close()
    print_thirds(minutes)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("mode", choices=("beside", "memory"))
    add_model_arguments(parser)
    parser.add_argument("--minutes", type=int, default=60, help="of sound (default %(default)d)")
    return parser.parse_args()


def house(recognizer: Any, directory: Path, pass_every_s: float) -> tuple[JobRunner, LiveHub]:
    """Return what the program has behind its page, over an empty directory."""
    store = JobStore(directory / "data", lambda: recognizer.info)
    runner = JobRunner(store, lambda path, options: iter_updates(path, recognizer, options))
    return runner, LiveHub(runner, recognizer, at_once=1, pass_every_s=pass_every_s)


def at_speed_of_speech(delays: Delays) -> Callable[[int], None]:
    def wait(number: int) -> None:
        time.sleep(max(0.0, delays.began_s + (number + 1) * FRAME_MS / 1000 - time.monotonic()))

    return wait


def as_fast_as_heard(delays: Delays) -> Callable[[int], None]:
    def wait(number: int) -> None:
        while number * FRAME_MS - delays.session.view().heard_ms > LEAD_MS:
            time.sleep(0.005)

    return wait


def talk(
    delays: Delays, sound: bytes, minutes: int, every: int, pace: Callable[[int], None], jobs: Jobs
) -> list[Minute]:
    """Send the sound again and again; print and return what was seen `every` so many minutes of it."""
    session, seen = delays.session, list[Minute]()
    session.enter(delays)
    delays.began_s = began_s = time.monotonic()
    if every == 1:
        session.listen(delays, delays.look)
    whole = len(sound) // FRAME_BYTES
    print("| minute | memory | words: median | rows: median | behind | jobs done | clock |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for number in range(minutes * MINUTE_FRAMES):
        pace(number)
        at = number % whole * FRAME_BYTES
        session.take(number, sound[at : at + FRAME_BYTES])
        if (number + 1) % (every * MINUTE_FRAMES) == 0 or number + 1 == minutes * MINUTE_FRAMES:
            seen.append(looked(delays, (number + 1) * FRAME_MS, jobs))
            minute = (number + 1) // MINUTE_FRAMES
            print(f"| {minute} | {cells(seen[-1])} | {time.monotonic() - began_s:.0f} s |", flush=True)
    session.unlisten(delays)
    return seen


def looked(delays: Delays, sent_ms: int, jobs: Jobs) -> Minute:
    """Return what is seen now, and begin a new stretch of delays."""
    words, delays.words = delays.words, []
    rows, delays.rows = delays.rows, []
    behind_s = (sent_ms - delays.session.view().heard_ms) / 1000
    return Minute(memory_mb(), median(words), median(rows), behind_s, jobs.done)


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def cells(minute: Minute) -> str:
    delays = " | ".join("–" if each is None else f"{each:.2f} s" for each in (minute.words_s, minute.rows_s))
    return f"{minute.memory_mb} MB | {delays} | {minute.behind_s:.1f} s | {minute.jobs}"


def print_thirds(minutes: Sequence[Minute]) -> None:
    """Print medians of the first third and of the last: what grows is greater in the last."""
    count = max(1, len(minutes) // 3)
    print("\n| | memory | words | rows | behind |\n| --- | ---: | ---: | ---: | ---: |")
    for name, part in (("first third", minutes[:count]), ("last third", minutes[-count:])):
        columns = (
            [float(each.memory_mb) for each in part],
            [each.words_s for each in part if each.words_s is not None],
            [each.rows_s for each in part if each.rows_s is not None],
            [each.behind_s for each in part],
        )
        middles = ["–" if (middle := median(column)) is None else f"{middle:.2f}" for column in columns]
        print(f"| {name} | {' | '.join(middles)} |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
