"""How late live text is, and what it costs: one talker, two, and a file beside one. docs/live.md has a table.

    .venv/bin/python scripts/evaluate_live.py --demo
    .venv/bin/python scripts/evaluate_live.py --model DIR --vad-model DIR --audio speech.wav --seconds 60

The sound is sent as fast as it is spoken. A word's delay runs from its end to the moment from which it stays
as it is; a row's from its end, where the pause begins, to the moment at which it is shown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import _root  # noqa: F401
import numpy as np

from sensevoice.audio.source import open_audio
from sensevoice.jobs import JobRunner, JobStore
from sensevoice.live import LiveHub
from sensevoice.live.recording import FRAME_BYTES, FRAME_MS
from sensevoice.live.session import LiveSession, View
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.precision import PRECISIONS
from sensevoice.models.sources import demo
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates


@dataclass(eq=False)
class Delays:
    """Delays of one talker in seconds, since `began_s` on the clock of time.monotonic."""

    session: LiveSession
    began_s: float
    words: list[float] = field(default_factory=list)
    second_passes: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    _piece_ms: int = -1
    _known: int = 0
    _passes_ms: list[int] = field(default_factory=list)  # up to where each over this piece heard
    _rows_until_ms: int = 0

    def look(self) -> None:
        """Note what is new; called whenever something is."""
        view, now_ms = self.session.view(), (time.monotonic() - self.began_s) * 1000
        self._note_words(view, now_ms)
        ends_ms = [row.span.end_ms for row in (*view.settled[-3:], *view.open) if row.kind == "speech"]
        for end_ms in sorted(each for each in ends_ms if each > self._rows_until_ms):
            self.rows.append((now_ms - end_ms) / 1000)
            self._rows_until_ms = end_ms

    def _note_words(self, view: View, now_ms: float) -> None:
        growing = view.growing
        if growing is None:
            return
        if growing.span.start_ms != self._piece_ms:
            self._piece_ms, self._known = growing.span.start_ms, 0
            self._passes_ms = [growing.span.start_ms]
        if growing.span.end_ms != self._passes_ms[-1]:
            self._note_pass(growing.span.end_ms, now_ms)
        self.words += [(now_ms - end_ms) / 1000 for end_ms in growing.ends_ms[self._known :]]
        self._known = len(growing.ends_ms)

    def _note_pass(self, until_ms: int, now_ms: float) -> None:
        """Note when what was said in each 0.1 s has been in two passes: when a trained model shows it."""
        for after_ms, before_ms in pairwise(self._passes_ms[-2:]):
            self.second_passes += [
                (now_ms - end_ms) / 1000 for end_ms in range(after_ms + 100, before_ms + 1, 100)
            ]
        self._passes_ms.append(until_ms)


def main() -> None:
    args = arguments()
    loaded = loaded_for(args)
    scheduler = loaded.scheduled()
    sound = sound_of(args.audio or [sample.path for sample in demo.sample_recordings()])
    print(f"{loaded.info.name}, {loaded.info.precision}, {loaded.info.device}; load {os.getloadavg()[0]:.1f}")
    names = ("words: median, 90 %", "second pass: median, 90 %", "rows: median, 90 %", "words", "memory")
    print(f"| talkers | file beside | {' | '.join(names)} |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for talkers, beside in ((1, False), (2, False), (1, True)):
        print(measured(scheduler, sound, talkers, beside, args.seconds), flush=True)
    scheduler.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add_model_arguments(parser)
    parser.add_argument("--seconds", type=int, default=60)
    return parser.parse_args()


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which model is asked, and about what sound."""
    parser.add_argument("--demo", action="store_true", help="the bundled model")
    parser.add_argument("--model", default="iic/SenseVoiceSmall")
    parser.add_argument("--vad-model", default="iic/speech_fsmn_vad_zh-cn-16k-common-pytorch")
    parser.add_argument("--random", action="store_true", help="the weights are random: no self-test")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--audio", type=Path, nargs="*", help="recordings of speech; default: the samples")


def loaded_for(args: argparse.Namespace) -> Any:
    """Load the models that `add_model_arguments` names."""
    chosen = {"device": args.device, "precision": args.precision}
    settings = (
        ModelSettings(demo=True, **chosen)
        if args.demo
        else ModelSettings(model=args.model, vad_model=args.vad_model, **chosen)
    )
    return load_recognizer(settings, self_test=not args.random)


def sound_of(paths: list[Path]) -> bytes:
    """Return recordings one after the other as int16, 16 kHz, mono."""
    parts = []
    for path in paths:
        with open_audio(path) as source:
            parts += [block.mean(axis=0) for block in source.blocks()]
    return bytes((np.clip(np.concatenate(parts), -1, 1 - 2**-15) * 32768).astype("<i2").tobytes())


def measured(recognizer: Any, sound: bytes, talkers: int, beside: bool, seconds: int) -> str:
    """Return a row of the table."""
    with tempfile.TemporaryDirectory() as directory:
        store = JobStore(Path(directory), lambda: recognizer.info)
        runner = JobRunner(store, lambda path, options: iter_updates(path, recognizer, options))
        hub = LiveHub(runner, recognizer, at_once=talkers)
        with file_beside(runner, sound, Path(directory)) if beside else nothing():
            before_mb = memory_mb()
            all_delays = [Delays(hub.begin("", Options(speakers="auto")), 0.0) for _ in range(talkers)]
            threads = [
                threading.Thread(target=speak, args=(delays, sound, seconds, number * 0.7))
                for number, delays in enumerate(all_delays)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            after_mb = memory_mb()
        hub.close()
        runner.close()
    words = [delay for delays in all_delays for delay in delays.words]
    passes = [delay for delays in all_delays for delay in delays.second_passes]
    rows = [delay for delays in all_delays for delay in delays.rows]
    spreads = (spread(words), spread(passes), spread(rows))
    cells = (str(talkers), "yes" if beside else "no", *spreads, str(len(words)))
    return f"| {' | '.join(cells)} | {before_mb} and {after_mb} MB |"


def speak(delays: Delays, sound: bytes, seconds: int, start_s: float) -> None:
    """Send the sound as fast as it is spoken, again and again."""
    time.sleep(start_s)
    delays.session.enter(delays)
    delays.began_s = time.monotonic()
    delays.session.listen(delays, delays.look)
    whole = len(sound) // FRAME_BYTES
    for number in range(seconds * 1000 // FRAME_MS):
        at = number % whole * FRAME_BYTES
        wait_s = delays.began_s + (number + 1) * FRAME_MS / 1000 - time.monotonic()
        time.sleep(max(0.0, wait_s))
        delays.session.take(number, sound[at : at + FRAME_BYTES])
    time.sleep(2.0)
    delays.session.unlisten(delays)


@contextmanager
def file_beside(runner: JobRunner, sound: bytes, directory: Path) -> Iterator[None]:
    """Keep a long recording being recognised in the block."""
    import soundfile

    path = directory / "long.wav"
    samples = np.tile(np.frombuffer(sound, "<i2"), 30)
    soundfile.write(path, samples, 16_000, subtype="PCM_16")
    job = runner.submit(path, Options())
    yield
    runner.cancel(job)


@contextmanager
def nothing() -> Iterator[None]:
    yield


def spread(delays: list[float]) -> str:
    if len(delays) < 2:
        return "–"
    return f"{statistics.median(delays):.2f}, {statistics.quantiles(delays, n=10)[-1]:.2f} s"


def memory_mb() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


if __name__ == "__main__":
    main()
