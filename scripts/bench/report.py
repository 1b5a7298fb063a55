"""The figures as a table in Markdown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .rounds import TASKS

PACKAGES = ("torch", "funasr", "onnxruntime", "numba", "sherpa-onnx")


def table(figures: dict[str, Any]) -> str:
    """Return machine and versions, one row per task and contestant, and what agreed."""
    lines = [f"{_machine()}; {_versions()}", ""]
    lines += [
        "| task | contestant | median | ours is faster by | rounds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for task, contestants in figures["tasks"].items():
        ours_s = contestants["ours"]["median_s"]
        for name, result in contestants.items():
            ratio = "" if name == "ours" else f"{result['median_s'] / ours_s:.2f}"
            rounds = ", ".join(f"{seconds:.2f}" for seconds in result["seconds"])
            lines.append(f"| {TASKS[task]} | {name} | {result['median_s']:.2f} s | {ratio} | {rounds} |")
    return "\n".join([*lines, "", *_memory(figures), *_agreement(figures["tasks"])])


def _memory(figures: dict[str, Any]) -> list[str]:
    lines = []
    for task, contestants in figures["tasks"].items():
        for name, result in contestants.items():
            if "peak_mb" in result:
                resident = result["resident_mb"]
                more = result["peak_mb"] - resident
                lines.append(f"memory, {task}, {name}: {resident:.0f} MB resident, {more:.0f} more at most")
    return lines


def _agreement(tasks: dict[str, Any]) -> list[str]:
    lines = []
    for task in ("vad", "clips"):
        answers = [result["answer"] for result in tasks.get(task, {}).values() if result["answer"]]
        if len(answers) > 1:
            same = all(answer == answers[0] for answer in answers)
            lines.append(f"{task}: {'the same' if same else 'different'} answers from ours and funasr's")
    one, many = (tasks.get(name, {}).get("ours", {}).get("answer") for name in ("one_client", "many_clients"))
    if one and many:
        ratio = many["clips_per_s"] / one["clips_per_s"]
        lines.append(
            f"8 clients: {ratio:.2f} times the throughput of one, 95th percentile {many['p95_s']:.2f} s "
            f"({many['p95_s'] * one['clips_per_s']:.1f} clip times)"
        )
    return lines


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor()
    return f"{name}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def _versions() -> str:
    result = []
    for package in PACKAGES:
        try:
            result.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(result)
