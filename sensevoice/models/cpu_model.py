"""SenseVoiceSmall for a CPU: an ONNX graph made from its weights at the first start, and kept.

torch stays what it is measured against: a graph that does not answer a known clip as the weights do on
torch is not used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sensevoice.audio.source import SAMPLES_PER_MS, open_audio, select_channels
from sensevoice.errors import ModelFileDamaged
from sensevoice.models import demo, funasr_model, hub
from sensevoice.progress import LoadStep

log = logging.getLogger(__name__)

GraphPrecision = Literal["fp32", "int8"]

LARGEST_ERROR = {"fp32": 1e-3, "int8": 0.1}
"""How far a graph may be from torch: the length of the difference of the outputs of the query frames,
against their own length. Rounding to 8 bits gives 0.01 (trained weights) to 0.03 (random weights), the
overflow on processors without instructions for it far more."""

KNOWN_CLIP_END_MS = 150
"""What follows the utterance in the known clip; the next one begins 0.2 s after it at the earliest."""

KEPT_FROM_BYTES = 64_000_000
"""A smaller graph is made in a tenth of a second: not worth a file."""


def cores() -> int:
    """How many clips run at once."""
    from sensevoice.recognise import onnx_model

    return onnx_model.cores()


def open_model(
    directory: Path,
    precision: str,
    announce: Callable[[str], None],
    on_step: Callable[[LoadStep], None] = lambda step: None,
) -> tuple[Any, str]:
    """Return funasr's AutoModel for a verified directory on the CPU, and the precision that it has.

    Falls back from int8 to fp32 when int8 does not hold what it should, and to torch when no graph can
    be made, with a warning. Raises ModelFileDamaged when the model itself is.
    """
    from sensevoice.models import graph_cache

    wanted: GraphPrecision = "int8" if precision == "int8" else "fp32"
    key = graph_cache.key_of([directory / hub.WEIGHTS, directory / hub.CONFIG])
    stored = graph_cache.find(directory, wanted, key)
    if stored is not None:
        try:
            return funasr_model.open_graph(directory, stored), wanted
        except ModelFileDamaged:
            log.warning("%s does not load and is made again / 无法载入，将重新生成", stored)
    on_step(LoadStep("prepare"))
    reference = funasr_model.open_model("SenseVoiceSmall", directory, "cpu")
    for candidate in dict.fromkeys((wanted, "fp32")):
        try:
            return _made(directory, candidate, key, reference, announce), candidate
        except Exception as exc:  # whatever onnx has against these weights, torch can still run them
            log.warning("no %s graph for / 无法生成计算图 %s: %s", candidate, directory, exc)
            log.debug("", exc_info=True)
    return reference, "fp32"


def _made(
    directory: Path, precision: GraphPrecision, key: str, reference: Any, announce: Callable[[str], None]
) -> Any:
    """Make a graph from the reference's weights, keep it, and open it. Raises what goes wrong."""
    from sensevoice.models import graph_cache
    from sensevoice.recognise import onnx_graph

    weights = {name: tensor.float().numpy() for name, tensor in reference.model.state_dict().items()}
    large = sum(array.nbytes for array in weights.values()) >= KEPT_FROM_BYTES
    if large:
        announce(
            f"preparing for this CPU ({precision}), once / 首次启动：正在为 CPU 生成 {precision} 计算图 …"
        )
    heads = reference.kwargs["encoder_conf"]["attention_heads"]
    content = onnx_graph.build(weights, heads, precision).SerializeToString()
    made = funasr_model.open_graph(directory, content)
    error = _difference(reference, made)
    if not error <= LARGEST_ERROR[precision]:
        raise RuntimeError(f"{precision} differs from torch by {error:.3f}")
    if large:
        try:
            graph_cache.store(directory, precision, key, content)
        except OSError as exc:
            log.warning("the graph cannot be kept and will be made again / 计算图无法保存: %s", exc)
    return made


def _difference(reference: Any, made: Any) -> float:
    """Return how far the outputs for a known clip are from torch's, relative to their size."""
    import torch
    from funasr.utils.load_utils import extract_fbank

    from sensevoice.recognise.ctc import PROMPT_FRAMES, Prompt, prompt_rows

    prompt = Prompt(prompt_rows("auto", use_itn=True), [])
    clip = torch.from_numpy(known_clip())
    features, lengths = extract_fbank([clip], data_type="sound", frontend=reference.kwargs["frontend"])
    with torch.inference_mode():
        expected = reference.model.logits(features.clone(), lengths, prompt, "cpu")[0][
            0, :PROMPT_FRAMES
        ].numpy()
    _, result = made.model.run(features[0].numpy(), prompt)
    return float(np.linalg.norm(result - expected) / np.linalg.norm(expected))


def known_clip() -> np.ndarray:
    """Return the first utterance of the first sample recording, float32 mono 16 kHz."""
    sample = demo.sample_recordings()[0]
    first = sample.utterances[0]
    with open_audio(sample.path) as source:
        block = next(iter(source.blocks(first.end_ms + KNOWN_CLIP_END_MS)))
    samples: np.ndarray = select_channels(block, "mix")[0]
    return samples[first.start_ms * SAMPLES_PER_MS :]
