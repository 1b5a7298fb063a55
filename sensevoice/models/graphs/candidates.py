"""Which graphs a processor can run fast and exactly, and how good each has to be."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sensevoice.models.graphs.agreement import Bounds

Rounding = Literal["fp32", "int8", "int8_7bit", "uint8", "uint8_tensor"]
"""See recognise/onnx_graph.py; named here, too, so that choosing needs no onnx."""

VNNI = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
"""Instructions that add up products of 8-bit numbers in 32 bits."""

WIDENING = frozenset({"avx2"})
"""Without VNNI, 8-bit products are still 1.4 to 1.6 times as fast as fp32, if their sums cannot overflow."""

RELEVANT = VNNI | WIDENING | {"avx512f", "avx512bw", "amx_int8", "i8mm"}
"""What decides which kernels ONNX Runtime takes: when one of these changes, what was measured is void."""

EXACT = Bounds(tokens=0.999, characters=0.001)
WITH_VNNI = Bounds(tokens=0.995, characters=0.003)
WITHOUT_VNNI = Bounds(tokens=0.99, characters=0.003)


def candidates(precision: str, flags: frozenset[str]) -> tuple[Rounding, ...]:
    """Return what "auto", "fp32" or "int8" (any 8-bit one) can be on a processor with these flags."""
    exact: tuple[Rounding, ...] = ("fp32",)
    rounded: tuple[Rounding, ...] = ("uint8_tensor", "uint8", "int8_7bit")
    if flags & VNNI:
        rounded = ("int8",)
    if precision == "int8":
        return rounded
    return (*rounded, *exact) if precision == "auto" and flags & (VNNI | WIDENING) else exact


def bounds_of(rounding: str, flags: frozenset[str]) -> Bounds:
    """Return how near to the weights on torch a graph has to be on speech."""
    if rounding == "fp32":
        return EXACT
    return WITH_VNNI if flags & VNNI else WITHOUT_VNNI


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
