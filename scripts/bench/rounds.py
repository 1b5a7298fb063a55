"""Alternating rounds: every contestant does a task once, then all again."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _root import ROOT

from . import material
from .process import Contestant, Took, environment_of

TASKS = {
    "clips": f"{material.CLIPS} clips of {material.CLIP_S} s, recognition alone",
    "clip": f"a {material.SHORT_CLIP_S} s file, end to end",
    "file": "a 10-minute file, end to end",
    "rows": "the same file with rows by agreement, as the program does by default",
    "speakers": "the same file with rows by agreement and its speakers told apart",
    "vad": "finding the speech in 10 minutes",
    "folder": "a folder of files of 3 to 12 s",
    "one_client": "clips sent by one client",
    "many_clients": "clips sent by 8 clients at once",
    "long": "a long file, end to end",
    "start": "from the start of the process to the text of a 10 s clip",
}
ONCE = frozenset({"long"})
"""Tasks that take too long for several rounds."""

Figures = dict[str, Any]


def run(
    names: Sequence[str], lot: material.Material, sherpa: Path, tasks: Sequence[str], count: int
) -> Figures:
    """Return {"machine", "loaded", "tasks": {task: {contestant: {"seconds": […], …}}}}."""
    contestants = [Contestant(name, lot, sherpa) for name in names]
    figures: Figures = {"loaded": {each.name: {"load_s": each.load_s} for each in contestants}, "tasks": {}}
    try:
        for task in tasks:
            if task == "start":
                figures["tasks"][task] = _starts(lot, count)
            elif task != "long" or lot.long:
                able = [each for each in contestants if task in each.tasks]
                figures["tasks"][task] = _alternate(able, task, 1 if task in ONCE else count)
    finally:
        for each in contestants:
            each.close()
    return figures


FROM_SAMPLES = frozenset({"vad", "clips"})
"""Tasks on samples, which the first turn reads."""

PAUSE_S = 0.5
"""Before each turn, so that threads of the one before, which wait awake for a while, take no share of it."""


def _alternate(contestants: Sequence[Contestant], task: str, count: int) -> Figures:
    rounds: dict[str, list[Took]] = {each.name: [] for each in contestants}
    for each in contestants:  # what is made at the first use is not what is measured
        each.run("clip")
        if task in FROM_SAMPLES:
            each.run(task)
    for number in range(count):
        for each in contestants:
            time.sleep(PAUSE_S)
            took = each.run(task)
            rounds[each.name].append(took)
            print(
                f"{task}, round {number + 1}: {each.name} {took.seconds:.2f} s", file=sys.stderr, flush=True
            )
    return {name: _summary(taken) for name, taken in rounds.items()}


def _summary(taken: Sequence[Took]) -> Figures:
    seconds = [took.seconds for took in taken]
    return {
        "median_s": statistics.median(seconds),
        "seconds": seconds,
        "resident_mb": taken[0].before_mb,
        "peak_mb": max(took.peak_mb for took in taken),
        "answer": taken[-1].answer,
    }


def _starts(lot: material.Material, count: int) -> Figures:
    """Start processes that recognise one clip and end."""
    program = "import sys; sys.argv[1:1] = []; from bench.process import first_text; first_text()"
    result: Figures = {"ours": [], "funasr": []}
    for number in range(count + 1):
        for name, seconds in result.items():
            started_s = time.perf_counter()
            command = [sys.executable, "-c", program, name, str(lot.model), str(lot.vad), str(lot.clip)]
            subprocess.run(
                command,
                check=True,
                cwd=ROOT / "scripts",
                stdout=subprocess.DEVNULL,
                env=environment_of(name),
            )
            if number:  # the first one reads from the disk
                seconds.append(time.perf_counter() - started_s)
    return {name: {"median_s": statistics.median(taken), "seconds": taken} for name, taken in result.items()}
