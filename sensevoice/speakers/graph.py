"""CAM++ as an ONNX graph for the CPU, made from its weights.

Input `features` (windows, frames, mels), float32, all windows of one length; output `embeddings` (windows,
size). Against the torch modules the normalisations behind a convolution are folded into it, and the pooling
over 100 frames of each layer's context, which for windows of at most two seconds is the mean over all frames,
is that mean. Imports onnx and numpy alone: the weights come as arrays under the names of funasr's CAMPPlus.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VERSION = 1
"""Raise it whenever what this module writes changes."""

NORM_EPSILON = 1e-5
"""What torch's BatchNorm adds to the variance, which funasr leaves as it is."""
DILATIONS = (1, 2, 2)
"""Of the three dense blocks (funasr's CAMPPlus)."""
LONGEST_FRAMES = 200
"""Of a window: behind the layer that halves them, one stretch of 100, over which contexts are pooled."""


def build(weights: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """Return the graph of a CAMPPlus (`output_level` segment); `weights` is its state dict as float32 arrays.

    Raises KeyError when they are not those of one.
    """
    return _Graph(weights).model()


class _Graph:
    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._numbers = itertools.count()

    def model(self) -> onnx.ModelProto:
        """Write the whole graph."""
        frames = self._node("Transpose", ["features"], perm=[0, 2, 1])
        frames = self._folded(self._head(frames))
        frames = self._convolution(frames, "xvector.tdnn.linear", "xvector.tdnn.nonlinear", pads=2, stride=2)
        for number, dilation in enumerate(DILATIONS, start=1):
            for layer in range(1, self._layers_of(number) + 1):
                frames = self._dense_layer(frames, f"xvector.block{number}.tdnnd{layer}", dilation)
            frames = self._normalised(frames, f"xvector.transit{number}.nonlinear")
            frames = self._convolution(frames, f"xvector.transit{number}.linear")
        frames = self._normalised(frames, "xvector.out_nonlinear")
        dense = self._convolution(
            self._statistics(frames), "xvector.dense.linear", "xvector.dense.nonlinear", False
        )
        self._nodes.append(
            helper.make_node("Squeeze", [dense, self._constant(np.array([2]))], ["embeddings"])
        )
        return self._finished()

    def _finished(self) -> onnx.ModelProto:
        mels = (
            self._weights["xvector.tdnn.linear.weight"].shape[1]
            // self._weights["head.conv2.weight"].shape[0]
            * 8
        )
        size = self._weights["xvector.dense.linear.weight"].shape[0]
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self._nodes,
            "CAMPPlus",
            [value("features", TensorProto.FLOAT, ["windows", "frames", mels])],
            [value("embeddings", TensorProto.FLOAT, ["windows", size])],
            self._constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)

    def _head(self, frames: str) -> str:
        """Two residual blocks of two layers each over the picture that time and frequency are."""
        picture = self._node("Unsqueeze", [frames, self._constant(np.array([1]))])
        picture = self._picture(picture, "head.conv1", "head.bn1")
        for layer, number in itertools.product((1, 2), (0, 1)):
            picture = self._residual(picture, f"head.layer{layer}.{number}", 2 if number == 0 else 1)
        return self._picture(picture, "head.conv2", "head.bn2", stride=2)

    def _residual(self, picture: str, name: str, stride: int) -> str:
        inner = self._picture(picture, f"{name}.conv1", f"{name}.bn1", stride)
        outer = self._picture(inner, f"{name}.conv2", f"{name}.bn2", relu=False)
        if f"{name}.shortcut.0.weight" in self._weights:
            picture = self._picture(picture, f"{name}.shortcut.0", f"{name}.shortcut.1", stride, relu=False)
        return self._node("Relu", [self._node("Add", [outer, picture])])

    def _picture(self, picture: str, name: str, norm: str, stride: int = 1, relu: bool = True) -> str:
        """A convolution in time and frequency and the normalisation behind it; strides are of frequency."""
        scale, shift = self._scale_and_shift(norm)
        weight = self._weights[f"{name}.weight"] * scale[:, None, None, None]
        edge = weight.shape[-1] // 2
        inputs = [picture, self._constant(weight.astype(np.float32)), self._constant(shift)]
        result = self._node("Conv", inputs, strides=[stride, 1], pads=[edge] * 4)
        return self._node("Relu", [result]) if relu else result

    def _folded(self, picture: str) -> str:
        """Put the channels of all frequencies one after the other: (windows, inputs of the TDNN, frames)."""
        return self._node("Reshape", [picture, self._constant(np.array([0, self._inputs_of_tdnn(), -1]))])

    def _inputs_of_tdnn(self) -> int:
        return int(self._weights["xvector.tdnn.linear.weight"].shape[1])

    def _layers_of(self, block: int) -> int:
        prefix = f"xvector.block{block}.tdnnd"
        return len({name.split(".")[2] for name in self._weights if name.startswith(prefix)})

    def _dense_layer(self, frames: str, name: str, dilation: int) -> str:
        """A layer whose result stands beside its input, weighted by the context of the whole window."""
        inner = self._normalised(frames, f"{name}.nonlinear1")
        inner = self._convolution(inner, f"{name}.linear1", f"{name}.nonlinear2")
        heard = self._convolution(inner, f"{name}.cam_layer.linear_local", pads=dilation, dilation=dilation)
        mean = self._node("ReduceMean", [inner], axes=[2], keepdims=1)
        context = self._node("Add", [mean, mean])  # of the window and of its only stretch of 100 frames
        context = self._node("Relu", [self._convolution(context, f"{name}.cam_layer.linear1")])
        weight = self._node("Sigmoid", [self._convolution(context, f"{name}.cam_layer.linear2")])
        return self._node("Concat", [frames, self._node("Mul", [heard, weight])], axis=1)

    def _statistics(self, frames: str) -> str:
        """Mean and standard deviation (of a sample) over time: (windows, 2 x channels, 1)."""
        mean = self._node("ReduceMean", [frames], axes=[2], keepdims=1)
        apart = self._node("Sub", [frames, mean])
        squares = self._node("ReduceSum", [self._node("Mul", [apart, apart]), self._constant(np.array([2]))])
        count = self._node("Cast", [self._node("Shape", [frames], start=2, end=3)], to=TensorProto.FLOAT)
        less_one = self._node("Sub", [count, self._constant(np.float32(1))])
        deviation = self._node("Sqrt", [self._node("Div", [squares, less_one])])
        return self._node("Concat", [mean, deviation], axis=1)

    def _convolution(
        self,
        frames: str,
        name: str,
        norm: str = "",
        relu: bool = True,
        pads: int = 0,
        stride: int = 1,
        dilation: int = 1,
    ) -> str:
        """A convolution along time; with `norm`, the normalisation behind it, and the rectifier."""
        weight = self._weights[f"{name}.weight"]
        bias = self._weights.get(f"{name}.bias", np.zeros(len(weight), np.float32))
        if norm:
            scale, shift = self._scale_and_shift(f"{norm}.batchnorm")
            weight, bias = weight * scale[:, None, None], bias * scale + shift
        inputs = [frames, self._constant(weight.astype(np.float32)), self._constant(bias.astype(np.float32))]
        result = self._node("Conv", inputs, pads=[pads, pads], strides=[stride], dilations=[dilation])
        return self._node("Relu", [result]) if norm and relu else result

    def _normalised(self, frames: str, name: str) -> str:
        scale, shift = self._scale_and_shift(f"{name}.batchnorm")
        scaled = self._node("Mul", [frames, self._constant(scale[:, None])])
        return self._node("Relu", [self._node("Add", [scaled, self._constant(shift[:, None])])])

    def _scale_and_shift(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return what a normalisation multiplies with and adds; one without weights has none of its own."""
        mean, variance = self._weights[f"{name}.running_mean"], self._weights[f"{name}.running_var"]
        scale = self._weights.get(f"{name}.weight", np.ones_like(mean)) / np.sqrt(variance + NORM_EPSILON)
        shift = self._weights.get(f"{name}.bias", np.zeros_like(mean)) - mean * scale
        return scale.astype(np.float32), shift.astype(np.float32)

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"t{next(self._numbers)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, value: np.ndarray | np.generic) -> str:
        name = f"t{next(self._numbers)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name
