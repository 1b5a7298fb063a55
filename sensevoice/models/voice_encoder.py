"""CAM++ loaded: a graph on the CPU, funasr's class on CUDA; found when it is first asked for.

Who spoke is worth less than what was said: whatever keeps this model away is told with the transcript, and
costs it nothing else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sensevoice.errors import ModelFileDamaged, SenseVoiceError
from sensevoice.models import funasr_model
from sensevoice.models.sources import files
from sensevoice.protocols import VoiceEncoder
from sensevoice.runtime.cpus import usable_cores

log = logging.getLogger(__name__)

KIND = "CAMPPlus"
"""What funasr calls the network."""

CPU_BATCH, CUDA_BATCH = 16, 256
"""Windows at a time: on a CPU more gain nothing, on CUDA 256 take 0.6 GB."""

RETRY_S = 600.0
"""How long a model that could not be had is not looked for again: without network, looking takes a while."""


class LazyVoiceEncoder:
    """The voice encoder of a program, found and loaded when the first recording needs it."""

    def __init__(
        self, find: Callable[[], Path], device: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._find = find
        self._device = device
        self._clock = clock
        self._lock = threading.Lock()
        self._encoder: VoiceEncoder | None = None
        self._failed: tuple[float, SenseVoiceError] | None = None

    def get(self) -> VoiceEncoder:
        """Return the encoder. Raises ModelError, for a while without looking again."""
        with self._lock:
            if self._encoder is None:
                self._check_patience()
                try:
                    self._encoder = open_encoder(self._find(), self._device)
                except SenseVoiceError as error:
                    log.warning("no speakers / 无法区分说话人: %s", error)
                    self._failed = (self._clock(), error)
                    raise
            return self._encoder

    def _check_patience(self) -> None:
        if self._failed is not None and self._clock() - self._failed[0] < RETRY_S:
            raise self._failed[1]


def open_encoder(directory: Path, device: str) -> VoiceEncoder:
    """Return the CAM++ of a verified directory on a device. Raises ModelFileDamaged."""
    file = files.weights_file(directory, files.VOICES)
    _check_kind(directory)
    weights = funasr_model.stored_weights(directory, file)
    try:
        encoder = _graph_encoder(weights) if device == "cpu" else _torch_encoder(directory, weights, device)
    except Exception as exc:  # a name that is missing, another shape …: all mean weights that are not CAM++'s
        reason = f"{type(exc).__name__}: {exc}".splitlines()[0][:200]
        raise ModelFileDamaged(path=directory, file=file, reason=reason) from exc
    _check_answer(encoder, directory, file)
    return encoder


def _check_kind(directory: Path) -> None:
    named = _settings(directory).get("model", KIND)
    if named != KIND:
        raise ModelFileDamaged(
            path=directory, file=files.CONFIG, reason=f"model: {named}, not / 而不是 {KIND}"
        )


def _settings(directory: Path) -> dict[str, Any]:
    """Return what config.yaml says; some copies of the model have none, and are as funasr's class is."""
    path = directory / files.CONFIG
    return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}


def _check_answer(encoder: VoiceEncoder, directory: Path, file: str) -> None:
    """Raise ModelFileDamaged unless a known clip gives a voice print."""
    time_s = np.arange(24_000, dtype=np.float32) / 16_000
    result = encoder.embed([np.sin(2 * np.pi * 200 * time_s) * 0.1])
    if not np.isfinite(result).all() or not result.any():
        raise ModelFileDamaged(path=directory, file=file, reason="no voice print / 无法得到声纹")


def _graph_encoder(weights: dict[str, Any]) -> VoiceEncoder:
    from sensevoice.speakers import graph

    arrays = {name: tensor.float().numpy() for name, tensor in weights.items()}
    return GraphVoiceEncoder(graph.build(arrays).SerializeToString())


def _torch_encoder(directory: Path, weights: dict[str, Any], device: str) -> VoiceEncoder:
    from funasr.models.campplus.model import CAMPPlus

    network = CAMPPlus(**_settings(directory).get("model_conf", {}))
    state = {
        name: weights.get(name, value)
        for name, value in network.state_dict().items()
        if "num_batches" in name
    }
    network.load_state_dict({**weights, **state})
    return TorchVoiceEncoder(network.to(device).eval(), device)


class GraphVoiceEncoder:
    """A VoiceEncoder on ONNX Runtime."""

    def __init__(self, graph: bytes) -> None:
        import onnxruntime

        from sensevoice.recognise.onnx_session import SPIN_US

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = usable_cores()
        settings.add_session_config_entry("session.intra_op.spin_duration_us", SPIN_US)
        self._session = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
        self.size = int(self._session.get_outputs()[0].shape[1])

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """See VoiceEncoder."""
        from sensevoice.speakers.features import stacked, voice_features

        result = [np.zeros((0, self.size), np.float32)]
        for first in range(0, len(clips), CPU_BATCH):
            features = voice_features(stacked(clips[first : first + CPU_BATCH])).numpy()
            result += self._session.run(None, {"features": features})
        return np.concatenate(result)


class TorchVoiceEncoder:
    """A VoiceEncoder on torch, for CUDA."""

    def __init__(self, network: Any, device: str) -> None:
        self._network = network
        self._device = device

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """See VoiceEncoder."""
        import torch

        from sensevoice.speakers.features import stacked, voice_features

        result = []
        with torch.inference_mode():
            for first in range(0, len(clips), CUDA_BATCH):
                samples = stacked(clips[first : first + CUDA_BATCH]).to(self._device)
                result.append(self._network(voice_features(samples)).float().cpu().numpy())
        return np.concatenate(result) if result else np.zeros((0, 0), np.float32)
