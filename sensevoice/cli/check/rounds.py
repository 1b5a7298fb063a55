"""Both contestants on the same recordings, in alternating rounds, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sensevoice.cli.check.material import CLIP_S, SHORT_S, Material
from sensevoice.errors import StartupError
from sensevoice.models.graphs.agreement import edit_distance
from sensevoice.tags.parse import parse

NAMES = ("ours", "funasr")
CLIP_REPEATS = 5
"""How often a round asks for the clip of 10 s: the 95th percentile needs more than one."""

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to load and how long to go on; `directories` are those of recogniser and detector."""

    directories: tuple[Path, Path]
    device: str
    precision: str
    rounds: int
    limit_s: float


@dataclass
class Seconds:
    """How long each contestant took for a task, in the order of the rounds, and the sound in it."""

    audio_s: float
    taken: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})


class Worker:
    """A contestant's process."""

    def __init__(self, name: str, plan: Plan, precision: str) -> None:
        started_s = time.perf_counter()
        paths = map(str, plan.directories)
        module = "sensevoice.cli.check.worker"
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, name, *paths, plan.device, precision],
            cwd=Path(__file__).resolve().parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.name = name
        try:
            self.what = str(self._answer()["what"])
        except BaseException:
            self.close()
            raise
        self.start_s = time.perf_counter() - started_s
        self.memory: dict[str, float] = {}

    def recognise(self, paths: list[Path]) -> tuple[list[str], float]:
        """Return the texts of files, and the seconds that took. Raises StartupError."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(path) for path in paths]) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.memory = {key: value for key, value in answer.items() if key.endswith("_mb")}
        return answer["texts"], answer["seconds"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "ended / 进程已退出"}
        if "error" in answer:
            raise StartupError(reason=f"{self.name}: {answer['error']}")
        return answer


def measure(plan: Plan, lot: Material, announce: Announce) -> dict[str, Any]:
    """Return all figures of a check, as JSON holds them. Raises StartupError when a contestant fails."""
    announce("loading / 正在载入 …")
    with _open("ours", plan, plan.precision):  # what only a first start has to do
        pass
    with _open("ours", plan, plan.precision) as ours, _open("funasr", plan, "fp32") as funasr:
        workers = [ours, funasr]
        start = {worker.name: worker.start_s + worker.recognise([lot.clip])[1] for worker in workers}
        shown = _shown(workers, lot, announce)
        tasks = _in_rounds(plan, lot, workers, announce)
    with _open("ours", plan, "fp32") as exact:
        for row, text in zip(shown, exact.recognise(lot.shown)[0], strict=True):
            row["ours_fp32"] = text
    return {
        "runs": {worker.name: worker.what for worker in workers},
        "shown": shown,
        "agreement": _agreement(shown),
        "agrees": all(_text(row["ours_fp32"]) == _text(row["funasr"]) for row in shown),
        "start_to_text_s": start,
        "tasks": tasks,
        "peak": {worker.name: worker.memory for worker in workers},
    }


def _open(name: str, plan: Plan, precision: str) -> contextlib.closing[Worker]:
    return contextlib.closing(Worker(name, plan, precision))


def _shown(workers: list[Worker], lot: Material, announce: Announce) -> list[dict[str, str]]:
    """Recognise the recordings whose text is shown, by both."""
    texts = {worker.name: worker.recognise(lot.shown)[0] for worker in workers}
    rows: list[dict[str, str]] = []
    for number, path in enumerate(lot.shown):
        rows.append({"file": path.name, **{name: texts[name][number] for name in NAMES}})
        announce(f"{path.name}\n  ours    {rows[-1]['ours']}\n  funasr  {rows[-1]['funasr']}")
    return rows


def _agreement(rows: list[dict[str, str]]) -> dict[str, float]:
    """Return the character error of the precision in use, and of fp32, beside funasr's text."""
    length = max(1, sum(len(_text(row["funasr"])) for row in rows))
    return {
        name: sum(edit_distance(_text(row["funasr"]), _text(row[name])) for row in rows) / length
        for name in ("ours", "ours_fp32")
    }


def _text(raw: str) -> str:
    return "".join(parse(raw).text.split())


def _in_rounds(plan: Plan, lot: Material, workers: list[Worker], announce: Announce) -> dict[str, Any]:
    """Run every task on each contestant in turn, until the rounds or the time are over."""
    tasks = {
        f"clip of {CLIP_S} s": ([[lot.clip]] * CLIP_REPEATS, Seconds(CLIP_S)),
        f"{lot.long_s:g} s of WAV": ([[lot.long_wav]], Seconds(lot.long_s)),
        f"{lot.long_s:g} s of MP3": ([[lot.long_mp3]], Seconds(lot.long_s)),
        f"{len(lot.short)} files of {SHORT_S} s": ([lot.short], Seconds(SHORT_S * len(lot.short))),
    }
    started_s = time.monotonic()
    for number in range(plan.rounds):
        if number and time.monotonic() - started_s > plan.limit_s:
            break
        for name, (asked, seconds) in tasks.items():
            announce(f"round / 第 {number + 1} 轮: {name}")
            for paths in asked:
                for worker in workers if number % 2 == 0 else workers[::-1]:
                    seconds.taken[worker.name].append(worker.recognise(paths)[1])
    return {name: _summary(seconds) for name, (_, seconds) in tasks.items()}


def _summary(seconds: Seconds) -> dict[str, Any]:
    medians = {name: statistics.median(taken) for name, taken in seconds.taken.items()}
    return {
        "audio_s": seconds.audio_s,
        "median_s": medians,
        "p95_s": {name: _percentile(taken, 0.95) for name, taken in seconds.taken.items()},
        "times_faster": medians["funasr"] / medians["ours"],
        "times_real_time": seconds.audio_s / medians["ours"],
        "all_s": seconds.taken,
    }


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
