"""What runs on a GPU, without one: where every value lies, on torch's stand-in for a device."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sensevoice.models import registry
from sensevoice.recognise.ctc import Prompt, prompt_rows

ASK = Prompt(prompt_rows("auto", use_itn=True), [])


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
    """Else processor and device would wait for one another at every call."""
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
