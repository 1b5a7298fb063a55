"""How precisely to compute: what "auto" stands for on this machine."""

from __future__ import annotations

from pathlib import Path

from sensevoice.errors import OptionError
from sensevoice.models.sources.files import WEIGHTS

PRECISIONS = ("auto", "fp32", "bf16", "int8")

SMALL_MODEL_BYTES = 64_000_000
"""A model smaller than this (the bundled one) is fast enough to stay exact."""


def resolve_precision(asked: str, device: str, directory: Path) -> str:
    """Return "fp32", "bf16", "int8" or "auto" for a model directory. Raises OptionError.

    "auto" is bf16 on CUDA from Ampere on, otherwise fp32 there. On a CPU it stays "auto" for a model of some
    size: what that is shows when its graphs have been measured (graphs/cpu_model.py). fp16 is not offered:
    others report NaN from this encoder (modelscope/FunASR issue 1889, FluidAudio).
    """
    on_cpu = device == "cpu"
    if asked == "auto":
        if not on_cpu:
            return "bf16" if _cuda_has_bf16(device) else "fp32"
        small = (directory / WEIGHTS).stat().st_size < SMALL_MODEL_BYTES
        return "fp32" if small else "auto"
    allowed = ("auto", "fp32", "int8" if on_cpu else "bf16")
    if asked not in allowed:
        raise OptionError(option="precision", value=asked, allowed=f"{', '.join(allowed)} ({device})")
    return asked


def _cuda_has_bf16(device: str) -> bool:
    """Ask the card that will be used: a machine may hold an older one as its first."""
    import torch

    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
