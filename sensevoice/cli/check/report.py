"""The two files that a check leaves: one for people, one for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAME = "sensevoice-check"


def write(folder: Path, figures: dict[str, Any]) -> tuple[Path, Path]:
    """Write sensevoice-check.md and .json into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    text, data = folder / f"{NAME}.md", folder / f"{NAME}.json"
    text.write_text(markdown(figures) + "\n", encoding="utf-8")
    data.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return text, data


def markdown(figures: dict[str, Any]) -> str:
    """Return the report as Markdown, fit for pasting."""
    return "\n\n".join([
        "# sensevoice check",
        _machine(figures),
        _text(figures),
        _speed(figures),
    ])  # fmt: skip


def _machine(figures: dict[str, Any]) -> str:
    lines = [f"- {name}: {value}" for name, value in figures["machine"].items()]
    runs = figures["runs"]
    return "\n".join([*lines, f"- ours / 本程序: {runs['ours']}; funasr: {runs['funasr']}"])


def _text(figures: dict[str, Any]) -> str:
    verdict = (
        "the same text in fp32 / fp32 文字一致" if figures["agrees"] else "OTHER TEXT in fp32 / fp32 文字不同"
    )
    error = figures["agreement"]["ours"]
    lines = [f"**{verdict}**; in the precision used, character error / 所用精度的字错率: {error:.2%}", ""]
    for row in figures["shown"]:
        lines += [f"- {row['file']}", f"  - ours / 本程序: `{row['ours']}`", f"  - funasr: `{row['funasr']}`"]
    return "\n".join(lines)


def _speed(figures: dict[str, Any]) -> str:
    rows = [
        "| task / 任务 | ours, median / 本程序 | 95 % | funasr | faster / 倍数 | × real time / 实时倍数 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, task in figures["tasks"].items():
        median = task["median_s"]
        rows.append(
            f"| {name} | {median['ours']:.2f} s | {task['p95_s']['ours']:.2f} s | {median['funasr']:.2f} s "
            f"| {task['times_faster']:.2f} | {task['times_real_time']:.0f} |"
        )
    start, peak = figures["start_to_text_s"], figures["peak"]
    rows += [
        "",
        f"start to first text / 启动到第一段文字: {start['ours']:.1f} s, funasr {start['funasr']:.1f} s",
    ]
    for key, label in (("resident_mb", "memory / 内存"), ("gpu_mb", "GPU memory / 显存")):
        if key in peak["ours"]:
            rows.append(f"peak {label}: {peak['ours'][key]:.0f} MB, funasr {peak['funasr'][key]:.0f} MB")
    return "\n".join(rows)
