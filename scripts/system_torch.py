#!/usr/bin/env python3
"""What `run.sh --system-torch` asks of a Python: whether it has a torch that will do, and its torchaudio.

find         print the folder that holds torch; exit code 1 if there is none, or Python is too old
torchaudio   print what has to be installed beside it, if anything
check        load both and compute with them
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys

MIN_TORCH = (2, 5)
"""The first with torch.OutOfMemoryError; tried: 2.5.1, 2.10.0."""


def find() -> int:
    spec = importlib.util.find_spec("torch")
    if sys.version_info < (3, 11) or spec is None or not spec.origin:
        return 1
    print(os.path.dirname(os.path.dirname(spec.origin)))
    return 0


def torchaudio() -> int:
    have = importlib.metadata.version("torch")
    if _numbers(have) < MIN_TORCH:
        least = ".".join(map(str, MIN_TORCH))
        return _fail(
            f"torch {have} of this system is too old, {least} or later is needed",
            f"系统的 torch {have} 版本过旧，需要 {least} 或更新版本",
        )
    try:
        if _public(importlib.metadata.version("torchaudio")) == _public(have):
            return 0
    except importlib.metadata.PackageNotFoundError:
        pass
    print(f"torchaudio=={_public(have)}")
    return 0


def check() -> int:
    try:
        import numpy
        import torch
        import torchaudio.compliance.kaldi

        torchaudio.compliance.kaldi.fbank(torch.from_numpy(numpy.zeros((1, 16_000), numpy.float32)))
    except Exception as exc:  # whatever a build that does not fit raises
        return _fail(
            f"torch and torchaudio of this system do not work together: {exc}",
            "系统的 torch 与 torchaudio 不匹配，请从安装 torch 的同一来源安装 torchaudio",
        )
    on = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    print(f"torch {torch.__version__} of this system: {on} / 使用系统的 torch")
    return 0


def _public(version: str) -> str:
    """Return a version without the name of its build: 2.6.0+cu124, 2.6.0a0+git."""
    return version.partition("+")[0].partition("a")[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _public(version).split(".")[:2])


def _fail(en: str, zh: str) -> int:
    print(f"{en} / {zh}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit({"find": find, "torchaudio": torchaudio, "check": check}[sys.argv[1]]())
