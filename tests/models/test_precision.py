"""What "auto" stands for, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.errors import OptionError
from sensevoice.models import precision
from sensevoice.models.hub import WEIGHTS
from sensevoice.models.precision import SMALL_MODEL_BYTES, resolve_precision


def model_of(tmp_path: Path, size: int) -> Path:
    with open(tmp_path / WEIGHTS, "wb") as file:
        file.truncate(size)  # a hole, not bytes on the disk
    return tmp_path


@pytest.mark.parametrize(
    ("size", "flags", "expected"),
    [
        (SMALL_MODEL_BYTES, {"avx512_vnni"}, "int8"),
        (SMALL_MODEL_BYTES, {"avx_vnni"}, "int8"),
        (SMALL_MODEL_BYTES, {"avx2", "avx512f"}, "fp32"),
        (SMALL_MODEL_BYTES, set(), "fp32"),
        (SMALL_MODEL_BYTES - 1, {"avx512_vnni"}, "fp32"),
    ],
)
def test_auto_on_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, flags: set[str], expected: str
) -> None:
    monkeypatch.setattr(precision, "cpu_flags", lambda: frozenset(flags))
    assert resolve_precision("auto", "cpu", model_of(tmp_path, size)) == expected


@pytest.mark.parametrize(("has_bf16", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_on_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_bf16: bool, expected: str) -> None:
    monkeypatch.setattr(precision, "_cuda_has_bf16", lambda: has_bf16)
    assert resolve_precision("auto", "cuda:0", tmp_path) == expected


@pytest.mark.parametrize(
    ("asked", "device"), [("int8", "cpu"), ("fp32", "cpu"), ("fp32", "cuda:0"), ("bf16", "cuda:0")]
)
def test_what_is_asked_for_is_taken(tmp_path: Path, asked: str, device: str) -> None:
    assert resolve_precision(asked, device, tmp_path) == asked


@pytest.mark.parametrize(("asked", "device"), [("bf16", "cpu"), ("int8", "cuda:0"), ("fp16", "cuda:0")])
def test_what_a_device_does_not_offer_is_refused_by_name(tmp_path: Path, asked: str, device: str) -> None:
    with pytest.raises(OptionError, match=f"{asked}.*fp32"):
        resolve_precision(asked, device, tmp_path)


def test_the_flags_of_this_processor_are_read() -> None:
    if Path("/proc/cpuinfo").exists():
        assert precision.cpu_flags()
