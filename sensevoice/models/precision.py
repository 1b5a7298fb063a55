"""How precisely to compute: what "auto" stands for on this machine."""

from __future__ import annotations

from pathlib import Path

from sensevoice.errors import OptionError
from sensevoice.models.hub import WEIGHTS

PRECISIONS = ("auto", "fp32", "bf16", "int8")

CPU_FLAGS_FOR_INT8 = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
"""Instructions that add up products of 8-bit numbers. Without them int8 gains nothing, and on older
AVX2 and AVX-512 processors the sums overflow 16 bits."""

SMALL_MODEL_BYTES = 64_000_000
"""A model smaller than this (the bundled one) is fast enough to stay exact."""


def resolve_precision(asked: str, device: str, directory: Path) -> str:
    """Return "fp32", "bf16" or "int8" for a model directory. Raises OptionError.

    "auto" is bf16 on CUDA from Ampere on, int8 on CPUs that have instructions for it, else fp32. fp16 is
    not offered: others report NaN from this encoder (modelscope/FunASR issue 1889, FluidAudio).
    """
    on_cpu = device == "cpu"
    if asked == "auto":
        if not on_cpu:
            return "bf16" if _cuda_has_bf16() else "fp32"
        small = (directory / WEIGHTS).stat().st_size < SMALL_MODEL_BYTES
        return "int8" if not small and cpu_flags() & CPU_FLAGS_FOR_INT8 else "fp32"
    allowed = ("auto", "fp32", "int8" if on_cpu else "bf16")
    if asked not in allowed:
        raise OptionError(option="precision", value=asked, allowed=f"{', '.join(allowed)} ({device})")
    return asked


def cpu_flags() -> frozenset[str]:
    """Return what /proc/cpuinfo says that the processor can do; nothing where there is no such file."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(
        flag
        for line in lines
        if line.lower().startswith(("flags", "features"))
        for flag in line.partition(":")[2].split()
    )


def _cuda_has_bf16() -> bool:
    import torch

    return bool(torch.cuda.is_bf16_supported(including_emulation=False))
