"""What runs on a GPU, without one: where every value lies, and what a recorded pass can and cannot do.

Two stand-ins take the GPU's place: `imagined_gpu`, and `Tape`, which records steps with their memory and
plays them back, as a CUDA graph does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sensevoice.models import cpu_model, demo, funasr_model, registry
from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.recognise import cuda_graphs
from sensevoice.recognise.ctc import Prompt, prompt_rows

ASK = Prompt(prompt_rows("auto", use_itn=True), [])


class Tape(TorchDispatchMode):
    """Remembers each step with the memory that it read and wrote; `replay` does the steps once more."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, step: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        written = step(*args, **(kwargs or {}))
        self._steps.append((step, args, kwargs or {}, written))
        return written

    def replay(self) -> None:
        with torch.inference_mode():
            for step, args, kwargs, written in self._steps:
                again = step(*args, **kwargs)
                for old, new in zip(tree_leaves(written), tree_leaves(again), strict=True):
                    if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                        old.copy_(new)

    def pool(self) -> str:
        return "pool"


@pytest.fixture
def tapes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """CUDA's streams and graphs, on the CPU; returns the pools that were asked for."""
    pools: list[Any] = []

    class Stream:
        def wait_stream(self, other: Any) -> None: ...

    @contextlib.contextmanager
    def recording(graph: Tape, pool: Any) -> Iterator[None]:
        pools.append(pool)
        with graph:
            yield

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: Stream())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream())
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Tape)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    return pools


@pytest.fixture(params=["bf16", "fp32"])
def prepared(request: pytest.FixtureRequest) -> Any:
    registry.register()
    model = funasr_model.open_model("SenseVoiceSmall", demo.ASR_DIR, "cpu")
    registry.prepare_cuda(model.model, request.param)
    return model


def test_a_recorded_pass_answers_as_the_network(prepared: Any, tapes: list[Any]) -> None:
    speech = np.resize(cpu_model.known_clip(), 20 * 16_000)
    clips = [speech[:length] for length in (1_600, 60_000, 61_000, 100_000, 240_000, 16_000, 300_000)]
    expected = [prepared.generate(input=clip, batch_size=1)[0] for clip in clips]
    passes: list[int] = []
    run = prepared.model.run

    def counted(frames: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        passes.append(frames.shape[1])
        return run(frames, lengths)

    prepared.model.run = counted
    registry.record_cuda_graphs(prepared.model)
    assert tapes == [None, "pool", "pool", "pool"]
    recorded = len(passes)
    result = [prepared.generate(input=clip, batch_size=1)[0] for clip in clips]
    assert [each["text"] for each in result] == [each["text"] for each in expected]
    if (
        prepared.model.compute_type is None
    ):  # in bf16 a padded product is rounded otherwise, and a frame moves
        assert [each["tokens"] for each in result] == [each["tokens"] for each in expected]
    for one, other in zip(result, expected, strict=True):
        assert [score[2] for score in one["scores"]] == pytest.approx(
            [score[2] for score in other["scores"]], abs=0.02
        )
    assert passes[recorded:] == [317], "only the clip of 19 s is longer than what is recorded"


def test_several_clips_together_are_not_played(prepared: Any, tapes: list[Any]) -> None:
    registry.record_cuda_graphs(prepared.model)
    assert prepared.model.graphs.play(torch.zeros(2, 30, 560)) is None
    assert prepared.model.graphs.play(torch.zeros(1, max(cuda_graphs.SIZES) + 1, 560)) is None


def test_what_is_recorded_holds_nothing_of_the_clip_before(prepared: Any, tapes: list[Any]) -> None:
    registry.record_cuda_graphs(prepared.model)
    noise = torch.randn(1, 60, 560, generator=torch.Generator().manual_seed(1))
    first = prepared.model.graphs.play(noise[:, :30]).clone()
    prepared.model.graphs.play(noise * 100)
    assert torch.equal(prepared.model.graphs.play(noise[:, :30]), first)


def test_where_nothing_can_be_recorded_it_goes_on_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = ModelSettings(demo=True, device="cpu")
    recognizer = load_recognizer(settings)
    monkeypatch.setattr(registry, "record_cuda_graphs", fail)
    recognizer.record_cuda_graphs()
    assert "--cuda-graphs" in caplog.text and "operation not permitted" in caplog.text
    recognizer.self_test()


def fail(model: Any) -> None:
    raise RuntimeError("CUDA error: operation not permitted when stream is capturing")


class OnlyOn(TorchDispatchMode):
    """Fails when a step has to do with another device than this: the two would wait for one another."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = torch.device(device)
        self.steps = 0

    def __torch_dispatch__(self, step: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        written = step(*args, **(kwargs or {}))
        for value in tree_leaves((args, kwargs, written)):
            if isinstance(value, torch.Tensor):
                assert value.device == self._device, f"{step} has to do with {value.device}"
        self.steps += 1
        return written


@pytest.fixture
def on_a_gpu(imagined_gpu: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A prepared network of the released kind, smaller, on a GPU that computes nothing."""
    monkeypatch.setattr(torch.nn.Module, "to", lambda module, kind: module)  # impossible there
    sizes = {"output_size": 64, "attention_heads": 4, "linear_units": 128, "num_blocks": 2, "tp_blocks": 1}
    settings = {**sizes, "kernel_size": 11, "sanm_shfit": 0, "dropout_rate": 0.0}
    with torch.device("cuda:0"):
        model = registry.TimedSenseVoiceSmall(
            encoder="SenseVoiceEncoderSmall", encoder_conf=settings, input_size=560, vocab_size=100
        )
    registry.prepare_cuda(model, "fp32")
    return model


def test_nothing_of_a_pass_happens_on_the_cpu(on_a_gpu: Any) -> None:
    """Else CUDA could not record it."""
    frames, lengths = torch.empty(2, 64, 560, device="cuda:0"), torch.empty(2, device="cuda:0")
    on_a_gpu.run(frames, lengths)  # the positions are made at the first one
    with OnlyOn("cuda:0") as seen:
        result = on_a_gpu.run(frames, lengths)
    assert result.shape == (2, 64, 100)
    assert seen.steps > 50


@pytest.mark.parametrize("place", ["cpu", "cuda:0"])
def test_logits_take_features_from_either_side(on_a_gpu: Any, place: str) -> None:
    lengths = torch.empty(2, dtype=torch.int64, device="cpu")
    result, frames = on_a_gpu.logits(torch.empty(2, 40, 560, device=place), lengths, ASK, "cuda:0")
    assert (result.device.type, result.shape) == ("cuda", (2, 44, 100))
    assert frames.device.type == "cpu"
