"""fsmn-vad's network as an ONNX graph, which ONNX Runtime computes in half of torch's time.

Input: `mels` (4 + frames, 80), float32. Output: `silence` (frames,), the probability of silence, from each
frame and the two on either side, and from the `lead_frames` before; before the first there is nothing.

Putting five frames side by side, shifting and scaling them is part of the first product here: as steps
of their own they cost as much as a third of the network. The memory blocks are filters over a picture one
value wide, for which ONNX Runtime has a layout of its own: a seventh less time for the whole.

Everything stays in float32: with differences of 1e-6 one frame in a million is decided otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CONTEXT_FRAMES = 2
"""What each frame sees of its neighbours, on either side (`lfr_m: 5` of the released config.yaml)."""
STACKED_FRAMES = 2 * CONTEXT_FRAMES + 1
MEMORY = ".fsmn_block.conv_left.weight"
"""How the names of the memory blocks' filters end."""


def build(
    weights: Mapping[str, np.ndarray], shift_and_scale: np.ndarray, silence_pieces: Sequence[int]
) -> onnx.ModelProto:
    """Return the graph of funasr's FSMN whose state dict, as float32 arrays, is `weights`.

    `shift_and_scale` (2, 400) is what am.mvn does to five frames side by side; `silence_pieces` are the
    outputs that mean silence (`sil_pdf_ids` of config.yaml).
    """
    return _Graph(weights, shift_and_scale, silence_pieces).model()


def lead_frames(weights: Mapping[str, np.ndarray]) -> int:
    """Return how many frames before it a frame's value depends on, its two neighbours apart."""
    kernels = [value for name, value in weights.items() if name.endswith(MEMORY)]
    return sum(kernel.shape[2] - 1 for kernel in kernels)


class _Graph:
    def __init__(
        self, weights: Mapping[str, np.ndarray], shift_and_scale: np.ndarray, silence_pieces: Sequence[int]
    ) -> None:
        self._weights = weights
        self._shift, self._scale = shift_and_scale.astype(np.float64)
        self._silence_pieces = list(silence_pieces)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._mels = len(self._shift) // STACKED_FRAMES

    def model(self) -> onnx.ModelProto:
        frames = self._linear(self._stacked_and_scaled("in_linear1"), "in_linear2")
        frames = self._node("Relu", [frames])
        for number in range(sum(name.endswith(MEMORY) for name in self._weights)):
            frames = self._block(frames, number)
        frames = self._linear(self._linear(frames, "out_linear1"), "out_linear2")
        pieces = self._constant(np.array(self._silence_pieces))
        chosen = self._node("Gather", [self._node("Softmax", [frames], axis=1), pieces], axis=1)
        axis = self._constant(np.array([1]))
        self._nodes.append(helper.make_node("ReduceSum", [chosen, axis], ["silence"], keepdims=0))
        value = helper.make_tensor_value_info
        inputs = [value("mels", TensorProto.FLOAT, ["frames_in_context", self._mels])]
        outputs = [value("silence", TensorProto.FLOAT, ["frames"])]
        graph = helper.make_graph(self._nodes, "FSMN", inputs, outputs, self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)

    def _stacked_and_scaled(self, name: str) -> str:
        """The first product as a filter over five frames, with am.mvn folded into its weights."""
        weight = self._weights[f"{name}.linear.weight"].astype(np.float64)
        bias = self._weights[f"{name}.linear.bias"] + weight @ (self._shift * self._scale)
        kernel = (weight * self._scale).reshape(-1, STACKED_FRAMES, self._mels).transpose(0, 2, 1)
        first = self._constant(np.array([0]))
        channels = self._node("Unsqueeze", [self._node("Transpose", ["mels"], perm=[1, 0]), first])
        constants = [self._constant(value.astype(np.float32)) for value in (kernel, bias)]
        filtered = self._node("Conv", [channels, *constants], kernel_shape=[STACKED_FRAMES])
        return self._node("Transpose", [self._node("Squeeze", [filtered, first])], perm=[1, 0])

    def _block(self, frames: str, number: int) -> str:
        """Project, filter every channel along time together with what came before, expand."""
        name = f"fsmn.{number}"
        kernel = self._weights[f"{name}{MEMORY}"].copy()  # (channels, 1, taps, 1)
        channels, _, taps, _ = kernel.shape
        kernel[:, 0, -1] += 1.0  # the block adds its input to what it filters
        around = self._constant(np.array([0, 2]))
        picture = self._node("Unsqueeze", [self._linear(frames, f"{name}.linear"), around])
        filtered = self._node(
            "Conv",
            [self._node("Transpose", [picture], perm=[0, 3, 1, 2]), self._constant(kernel)],
            group=channels,
            kernel_shape=[taps, 1],
            pads=[taps - 1, 0, 0, 0],
        )
        filtered = self._node("Squeeze", [self._node("Transpose", [filtered], perm=[0, 2, 3, 1]), around])
        return self._node("Relu", [self._linear(filtered, f"{name}.affine")])

    def _linear(self, frames: str, name: str) -> str:
        weight = np.ascontiguousarray(self._weights[f"{name}.linear.weight"].T)
        inputs = [frames, self._constant(weight)]
        if f"{name}.linear.bias" in self._weights:
            inputs.append(self._constant(self._weights[f"{name}.linear.bias"]))
        return self._node("Gemm", inputs)

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, value: np.ndarray) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value, name))
        return name
