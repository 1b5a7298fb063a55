"""Which device the models run on."""

from __future__ import annotations

import re

from sensevoice.errors import DeviceUnavailable

DEVICES = re.compile(r"cpu|cuda(:\d+)?")
"""What can be asked for by name. torch knows more (mps, xpu, cpu:0), but nothing here was made for that."""


def resolve_device(device: str) -> str:
    """Return the device that "auto" stands for, or the given one if it can be used.

    Raises DeviceUnavailable when CUDA is asked for by name and is not there, and for every other device.
    """
    if device != "auto" and not DEVICES.fullmatch(device):
        raise DeviceUnavailable(device=device, reason="auto, cpu, cuda, cuda:0, cuda:1 …")
    import torch

    if device == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        return device
    if not torch.cuda.is_available():
        raise DeviceUnavailable(device=device, reason="no CUDA device / 没有可用的 CUDA 设备")
    if int(device.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise DeviceUnavailable(device=device, reason=f"{torch.cuda.device_count()} CUDA device(s)")
    return device
