"""fsmn-vad with its decisions compiled and its network on ONNX Runtime: funasr's segments, sooner.

What funasr keeps of a stream (scores, levels and samples of all that it has heard) is gone: two values
a frame of context, and the state of the decisions, are all that is carried from chunk to chunk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
import torch
from funasr.models.fsmn_vad_streaming.model import (
    DEFAULT_SILENCE_SCHEDULE,
    FsmnVADStreaming,
    VadDetectMode,
)

from sensevoice.engine import vad_graph
from sensevoice.engine.features import MELS, SHIFT_SAMPLES, is_ours, mel_frames
from sensevoice.engine.vad_machine import Machine, Rules

LOWEST_LEVEL_DB = 10 * np.log10(1e-6)
"""funasr's level of a frame of digital silence; no frame is softer."""
HARMLESS_SNR_DB = -100.0
"""The released threshold: no frame lies that far below the noise."""
CHUNK_MS = 60_000
"""What funasr takes of a file at a time; where its chunks end changes what it finds."""
SCHEDULED_MARGIN = 0.5
"""What funasr's schedule of silences puts in the place of `speech_noise_thres` (0.6 as released)."""


@dataclass
class _Stream:
    """What is carried from chunk to chunk of one stream."""

    machine: Machine
    waiting: torch.Tensor = field(default_factory=lambda: torch.empty(0))  # not yet a whole chunk
    samples: torch.Tensor = field(default_factory=lambda: torch.empty(0))  # not yet a whole frame
    mels: torch.Tensor = field(default_factory=lambda: torch.empty(0, MELS))  # the context of what comes
    memories: dict[str, np.ndarray] = field(default_factory=dict)
    speaking_ms: int = 0  # the chunks that have passed since speech began and none ended
    is_speaking: bool = False


class CompiledFsmnVad(FsmnVADStreaming):  # type: ignore[misc]
    """funasr's FsmnVADStreaming; settings and calls that need more are left to funasr's own code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._session: onnxruntime.InferenceSession | None = None

    def inference(
        self,
        data_in: Any,
        data_lengths: Any = None,
        key: list[str] | None = None,
        tokenizer: Any = None,
        frontend: Any = None,
        cache: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Find the speech in the next samples of a stream; called by funasr's AutoModel.

        `data_in` holds one float32 mono 16 kHz array, with the end of the stream in it (`is_final`) unless
        told otherwise. Returns [{"key", "value": [[start_ms, end_ms], …]}] with the segments that ended,
        and no timing figures.
        """
        cache = {} if cache is None else cache
        if not self._is_simple(data_in, frontend, cache, kwargs):
            found: tuple[list[dict[str, Any]], dict[str, Any]] = super().inference(
                data_in, data_lengths, key, tokenizer, frontend, cache, **kwargs
            )
            return found
        stream = cache.setdefault("stream", _Stream(Machine(Rules.of(self.vad_opts))))
        samples = torch.cat((stream.waiting, torch.from_numpy(np.asarray(data_in[0], dtype=np.float32))))
        is_final = bool(kwargs.get("is_final", True))
        size = CHUNK_MS * frontend.fs // 1000
        whole = len(samples) // size  # with funasr, the last chunk is never whole, but may be empty
        segments: list[list[int]] = []
        for number in range(whole + is_final):
            chunk = samples[number * size : (number + 1) * size]
            segments += self._chunk(stream, chunk, frontend, is_last=number == whole)
        stream.waiting = samples[whole * size :]
        if is_final:
            cache.clear()
        return [{"key": key[0] if key else "", "value": segments}], {}

    def _is_simple(
        self, data_in: Any, frontend: Any, cache: dict[str, Any], settings: dict[str, Any]
    ) -> bool:
        """Say whether nothing is asked for but the segments, in funasr's own chunks."""
        options = self.vad_opts
        return (
            is_ours(frontend)
            and len(data_in) == 1
            and isinstance(data_in[0], np.ndarray)
            and "stats" not in cache
            and settings.get("chunk_size", CHUNK_MS) == CHUNK_MS
            and not settings.get("is_streaming_input", False)
            and not settings.get("output_dir")
            and not any(name in settings for name in ("dynamic_silence", "max_end_silence_time"))
            and not any(name in settings for name in ("silence_schedule", "speech_noise_thres"))
            and frontend.lfr_m == vad_graph.STACKED_FRAMES
            and frontend.lfr_n == 1
            and options.snr_thres <= HARMLESS_SNR_DB
            and options.decibel_thres <= LOWEST_LEVEL_DB
            and options.fe_prior_thres < 1.0
            and not options.output_frame_probs
            and options.detect_mode == VadDetectMode.kVadMutipleUtteranceDetectMode.value
        )

    def _chunk(self, stream: _Stream, samples: torch.Tensor, frontend: Any, is_last: bool) -> list[list[int]]:
        """Return the segments that end in a chunk, after funasr's schedule of silences.

        The longer somebody has spoken, the shorter a silence ends the segment; counted in whole chunks.
        """
        if stream.machine.in_speech or stream.is_speaking:
            stream.speaking_ms += CHUNK_MS
            stream.is_speaking = True
        silence_ms = next(
            silence for limit, silence in DEFAULT_SILENCE_SCHEDULE if stream.speaking_ms <= limit
        )
        end_silence_ms = max(silence_ms - self.vad_opts.speech_to_sil_time_thres, 0)
        silence = self._silence(stream, samples, frontend, is_last)
        segments = stream.machine.feed(silence, end_silence_ms, SCHEDULED_MARGIN, is_last)
        if segments:
            stream.speaking_ms = 0
            stream.is_speaking = False
        return segments

    def _silence(self, stream: _Stream, samples: torch.Tensor, frontend: Any, is_last: bool) -> np.ndarray:
        """Return the probability of silence of the frames whose context is now known."""
        samples = torch.cat((stream.samples, samples))
        mels = mel_frames(samples)
        stream.samples = samples[len(mels) * SHIFT_SAMPLES :]
        if len(mels) and not len(stream.mels):
            stream.mels = mels[:1].repeat(vad_graph.CONTEXT_FRAMES, 1)
        mels = torch.cat((stream.mels, mels))
        if is_last and len(mels):
            mels = torch.cat((mels, mels[-1:].repeat(vad_graph.CONTEXT_FRAMES, 1)))
        stream.mels = mels[-2 * vad_graph.CONTEXT_FRAMES :]
        if len(mels) < vad_graph.STACKED_FRAMES:
            stream.mels = mels
            return np.empty(0, dtype=np.float32)
        session = self._session or self._open_session(frontend)
        if not stream.memories:
            inputs = session.get_inputs()[1:]
            stream.memories = {item.name: np.zeros(item.shape, dtype=np.float32) for item in inputs}
        silence, *following = session.run(None, {"mels": mels.numpy(), **stream.memories})
        stream.memories = dict(zip(stream.memories, following, strict=True))
        return np.asarray(silence)

    def _open_session(self, frontend: Any) -> onnxruntime.InferenceSession:
        """Make the network from the weights, which funasr loads after this object is made."""
        weights = {name: tensor.numpy() for name, tensor in self.encoder.state_dict().items()}
        graph = vad_graph.build(weights, frontend.cmvn.numpy(), self.vad_opts.sil_pdf_ids)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = torch.get_num_threads()
        # Its threads must not spin on the cores on which clips are recognised meanwhile.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), settings, providers=["CPUExecutionProvider"]
        )
        return self._session
