"""What a graph is worth: its speed on a piece of the network, and its answers to speech beside torch's."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sensevoice.models.graphs.agreement import Answer
from sensevoice.models.graphs.candidates import Rounding
from sensevoice.protocols import FunasrModel
from sensevoice.recognise.ctc import Prompt, decode, prompt_rows

if TYPE_CHECKING:
    import torch

PROMPT = Prompt(prompt_rows("auto", use_itn=True), [])

TIMED_BLOCKS, TIMED_PIECES = 6, 2048
"""What is timed of a network: all blocks are alike, so a twelfth of them tells how fast the whole is."""
TIMED_FRAMES = 254  # of a clip of 15 s, prompt included
ROUNDS = 5


def seconds_of(
    roundings: Sequence[Rounding], weights: Mapping[str, np.ndarray], heads: int
) -> dict[str, float]:
    """Return how long a piece of each graph takes, the shortest of several alternating rounds."""
    from sensevoice.recognise import onnx_graph
    from sensevoice.recognise.onnx_model import OUTPUTS
    from sensevoice.recognise.onnx_session import open_session

    part = _part_of(weights)
    sessions = {
        name: open_session(onnx_graph.build(part, heads, name).SerializeToString()) for name in roundings
    }
    noise = np.random.default_rng(1).standard_normal((TIMED_FRAMES, part["embed.weight"].shape[1]))
    inputs = {
        "features": noise.astype(np.float32),
        "prompt_ids": np.array(PROMPT.prompt_ids),
        "banned": np.array([], dtype=np.int64),
    }
    shortest = dict.fromkeys(roundings, float("inf"))
    for number in range(ROUNDS + 1):
        for name, session in sessions.items():
            started_s = time.perf_counter()
            session.run(OUTPUTS, inputs)
            if number:  # the first one is slower
                shortest[name] = min(shortest[name], time.perf_counter() - started_s)
    return {str(name): seconds for name, seconds in shortest.items()}


def _part_of(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of a network with fewer blocks and pieces."""

    def is_left_out(name: str) -> bool:
        block = name.removeprefix("encoder.encoders.").partition(".")[0]
        late = name.startswith("encoder.encoders.") and int(block) >= TIMED_BLOCKS - 1
        return late or name.startswith("encoder.tp_encoders.")

    part = {name: value for name, value in weights.items() if not is_left_out(name)}
    for name in ("ctc.ctc_lo.weight", "ctc.ctc_lo.bias"):
        part[name] = part[name][:TIMED_PIECES]
    return part


def answers_of_torch(model: FunasrModel, clips: Sequence[np.ndarray], device: str = "cpu") -> list[Answer]:
    """Return the answers of a model on torch: as loaded on a CPU, those of funasr's own layers in float32."""
    import torch

    def best_of(features: torch.Tensor, lengths: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            best = model.model.logits(features, lengths, PROMPT, device)[0][0].argmax(-1)
        return np.asarray(best.cpu())

    return [_answer(model, best_of(*_features(model, clip))) for clip in clips]


def answers_of_graph(made: FunasrModel, clips: Sequence[np.ndarray]) -> list[Answer]:
    """Return the answers of a graph."""

    def best_of(clip: np.ndarray) -> np.ndarray:
        features, _ = _features(made, clip)
        return np.asarray(made.model.run(features[0].numpy(), PROMPT)[0])

    return [_answer(made, best_of(clip)) for clip in clips]


def _features(model: FunasrModel, clip: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    import torch
    from funasr.utils.load_utils import extract_fbank

    frontend = model.kwargs["frontend"]
    features, lengths = extract_fbank([torch.from_numpy(clip)], data_type="sound", frontend=frontend)
    return features, lengths


def _answer(model: FunasrModel, best: np.ndarray) -> Answer:
    return Answer(best, str(decode(best.tolist(), model.kwargs["tokenizer"], blank_id=0)["text"]))
