"""A contestant in a process of its own, which waits, without using the CPU, until it is asked."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from _root import ROOT

from sensevoice.runtime import environment

from . import material
from .contestants import open_contestant


@dataclass(frozen=True)
class Took:
    """One round of a task; memory is resident, in megabytes, before and at its highest."""

    seconds: float
    answer: Any
    before_mb: float
    peak_mb: float


class Contestant:
    """Talks to the process of a contestant, line by line in JSON."""

    def __init__(self, name: str, lot: material.Material, sherpa: Path) -> None:
        paths = {key: value and str(value) for key, value in asdict(lot).items()}
        command = [sys.executable, "-m", "bench.process", name, json.dumps(paths), str(sherpa)]
        self.name = name
        started_s = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT / "scripts",
            env=environment_of(name),
        )
        self.tasks: list[str] = self._read()
        self.load_s = time.perf_counter() - started_s

    def run(self, task: str) -> Took:
        """Run a task once; raise what it raised."""
        assert self._process.stdin is not None
        self._process.stdin.write(task + "\n")
        self._process.stdin.flush()
        return Took(**self._read())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if line.startswith("{") or line.startswith("["):  # libraries print, too
                return json.loads(line)
        raise RuntimeError(f"{self.name} ended")


def environment_of(name: str) -> dict[str, str]:
    """Return the environment of a contestant; ours is started as the program's supervisor starts it."""
    return {**(environment.SWITCHES if name == "ours" else {}), **os.environ}


class PeakMemory:
    """Resident memory, looked at twenty times a second while a task runs."""

    def __enter__(self) -> PeakMemory:
        self.before_mb = self.peak_mb = resident_mb()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.peak_mb = max(self.peak_mb, resident_mb())


def resident_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def first_text() -> None:
    """Load what one clip needs, as a user of the program or of funasr would, and recognise it."""
    name, model, vad, clip = sys.argv[1:]
    if name == "funasr":
        from funasr import AutoModel

        whole = AutoModel(model=model, vad_model=vad, device="cpu", disable_update=True)
        print(whole.generate(input=clip, batch_size_s=60, merge_vad=True))
        return
    environment.prepare()
    from sensevoice.models.loader import ModelSettings, load_recognizer
    from sensevoice.options import Options
    from sensevoice.transcribe.pipeline import transcribe

    recognizer = load_recognizer(ModelSettings(model, vad, device="cpu"), self_test=False)
    print(transcribe(clip, recognizer, Options(sounds=False)).raw)


def main() -> None:
    """Load a contestant and do what the lines of standard input name."""
    name, paths, sherpa = sys.argv[1:]
    lot = material.Material(**{key: value and Path(value) for key, value in json.loads(paths).items()})
    contestant = open_contestant(name, lot, Path(sherpa))
    tasks = [
        task for task in dir(contestant) if not task.startswith("_") and callable(getattr(contestant, task))
    ]
    print(json.dumps(tasks), flush=True)
    for line in sys.stdin:
        with PeakMemory() as memory:
            started_s = time.perf_counter()
            answer = getattr(contestant, line.strip())()
            seconds = time.perf_counter() - started_s
        print(json.dumps(asdict(Took(seconds, answer, memory.before_mb, memory.peak_mb))), flush=True)


if __name__ == "__main__":
    main()
