"""What "auto" stands for, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.errors import OptionError
from sensevoice.models import precision
from sensevoice.models.precision import SMALL_MODEL_BYTES, resolve_precision
from sensevoice.models.sources.files import WEIGHTS


def model_of(tmp_path: Path, size: int) -> Path:
    with open(tmp_path / WEIGHTS, "wb") as file:
        file.truncate(size)  # a hole, not bytes on the disk
    return tmp_path


@pytest.mark.parametrize(("size", "expected"), [(SMALL_MODEL_BYTES, "auto"), (SMALL_MODEL_BYTES - 1, "fp32")])
def test_auto_on_a_cpu(tmp_path: Path, size: int, expected: str) -> None:
    """What it is for a model of some size is measured when its graphs are made."""
    assert resolve_precision("auto", "cpu", model_of(tmp_path, size)) == expected


@pytest.mark.parametrize(("has_bf16", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_on_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_bf16: bool, expected: str) -> None:
    monkeypatch.setattr(precision, "_cuda_has_bf16", lambda device: has_bf16)
    assert resolve_precision("auto", "cuda:0", tmp_path) == expected


@pytest.mark.parametrize(("device", "expected"), [("cuda:0", "fp32"), ("cuda:1", "bf16")])
def test_bf16_is_asked_of_the_card_that_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, expected: str
) -> None:
    """A machine with an old card before a new one."""
    import torch

    current = ["cuda:0"]

    class Device:
        def __init__(self, wanted: str) -> None:
            self.wanted = wanted

        def __enter__(self) -> None:
            current.append(self.wanted)

        def __exit__(self, *_: object) -> None:
            current.pop()

    monkeypatch.setattr(torch.cuda, "device", Device)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: current[-1] == "cuda:1")
    assert resolve_precision("auto", device, tmp_path) == expected


@pytest.mark.parametrize(
    ("asked", "device"), [("int8", "cpu"), ("fp32", "cpu"), ("fp32", "cuda:0"), ("bf16", "cuda:0")]
)
def test_what_is_asked_for_is_taken(tmp_path: Path, asked: str, device: str) -> None:
    assert resolve_precision(asked, device, tmp_path) == asked


@pytest.mark.parametrize(("asked", "device"), [("bf16", "cpu"), ("int8", "cuda:0"), ("fp16", "cuda:0")])
def test_what_a_device_does_not_offer_is_refused_by_name(tmp_path: Path, asked: str, device: str) -> None:
    with pytest.raises(OptionError, match=f"{asked}.*fp32"):
        resolve_precision(asked, device, tmp_path)
