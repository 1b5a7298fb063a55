"""The steps down on a GPU, with the CPU in its place: what fails or answers wrongly is left, and said."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sensevoice.errors import ModelFileDamaged
from sensevoice.models import gpu_model, loader, registry
from sensevoice.models.graphs import check
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.sources import demo, files
from sensevoice.recognise import cuda_encoder
from sensevoice.transcript import Span

ASR, VAD = files.verify(demo.ASR_DIR), files.verify(demo.VAD_DIR)
SHORTAGE = RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
NO_KERNEL = RuntimeError("CUDA error: no kernel image is available for execution on the device")

Attention = cuda_encoder.FusedAttention


@functools.cache
def known_clips() -> list[np.ndarray]:
    return gpu_model._some_clips(demo.ASR_DIR)


@pytest.fixture(autouse=True)
def speech_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = known_clips()
    monkeypatch.setattr(gpu_model, "_some_clips", lambda directory: clips)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1_000_000, 2_000_000))


def opened(precision: str = "bf16") -> tuple[Any, list[str]]:
    lines: list[str] = []
    return gpu_model.open_recogniser(ASR, "cpu", precision, lines.append), lines


def raises(error: Exception, kind: str = "any") -> Callable[..., Any]:
    def prepare(model: Any, precision: str) -> None:
        if kind in ("any", precision):
            raise error
        PREPARE(model, precision)

    return prepare


PREPARE = registry.prepare_cuda


@pytest.mark.parametrize(("precision", "expected"), [("bf16", "bf16"), ("fp32", "fp32")])
def test_the_first_way_is_taken_without_a_word(precision: str, expected: str) -> None:
    (model, result), lines = opened(precision)
    assert (result, lines) == (expected, [])
    assert any(isinstance(module, Attention) for module in model.model.modules())


@pytest.mark.parametrize("error", [SHORTAGE, NO_KERNEL, OSError("libcudnn.so.9: cannot open")])
def test_what_raises_is_one_sentence_and_the_next_way(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(registry, "prepare_cuda", raises(error, "bf16"))
    (_, precision), lines = opened()
    assert precision == "fp32" and len(lines) == 1
    assert "bf16" in lines[0] and str(error) in lines[0] and "\n" not in lines[0]
    assert ("GB free" in lines[0]) == (error is SHORTAGE)


def test_what_fails_while_loading_is_no_damage_of_the_models_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that AutoModel raises is said of a file; here the same file has just been read."""
    open_model = gpu_model.funasr_model.open_model
    calls: list[str] = []

    def fails_on_the_gpu(kind: str, directory: Path, device: str) -> Any:
        calls.append(device)
        if len(calls) == 2:  # the first was the reference on the CPU
            raise ModelFileDamaged(path=directory, file="config.yaml", reason="x") from SHORTAGE
        return open_model(kind, directory, device)

    monkeypatch.setattr(gpu_model.funasr_model, "open_model", fails_on_the_gpu)
    (_, precision), lines = opened()
    assert precision == "fp32" and "CUBLAS_STATUS_ALLOC_FAILED" in lines[0] and "config.yaml" not in lines[0]


def test_attention_that_computes_something_else_is_found_by_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = Attention.forward
    monkeypatch.setattr(Attention, "forward", lambda self, x, mask, *_, **__: forward(self, x.flip(1), mask))
    (model, precision), lines = opened()
    assert precision == "fp32" and len(lines) == 2
    assert all("%" in line for line in lines)
    assert not any(isinstance(module, Attention) for module in model.model.modules()), "funasr's own layers"


def test_where_nothing_works_it_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = check.answers_of_torch

    def wrong(model: Any, clips: Any, device: str = "") -> Any:
        if device:
            raise NO_KERNEL
        return answers(model, clips)

    monkeypatch.setattr(check, "answers_of_torch", wrong)
    result, lines = opened()
    assert result is None and len(lines) == 4
    assert "the CPU recognises" in lines[-1] and "改用 CPU" in lines[-1]


def test_the_program_starts_on_the_cpu_where_the_gpu_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "resolve_device", lambda device: "cuda:0")
    monkeypatch.setattr(loader, "resolve_precision", lambda asked, device, directory: "fp32")
    monkeypatch.setattr(gpu_model, "open_recogniser", lambda *_: None)
    recognizer = load_recognizer(ModelSettings(demo=True))
    assert recognizer.info.device == "cpu" and recognizer.info.precision == "fp32"


def test_a_detector_that_finds_the_same_is_taken() -> None:
    lines: list[str] = []
    gpu_model.open_detector(VAD, "cpu", lines.append)
    assert lines == []


@pytest.mark.parametrize("fault", ["raises", "finds other speech"])
def test_a_detector_that_does_not_work_there_is_the_cpus(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    lines: list[str] = []
    found = iter([[Span(0, 1000)], [Span(0, 2000)]])

    def spans(detector: Any, samples: Any) -> list[Span]:
        if fault == "raises":
            raise NO_KERNEL
        return next(found)

    monkeypatch.setattr(gpu_model, "_spans", spans)
    assert gpu_model.open_detector(VAD, "cpu", lines.append) is not None
    assert len(lines) == 1 and "fsmn-vad" in lines[0] and "on the CPU" in lines[0]


def test_too_little_memory_makes_smaller_batches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines: list[str] = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (300_000_000, 8_000_000_000))
    assert gpu_model.batch_seconds("cuda:0", "bf16", 300.0, lines.append) == 120.0
    assert "0.4 GB" in lines[0] and "120 s" in lines[0] and "120 秒" in lines[0]
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (6_000_000_000, 8_000_000_000))
    assert gpu_model.batch_seconds("cuda:0", "bf16", 300.0, lines.append) == 300.0
    assert len(lines) == 1
