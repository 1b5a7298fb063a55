"""Which device or devices the models run on."""

from __future__ import annotations

import re
import subprocess

from sensevoice.errors import DeviceUnavailable
from sensevoice.runtime.imports import without_collector

DEVICES = re.compile(r"cpu|cuda(:\d+)?")
"""What can be asked for by name. torch knows more (mps, xpu, cpu:0), but nothing here was made for that."""

ALL_CARDS = "cuda:all"

FREE_MEMORY = ["nvidia-smi", "--query-gpu=uuid,memory.free", "--format=csv,noheader,nounits"]
"""Asked of the driver's own program: CUDA would take some 400 MB on each card to say it."""


def resolve_device(device: str) -> str:
    """Return the one device that "auto" or "cuda" stands for, or the given one if it can be used.

    Raises DeviceUnavailable as `resolve_devices`, and for several.
    """
    devices = resolve_devices(device)
    if len(devices) > 1:
        raise DeviceUnavailable(device=device, reason="one device here / 此处只能用一个设备")
    return devices[0]


def resolve_devices(device: str) -> tuple[str, ...]:
    """Return the devices that are meant: "auto" and "cuda" are the card with most free memory.

    "cuda:all" is every card, "cuda:0,cuda:2" are those. Raises DeviceUnavailable when CUDA is asked for by
    name and is not there, for a card that is not there, and for every other device.
    """
    named = tuple(dict.fromkeys(name.strip() for name in device.split(",")))
    several = len(named) > 1
    if device not in ("auto", ALL_CARDS) and not all(_is_known(name, several) for name in named):
        reason = "auto, cpu, cuda, cuda:0, cuda:1 …, cuda:0,cuda:2, cuda:all"
        raise DeviceUnavailable(device=device, reason=reason)
    with without_collector():
        import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cpu" or (device == "auto" and not count):
        return ("cpu",)
    if not count:
        raise DeviceUnavailable(device=device, reason="no CUDA device / 没有可用的 CUDA 设备")
    if device == ALL_CARDS:
        return tuple(f"cuda:{number}" for number in range(count))
    if device in ("auto", "cuda"):
        return (f"cuda:{_with_most_free_memory(count)}",)
    if any(_number(name) >= count for name in named):
        raise DeviceUnavailable(device=device, reason=f"{count} CUDA device(s)")
    return named


def _is_known(name: str, several: bool) -> bool:
    return bool(DEVICES.fullmatch(name)) and not (several and name in ("cpu", "cuda"))


def _number(name: str) -> int:
    return int(name.partition(":")[2])


def _with_most_free_memory(count: int) -> int:
    """Return the number of the card; the first where the driver does not say."""
    if count == 1:
        return 0
    import torch

    free_mb = _free_mb()
    uuids = [str(torch.cuda.get_device_properties(number).uuid) for number in range(count)]
    return max(range(count), key=lambda number: (free_mb.get(uuids[number], 0), -number))


def _free_mb() -> dict[str, int]:
    """Return the free memory of the machine's cards by their UUID, as far as the driver tells."""
    try:
        told = subprocess.run(FREE_MEMORY, capture_output=True, text=True, timeout=20, check=True).stdout
        lines = [line.split(",") for line in told.splitlines()]
        return {uuid.strip().removeprefix("GPU-"): int(free) for uuid, free in lines}
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
