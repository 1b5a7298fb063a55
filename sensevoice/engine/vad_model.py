"""fsmn-vad with its decisions compiled and its network on ONNX Runtime: funasr's segments, sooner.

What stays funasr's: `inference` with its schedule of silences, and the features' carry from chunk to
chunk. What goes: the history of scores, levels and samples, which grows with the length of a stream.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import torch
from funasr.models.fsmn_vad_streaming.model import FsmnVADStreaming, VadDetectMode, VadStateMachine

from sensevoice.engine import vad_graph
from sensevoice.engine.vad_machine import Machine, Rules

LOWEST_LEVEL_DB = 10 * np.log10(1e-6)
"""funasr's level of a frame of digital silence; no frame is softer."""
HARMLESS_SNR_DB = -100.0
"""The released threshold: no frame lies that far below the noise."""


class CompiledFsmnVad(FsmnVADStreaming):  # type: ignore[misc]
    """funasr's FsmnVADStreaming; settings or calls that need frame levels are left to funasr's own code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._session: onnxruntime.InferenceSession | None = None
        options = self.vad_opts
        self._levels_matter = (
            options.snr_thres > HARMLESS_SNR_DB
            or options.decibel_thres > LOWEST_LEVEL_DB
            or options.fe_prior_thres >= 1.0
            or options.output_frame_probs
            or options.detect_mode != VadDetectMode.kVadMutipleUtteranceDetectMode.value
        )

    def init_cache(self, cache: dict[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
        """Prepare the state of a stream; called by funasr before its first chunk and after its last."""
        cache = super().init_cache(cache, **kwargs)
        cache["machine"] = Machine(Rules.of(self.vad_opts))
        return cache

    def forward(
        self,
        feats: torch.Tensor,
        waveform: torch.Tensor,
        cache: dict[str, Any],
        is_final: bool = False,
        is_streaming_input: bool = True,
        **kwargs: Any,
    ) -> list[list[list[int]]]:
        """Take the features of the next chunk, (1, frames, 400); return [[[start_ms, end_ms], …]] or []."""
        if is_streaming_input or self._levels_matter:
            found: list[list[list[int]]] = super().forward(
                feats, waveform, cache, is_final, is_streaming_input=is_streaming_input, **kwargs
            )
            return found
        if feats.numel() == 0:
            return []
        stats, machine = cache["stats"], cache["machine"]
        silence = self._silence(feats[0].cpu().numpy(), cache["encoder"])
        segments = machine.feed(silence, stats.max_end_sil_frame_cnt_thresh, stats.speech_noise_thres, is_final)
        # funasr's schedule of silences asks for it before the next chunk.
        stats.vad_state_machine = (
            VadStateMachine.kVadInStateInSpeechSegment
            if machine.in_speech
            else VadStateMachine.kVadInStateStartPointNotDetected
        )
        return [segments] if segments else []

    def _silence(self, features: np.ndarray, memories: dict[str, np.ndarray]) -> np.ndarray:
        """Return each frame's probability of silence, and carry the memories on."""
        session = self._session or self._open_session()
        if not memories:
            empty = {item.name: item.shape for item in session.get_inputs()[1:]}
            memories.update((name, np.zeros(shape, dtype=np.float32)) for name, shape in empty.items())
        silence, *following = session.run(None, {"features": features, **memories})
        memories.update(zip(list(memories), following, strict=True))
        return np.asarray(silence)

    def _open_session(self) -> onnxruntime.InferenceSession:
        """Make the network from the weights, which funasr loads after this object is made."""
        weights = {name: tensor.numpy() for name, tensor in self.encoder.state_dict().items()}
        graph = vad_graph.build(weights, self.vad_opts.sil_pdf_ids)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), settings, providers=["CPUExecutionProvider"]
        )
        return self._session
