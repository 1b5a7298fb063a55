"""Products of 8-bit numbers as a processor with AVX2 and without VNNI computes them: `vpmaddubsw` in NumPy.

ONNX Runtime cannot be told to leave VNNI alone, so this is what shows, on any machine, which ways of rounding
overflow there and that the check on speech refuses them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sensevoice.models import funasr_model
from sensevoice.models.graphs import check
from sensevoice.models.graphs.agreement import Agreement, compare
from sensevoice.models.graphs.candidates import WITHOUT_VNNI
from sensevoice.models.graphs.known_speech import check_clips
from sensevoice.models.sources import demo
from sensevoice.recognise.onnx_graph import LEVELS, Levels, round_weight

INT16 = np.iinfo(np.int16)


def vpmaddubsw(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Multiply unsigned (frames, inputs) by signed (outputs, inputs), adding pairs in saturating 16 bits."""
    result = np.zeros((len(values), len(weights)))
    for first in range(0, values.shape[1], 2):
        columns = slice(first, first + 2)
        pair = values[:, columns].astype(np.float32) @ weights[:, columns].T.astype(np.float32)
        result += np.clip(pair, INT16.min, INT16.max)
    return result


def exactly(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Multiply with sums of 32 bits, as VNNI and `vpmaddwd` do."""
    result: np.ndarray = values.astype(np.float64) @ weights.astype(np.float64).T
    return result


@pytest.mark.parametrize("name", LEVELS)
def test_the_largest_numbers_there_are(name: Any) -> None:
    levels = LEVELS[name]
    weight, _, zero = round_weight(np.ones((3, 4), np.float32), levels)
    values = np.full((2, 4), 255, np.uint8)
    if levels.unsigned:  # widened to 16 bits, and multiplied by another instruction
        assert zero == 128 and weight.dtype == np.uint8
        return
    overflows = not np.array_equal(vpmaddubsw(values, weight), exactly(values, weight))
    assert overflows == (name == "int8")


class Rounded(torch.nn.Module):
    """A linear layer in 8 bits, its input rounded as it comes, by one of the two products above."""

    def __init__(self, layer: torch.nn.Linear, levels: Levels, product: Any) -> None:
        super().__init__()
        self.rounded, self.scales, self.zero = round_weight(layer.weight.detach().numpy(), levels)
        self.bias, self.product = layer.bias.detach().numpy(), product

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        rows = frames.reshape(-1, frames.shape[-1]).numpy()
        low, high = min(0.0, float(rows.min())), max(0.0, float(rows.max()))
        scale = max((high - low) / 255, 1e-30)
        offset = round(-low / scale)
        values = np.clip(np.rint(rows / scale) + offset, 0, 255).astype(np.uint8)
        sums = self.product(values, self.rounded)
        sums = sums - offset * self.rounded.astype(np.int64).sum(axis=1)
        sums = sums - self.zero * (values.astype(np.int64) - offset).sum(axis=1)[:, None]
        result = (sums * (scale * self.scales) + self.bias).astype(np.float32)
        return torch.from_numpy(result).reshape(*frames.shape[:-1], -1)


def agreement_of(name: Any, product: Any) -> Agreement:
    """Return how far the bundled model is from itself with all its linear layers in 8 bits."""
    reference = funasr_model.open_model("SenseVoiceSmall", demo.ASR_DIR, "cpu")
    clips = check_clips(demo.ASR_DIR)
    expected = check.answers_of_torch(reference, clips)
    network = reference.model
    for module in [*network.encoder.modules(), network.ctc]:
        for child, layer in list(module.named_children()):
            if isinstance(layer, torch.nn.Linear):
                setattr(module, child, Rounded(layer, LEVELS[name], product))
    return compare(expected, check.answers_of_torch(reference, clips))


def test_full_weights_overflow_and_the_check_refuses_them() -> None:
    agreement = agreement_of("int8", vpmaddubsw)
    assert not agreement.is_within(WITHOUT_VNNI), agreement
    assert agreement_of("int8", exactly).is_within(WITHOUT_VNNI)


def test_unsigned_weights_lose_next_to_nothing() -> None:
    """Here and there NumPy rounds a tie otherwise than ONNX Runtime: one character, which counts for much."""
    agreement = agreement_of("uint8_tensor", exactly)
    assert agreement.tokens >= WITHOUT_VNNI.tokens and agreement.other_tags == 0, agreement
