#!/usr/bin/env python3
"""Break the running program in many ways, and compare the rows with those of an undisturbed run.

Each trial starts the program with the bundled model over a job that waits, breaks something at a random
moment, starts it again where it has ended, and reads the record at the end. The trials take turns, so that a
run that is ended early has tried all. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import soundfile  # noqa: E402

from sensevoice.jobs import FINISHED, JobStore  # noqa: E402
from sensevoice.jobs.store import HEADROOM_BYTES  # noqa: E402
from sensevoice.models.sources.demo import sample_recordings  # noqa: E402
from sensevoice.options import Options  # noqa: E402
from sensevoice.transcript import ModelInfo  # noqa: E402

RATE_HZ = 16_000
DAY_S = 86_400

SMALL_BYTES = HEADROOM_BYTES + (64 << 20)
"""A file system that takes a job in and is soon full."""

SHIFTED = (
    "import runpy, sys, time; real = time.time; by = float(sys.argv.pop(1)); "
    "time.time = lambda: real() + by; "
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)
"""The program under a clock that is off by the first argument, in seconds."""

Fault = Callable[["Trial"], None]


class TooLate(Exception):
    """A trial whose job had ended before it could be disturbed, or that did not end in time."""


@dataclass
class Trial:
    """One job in a directory of its own, and the program that works on it."""

    directory: Path
    recording: Path
    port: int
    chance: random.Random
    typical_s: float
    end_s: float = 600.0
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    job_id: str = ""

    def create(self) -> None:
        """Put the job into the directory, as a stopped program leaves one."""
        store = JobStore(self.directory, lambda: ModelInfo("", "", ""))
        self.job_id = store.create(self.recording, Options()).id
        store.close()

    def start(self, wrapper: Sequence[str] = (), supervised: bool = True) -> subprocess.Popen[bytes]:
        arguments = ["app_sensevoice.py", "--demo", "--device", "cpu", "--host", "127.0.0.1"]
        arguments += ["--port", str(self.port), "--data-dir", str(self.directory)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        if not supervised:
            environment["SENSEVOICE_SUPERVISED"] = "1"
        program = subprocess.Popen(
            [sys.executable, *wrapper, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.directory / "messages").open("ab"),
            start_new_session=True,
        )
        self.programs.append(program)
        return program

    def entry(self) -> dict[str, object]:
        """Return what the job's folder says of it, nothing while that is being written."""
        with suppress(OSError, ValueError):
            return dict(json.loads((self.directory / "jobs" / self.job_id / "job.json").read_text("utf-8")))
        return {}

    def rows(self) -> list[dict[str, object]]:
        path = self.directory / "jobs" / self.job_id / "segments.jsonl"
        if not path.exists():
            return []
        return [
            json.loads(line) for line in path.read_text("utf-8").splitlines(keepends=True) if line[-1] == "\n"
        ]

    def record(self) -> dict[str, object]:
        return dict(json.loads((self.directory / "jobs" / self.job_id / "record.json").read_text("utf-8")))

    def wait(self, until: Callable[[], object]) -> None:
        """Wait until something holds. Raises TooLate."""
        end_s = time.monotonic() + self.end_s
        while not until():
            if time.monotonic() > end_s or all(program.poll() is not None for program in self.programs):
                raise TooLate((self.directory / "messages").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.02)

    def finished(self) -> bool:
        return self.entry().get("state") in FINISHED

    def come_to_the_middle(self) -> None:
        """Wait for a random part of what the job takes from its first row on."""
        time.sleep(self.chance.random() * self.typical_s)

    def end(self) -> None:
        for program in self.programs:
            end(program)


def end(program: subprocess.Popen[bytes]) -> None:
    """End a program with what it has started."""
    if program.poll() is None:
        program.terminate()
        try:
            program.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            if int(path.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(path.parent.name))
    return found


def fork_servers(trial: Trial) -> list[int]:
    """Return the processes from which the decoders of a trial's program are forked."""
    below = [child for program in children(trial.programs[-1].pid) for child in children(program)]
    return [pid for pid in below if b"sys.path.insert" in _command(pid)]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_decoders(trial: Trial) -> None:
    trial.come_to_the_middle()
    kill([decoder for server in fork_servers(trial) for decoder in children(server)])


def kill_fork_server(trial: Trial) -> None:
    trial.come_to_the_middle()
    kill(fork_servers(trial))


def kill_program(trial: Trial) -> None:
    trial.come_to_the_middle()
    kill(children(trial.programs[-1].pid))


def kill_supervisor(trial: Trial) -> None:
    trial.come_to_the_middle()
    trial.programs[-1].kill()
    trial.programs[-1].wait()
    time.sleep(trial.chance.random() * 3)
    trial.start()


def hang_up(trial: Trial) -> None:
    trial.come_to_the_middle()
    trial.programs[-1].send_signal(signal.SIGHUP)


def second_instance(trial: Trial) -> None:
    trial.come_to_the_middle()
    other = Trial(trial.directory, trial.recording, trial.port + 1, trial.chance, 0.0)
    program = other.start(supervised=False)
    assert program.wait(120) != 0, "two programs over one directory"


def stop_and(break_it: Callable[[Trial], None], wrapper: Callable[[Trial], Sequence[str]]) -> Fault:
    """Return a fault that stops the program in the middle, breaks something, and starts it again."""

    def fault(trial: Trial) -> None:
        trial.come_to_the_middle()
        kill([*children(trial.programs[-1].pid), trial.programs[-1].pid])
        trial.programs[-1].wait()
        break_it(trial)
        extra = wrapper(trial)
        trial.start(extra, supervised=not extra)

    return fault


