"""SenseVoiceSmall's encoder and output layer as an ONNX graph for the CPU, made from its weights.

What it saves against the torch modules, for one clip at a time: the masks (a clip alone needs none), the
log-softmax over 25,055 pieces (the best piece is found in the graph), and, with 8 bits, three
quarters of the bytes and most of the time of every matrix product. The residual of the memory block is
folded into the middle tap of its kernel, which runs as a filter over a picture one value wide: for those
ONNX Runtime has a layout of its own. With 8 bits the input of query, key and value is rounded once for all
three, and the rectifier of the feed-forward part is the rounding itself: what is below zero rounds to zero.

Which way of rounding is fast and exact is up to the processor. With VNNI, products of 8-bit numbers are
summed in 32 bits, and "int8" loses nothing. Without, `vpmaddubsw` adds two products of unsigned input and
signed weight in 16 bits, which overflow (96.9 % of the pieces right with the bundled model): 7-bit weights
cannot, and unsigned weights are widened to 16 bits first.

Inputs: `features` (frames, 560), scaled, float32; `prompt_ids` (4,), rows of the query table; `banned` (any
number of) pieces that must not be chosen. Outputs: `best` (4 + frames,), the best piece of each frame;
`query_logits` (4, pieces), the output of the four query frames; `logits` (4 + frames, pieces), that of all
frames, which costs nothing unless it is asked for.

Imports onnx and numpy alone: the weights come as arrays.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sensevoice.recognise.ctc import PROMPT_FRAMES

VERSION = 4
"""Part of the name of a stored graph; raise it whenever what this module writes changes."""

Rounding = Literal["fp32", "int8", "int8_7bit", "uint8", "uint8_tensor"]


@dataclass(frozen=True)
class Levels:
    """How a weight is rounded: symmetrically, to `most` levels on either side of zero."""

    most: int
    unsigned: bool = False
    per_channel: bool = True


LEVELS: dict[Rounding, Levels] = {
    "int8": Levels(127),
    "int8_7bit": Levels(64),  # 2 × 255 × 64 = 32,640 is the most that 16 bits hold
    "uint8": Levels(127, unsigned=True),
    "uint8_tensor": Levels(127, unsigned=True, per_channel=False),
}
UINT8_ZERO = 128
NORM_EPSILON = 1e-5
"""What torch.nn.LayerNorm adds to the variance, which funasr leaves as it is."""
LONGEST_TIMESCALE = 10_000
"""Of the sinusoidal position encoding (funasr's SinusoidalPositionEncoder)."""
UINT8_LEVELS = 255
SMALLEST_SCALE = 1e-30
"""Of what is rounded: nothing but zeros must not be divided by zero."""
MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators, which every build of it has."""


def build(weights: Mapping[str, np.ndarray], heads: int, rounding: Rounding) -> onnx.ModelProto:
    """Return the graph of a SenseVoiceSmall whose state dict, as float32 arrays, is `weights`.

    `heads` is `attention_heads` of its config.yaml. But for "fp32" the weights of every matrix product
    are rounded as LEVELS says, and its input is rounded to 8 bits as it comes; everything else stays
    float32.
    """
    return _Graph(weights, heads, rounding).model()


def round_weight(weight: np.ndarray, levels: Levels) -> tuple[np.ndarray, np.ndarray, int]:
    """Return a weight (outputs, inputs) in 8 bits, its scales (one, one an output), and what zero is."""
    most = np.abs(weight).max(axis=1 if levels.per_channel else None)
    scales = np.maximum(most, np.finfo(np.float32).tiny) / levels.most
    rounded = np.rint(weight / (scales[:, None] if levels.per_channel else scales))
    zero = UINT8_ZERO if levels.unsigned else 0
    kind = np.uint8 if levels.unsigned else np.int8
    return (rounded + zero).astype(kind), scales.astype(np.float32), zero


class _Graph:
    def __init__(self, weights: Mapping[str, np.ndarray], heads: int, rounding: Rounding) -> None:
        self._weights = weights
        self._heads = heads
        self._rounding = rounding
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._numbers = itertools.count()
        self._width = len(weights["encoder.after_norm.weight"])
        self._pieces = len(weights["ctc.ctc_lo.bias"])

    def model(self) -> onnx.ModelProto:
        """Write the whole graph."""
        frames = self._with_positions(self._with_queries())
        for block in self._blocks("encoder.encoders0") + self._blocks("encoder.encoders"):
            frames = self._block(frames, block)
        frames = self._norm(frames, "encoder.after_norm")
        for block in self._blocks("encoder.tp_encoders"):
            frames = self._block(frames, block)
        frames = self._norm(frames, "encoder.tp_norm")
        self._linear(frames, "ctc.ctc_lo", bias=self._output_bias())
        logits = self._nodes[-1].output[0] = "logits"  # an output without a copy
        self._named("best", "ArgMax", [logits], axis=-1, keepdims=0)
        zero, four = self._constant(np.array([0])), self._constant(np.array([PROMPT_FRAMES]))
        self._named("query_logits", "Slice", [logits, zero, four, zero])
        return self._finished()

    def _finished(self) -> onnx.ModelProto:
        feature_size = self._weights["embed.weight"].shape[1]
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self._nodes,
            "SenseVoiceSmall",
            [
                value("features", TensorProto.FLOAT, ["frames", feature_size]),
                value("prompt_ids", TensorProto.INT64, [PROMPT_FRAMES]),
                value("banned", TensorProto.INT64, ["bans"]),
            ],
            [
                value("best", TensorProto.INT64, ["all_frames"]),
                value("query_logits", TensorProto.FLOAT, [PROMPT_FRAMES, self._pieces]),
                value("logits", TensorProto.FLOAT, ["all_frames", self._pieces]),
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def _with_queries(self) -> str:
        """Put the query frames before the features, and scale all as the encoder does."""
        prompt_ids = self._node("Gather", [self._constant(self._weights["embed.weight"]), "prompt_ids"])
        frames = self._node("Concat", [prompt_ids, "features"], axis=0)
        return self._node("Mul", [frames, self._constant(np.float32(math.sqrt(self._width)))])

    def _with_positions(self, frames: str) -> str:
        """Add the sinusoidal position encoding, counted from 1."""
        half = self._weights["embed.weight"].shape[1] // 2
        step = math.log(LONGEST_TIMESCALE) / (half - 1)
        rates = np.exp(np.arange(half, dtype=np.float32) * np.float32(-step))[None, :]
        count = self._node("Squeeze", [self._node("Shape", [frames], start=0, end=1)])
        one = self._constant(np.int64(1))
        positions = self._node("Range", [one, self._node("Add", [count, one]), one])
        positions = self._node("Cast", [positions], to=TensorProto.FLOAT)
        column = self._node("Unsqueeze", [positions, self._constant(np.array([1]))])
        angles = self._node("Mul", [column, self._constant(rates)])
        encoding = self._node("Concat", [self._node("Sin", [angles]), self._node("Cos", [angles])], axis=1)
        return self._node("Add", [frames, encoding])

    def _output_bias(self) -> str:
        """The bias of the output layer, minus infinity where a piece is banned."""
        never = self._constant(np.full(1, -np.inf, dtype=np.float32))
        never = self._node("Expand", [never, self._node("Shape", ["banned"])])
        bias = self._constant(self._weights["ctc.ctc_lo.bias"])
        return self._node("ScatterElements", [bias, "banned", never])

    def _blocks(self, prefix: str) -> list[str]:
        numbers = {
            int(name.removeprefix(prefix + ".").partition(".")[0])
            for name in self._weights
            if name.startswith(prefix + ".")
        }
        return [f"{prefix}.{number}" for number in sorted(numbers)]

    def _block(self, frames: str, name: str) -> str:
        """Attention with its memory block, then the feed-forward part; both around a residual."""
        heard = self._attention(self._norm(frames, f"{name}.norm1"), f"{name}.self_attn")
        # The first block takes 560 values a frame and gives 512: nothing to add its result to.
        same_size = len(self._weights[f"{name}.norm1.weight"]) == self._width
        frames = self._node("Add", [frames, heard]) if same_size else heard
        return self._node("Add", [frames, self._feed_forward(self._norm(frames, f"{name}.norm2"), name)])

    def _attention(self, frames: str, name: str) -> str:
        first = self._constant(np.array([0]))
        parts = [self._node("Unsqueeze", [part, first]) for part in self._query_key_value(frames, name)]
        attended = self._node(
            "MultiHeadAttention",
            parts,
            domain=MICROSOFT,
            num_heads=self._heads,
            scale=(self._width // self._heads) ** -0.5,
        )
        attended = self._node("Squeeze", [attended, first])
        memory = self._memory(parts[2], f"{name}.fsmn_block.weight")
        return self._node("Add", [self._linear(attended, f"{name}.linear_out"), memory])

    def _query_key_value(self, frames: str, name: str) -> list[str]:
        """Three products of one input, which is rounded once."""
        weight, bias = (
            self._weights[f"{name}.linear_q_k_v.weight"],
            self._weights[f"{name}.linear_q_k_v.bias"],
        )
        parts = zip(np.split(weight, 3), np.split(bias, 3), strict=True)
        if self._rounding == "fp32":
            return [self._product(frames, weight, self._constant(bias)) for weight, bias in parts]
        rounded = [self._name() for _ in range(3)]  # the values, their scale, and what stands for zero
        self._nodes.append(helper.make_node("DynamicQuantizeLinear", [frames], rounded))
        return [self._rounded_product(rounded, weight, self._constant(bias)) for weight, bias in parts]

    def _memory(self, value: str, name: str) -> str:
        """The memory block: every channel filtered along time, plus itself."""
        kernel = self._weights[name].copy()  # (width, 1, taps)
        taps = kernel.shape[-1]
        kernel[:, 0, taps // 2] += 1.0
        picture = self._node("Unsqueeze", [value, self._constant(np.array([2]))])  # (1, time, 1, width)
        filtered = self._node(
            "Conv",
            [self._node("Transpose", [picture], perm=[0, 3, 1, 2]), self._constant(kernel[..., None])],
            group=self._width,
            kernel_shape=[taps, 1],
            pads=[(taps - 1) // 2, 0, taps // 2, 0],
        )
        along_time = self._node("Transpose", [filtered], perm=[0, 2, 3, 1])
        return self._node("Squeeze", [along_time, self._constant(np.array([0, 2]))])

    def _feed_forward(self, frames: str, name: str) -> str:
        inner = self._linear(frames, f"{name}.feed_forward.w_1")
        outer = f"{name}.feed_forward.w_2"
        if self._rounding == "fp32":
            return self._linear(self._node("Relu", [inner]), outer)
        bias = self._constant(self._weights[f"{outer}.bias"])
        return self._rounded_product(self._rectified(inner), self._weights[f"{outer}.weight"], bias)

    def _rectified(self, frames: str) -> list[str]:
        """Round to 8 bits from zero up, so that what is below becomes zero; return values, scale and zero."""
        most = self._node(
            "Max", [self._node("ReduceMax", [frames], keepdims=0), self._scalar(SMALLEST_SCALE)]
        )
        scale = self._node("Mul", [most, self._scalar(1 / UINT8_LEVELS)])
        zero = self._constant(np.uint8(0))
        return [self._node("QuantizeLinear", [frames, scale, zero]), scale, zero]

    def _norm(self, frames: str, name: str) -> str:
        scale, shift = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        inputs = [frames, self._constant(scale), self._constant(shift)]
        return self._node("LayerNormalization", inputs, axis=-1, epsilon=NORM_EPSILON)

    def _linear(self, frames: str, name: str, bias: str | None = None) -> str:
        weight = self._weights[f"{name}.weight"]  # (outputs, inputs)
        return self._product(frames, weight, bias or self._constant(self._weights[f"{name}.bias"]))

    def _product(self, frames: str, weight: np.ndarray, bias: str) -> str:
        if self._rounding == "fp32":
            return self._node("Gemm", [frames, self._constant(np.ascontiguousarray(weight.T)), bias])
        inputs = [frames, *self._rounded_weight(weight), bias]
        return self._node("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)

    def _rounded_product(self, rounded: list[str], weight: np.ndarray, bias: str) -> str:
        """Multiply what is rounded already: values, scale, and what stands for zero."""
        values, scale, zero = rounded
        weights, weight_scales, weight_zeros = self._rounded_weight(weight)
        inputs = [values, weights, scale, weight_scales, zero, weight_zeros, bias]
        return self._node("MatMulIntegerToFloat", inputs, domain=MICROSOFT)

    def _rounded_weight(self, weight: np.ndarray) -> list[str]:
        """Return a weight in 8 bits, (inputs, outputs), the scale of each output, and their zeros."""
        rounded, scales, zero = round_weight(weight, LEVELS[self._rounding])
        zeros = np.full(scales.shape, zero, rounded.dtype)
        return [self._constant(part) for part in (np.ascontiguousarray(rounded.T), scales, zeros)]

    def _node(self, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        return self._named(self._name(), kind, inputs, domain, **attributes)

    def _named(self, name: str, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [name], domain=domain, **attributes))
        return name

    def _constant(self, value: np.ndarray | np.generic) -> str:
        name = self._name()
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _scalar(self, value: float) -> str:
        return self._constant(np.float32(value))

    def _name(self) -> str:
        return f"t{next(self._numbers)}"
