"""What the figures of a check were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sensevoice import __version__
from sensevoice.models.graphs.candidates import RELEVANT, cpu_flags
from sensevoice.runtime.cpus import usable_cpus

PACKAGES = ("torch", "torchaudio", "funasr", "onnxruntime", "onnx", "numpy", "av")


def describe(device: str) -> dict[str, str]:
    """Return processor, memory, card, driver and versions, by name."""
    lines = {
        "system": platform.platform(),
        "processor": f"{_processor()}, {usable_cpus()} of {os.cpu_count()} cores",
        "instructions": " ".join(sorted(cpu_flags() & RELEVANT)) or "-",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB",
        "device": device,
    }
    if device != "cpu":
        lines["card"] = _card()
    packages = (f"{name} {_version(name)}" for name in PACKAGES)
    return {**lines, "versions": ", ".join([f"sensevoice {__version__}", *packages])}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _card() -> str:
    """Return name, driver and memory of the cards as nvidia-smi tells them."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "nvidia-smi does not answer / nvidia-smi 无响应"
    return "; ".join(done.stdout.split("\n")).strip("; ")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