def break_index(trial: Trial) -> None:
    """Delete, empty or overwrite what is not in the jobs' own folders."""
    content = trial.chance.choice([None, b"", b"garbage" * 1000])
    for name in ("jobs.sqlite3", "clock.json", "in_the_model.json"):
        path = trial.directory / name
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)


def another_time(trial: Trial) -> Sequence[str]:
    return ["-c", SHIFTED, str(trial.chance.choice([-4, 4]) * DAY_S)]


def fill_the_disk(trial: Trial) -> None:
    """Leave no room for a while; the trial's directory is a small file system then."""
    trial.come_to_the_middle()
    filler = trial.directory / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    time.sleep(trial.chance.uniform(0.5, 3.0))
    filler.unlink()


FAULTS: dict[str, Fault] = {
    "decoder killed": kill_decoders,
    "fork server killed": kill_fork_server,
    "program killed": kill_program,
    "supervisor killed": kill_supervisor,
    "terminal closed": hang_up,
    "second program on the same jobs": second_instance,
    "index deleted, emptied, overwritten": stop_and(break_index, lambda trial: ()),
    "clock four days on or back": stop_and(lambda trial: None, another_time),
    "disk full for a moment": fill_the_disk,
}


@contextmanager
def place(name: str, small_mb: int | None) -> Iterator[Path]:
    """Yield a new directory, which is a small file system if that is wanted and may be made."""
    with tempfile.TemporaryDirectory(prefix="fault-") as parent:
        path = Path(parent, name)
        path.mkdir()
        if small_mb is not None:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={small_mb}m", "tmpfs", str(path)], check=True
            )
        try:
            yield path
        finally:
            if small_mb is not None:
                subprocess.run(["umount", "-l", str(path)], check=False)


def write_recording(path: Path, minutes: float, chance: random.Random) -> Path:
    """Write the bundled samples one after the other, in a random order."""
    samples = list(sample_recordings())
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < minutes * 60 * RATE_HZ:
        sound, rate_hz = soundfile.read(chance.choice(samples).path, dtype="float32")
        parts.append(np.atleast_2d(sound.T)[0][:: max(1, rate_hz // RATE_HZ)])
    soundfile.write(path, np.concatenate(parts)[: int(minutes * 60 * RATE_HZ)], RATE_HZ, format="FLAC")
    return path


@dataclass(frozen=True)
class Outcome:
    """`working_s` is the time from the first row to the end of the job, `seconds` that of the whole trial."""

    same: bool
    partial: bool
    lost: int
    seconds: float
    working_s: float


def run(fault: Fault | None, trial: Trial, expected: list[object] | None) -> tuple[Outcome, list[object]]:
    """Run a trial to the end of its job. Raises TooLate when it does not come."""
    trial.create()
    started_s = time.monotonic()
    try:
        trial.start()
        trial.wait(lambda: trial.rows() or trial.finished())
        first_row_s = time.monotonic()
        if fault is not None:
            fault(trial)
        trial.wait(trial.finished)
        ended_s = time.monotonic()
        record = (
            trial.record()
            if trial.entry()["state"] == "done"
            else {"segments": trial.rows(), "partial": True}
        )
    finally:
        trial.end()
    rows = record["segments"]
    assert isinstance(rows, list)
    lost = sum(row not in rows for row in expected or ())
    partial = bool(record["partial"])
    return Outcome(rows == expected, partial, lost, ended_s - started_s, ended_s - first_row_s), rows


def main() -> int:
    args = arguments()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory(prefix="fault-source-") as folder:
        recording = write_recording(Path(folder, "recording.flac"), args.minutes, chance)

        def trial(directory: Path, typical_s: float) -> Trial:
            return Trial(directory, recording, args.port, random.Random(chance.random()), typical_s)

        with place("undisturbed", None) as directory:
            outcome, expected = run(None, trial(directory, 0.0), None)
        print(
            f"undisturbed: {len(expected)} rows, {outcome.working_s:.1f} of {outcome.seconds:.1f} s, "
            f"seed {args.seed}\n",
            flush=True,
        )
        outcomes: dict[str, list[Outcome]] = {name: [] for name in args.only or FAULTS}
        end_s = time.monotonic() + args.end_after_minutes * 60
        for name in list(outcomes) * args.times:
            if time.monotonic() > end_s:
                break
            room = SMALL_BYTES + recording.stat().st_size
            small_mb = room >> 20 if FAULTS[name] is fill_the_disk else None
            with place("data", small_mb) as directory:
                disturbed = trial(directory, outcome.working_s)
                try:
                    outcomes[name].append(run(FAULTS[name], disturbed, expected)[0])
                except TooLate as exc:
                    print(f"{name}: not finished\n{exc}", file=sys.stderr)
                    outcomes[name].append(Outcome(False, True, len(expected), math.inf, math.inf))
            print(f"{name}: {outcomes[name][-1]}", file=sys.stderr, flush=True)
    print(table(outcomes))
    return 0 if all(each.same for trials in outcomes.values() for each in trials) else 1


def table(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Return what became of the trials in Markdown."""
    rows = [
        "| what happens | trials | same rows | rows lost | partial | slowest |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, trials in outcomes.items():
        slowest_s = max((each.seconds for each in trials), default=0.0)
        rows.append(
            f"| {name} | {len(trials)} | {sum(each.same for each in trials)} "
            f"| {sum(each.lost for each in trials)} | {sum(each.partial for each in trials)} "
            f"| {slowest_s:.0f} s |"
        )
    return "\n".join(rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="trials of each fault (default %(default)s)")
    parser.add_argument("--end-after-minutes", type=float, default=1e9, help="begin no trial later than that")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="length of the recording (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the moments and the order of the samples")
    parser.add_argument("--port", type=int, default=7391, help="and the one after it (default %(default)s)")
    parser.add_argument("--only", action="append", choices=FAULTS, help="may be given more than once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
