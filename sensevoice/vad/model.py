"""fsmn-vad with its decisions compiled and its network on ONNX Runtime: funasr's segments, sooner.

What funasr keeps of a stream (scores, levels and samples of all that it has heard) is gone: the features
of less than a second, and the state of the decisions, are all that is carried from chunk to chunk.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from funasr.models.fsmn_vad_streaming.model import (
    DEFAULT_SILENCE_SCHEDULE,
    FsmnVADStreaming,
    VadDetectMode,
)

from sensevoice.audio.features import MELS, SHIFT_SAMPLES, is_ours
from sensevoice.runtime.device_faults import is_memory_shortage
from sensevoice.vad import graph
from sensevoice.vad.cuda import TorchNetwork
from sensevoice.vad.network import Network
from sensevoice.vad.pauses import PauseFinder
from sensevoice.vad.state_machine import Machine, Rules

log = logging.getLogger(__name__)

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
    pauses: PauseFinder
    waiting: torch.Tensor = field(default_factory=lambda: torch.empty(0))  # not yet a whole chunk
    samples: torch.Tensor = field(default_factory=lambda: torch.empty(0))  # not yet a whole frame
    mels: torch.Tensor = field(default_factory=lambda: torch.empty(0, MELS))  # before what comes
    speaking_ms: int = 0  # the chunks that have passed since speech began and none ended
    is_speaking: bool = False


class CompiledFsmnVad(FsmnVADStreaming):  # type: ignore[misc]
    """funasr's FsmnVADStreaming; settings and calls that need more are left to funasr's own code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._network: Network | TorchNetwork | None = None

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
        told otherwise. Returns [{"key", "value": [[start_ms, end_ms], …], "pauses": [[[start_ms, end_ms], …],
        …], "settled_ms"}] with the segments that ended, the pauses of at least `pause_ms` inside each, and
        the time before which no other segment begins; and no timing figures.
        """
        cache = {} if cache is None else cache
        if kwargs.get("live"):
            return [self._live(data_in[0], frontend, cache, kwargs)], {}
        if not self._is_simple(data_in, frontend, cache, kwargs):
            result: tuple[list[dict[str, Any]], dict[str, Any]] = super().inference(
                data_in, data_lengths, key, tokenizer, frontend, cache, **kwargs
            )
            return result
        found = self._search(data_in[0], frontend, cache, kwargs)
        return [{"key": key[0] if key else "", **found}], {}

    def _search(
        self, block: Any, frontend: Any, cache: dict[str, Any], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what `inference` does for the next samples of the stream in `cache`, without the key."""
        stream = cache.get("stream") or self._open_stream(int(kwargs.get("pause_ms") or 0))
        cache["stream"] = stream
        samples = torch.from_numpy(np.asarray(block, dtype=np.float32))
        if len(stream.waiting):
            samples = torch.cat((stream.waiting, samples))
        is_final = bool(kwargs.get("is_final", True))
        size = CHUNK_MS * frontend.fs // 1000
        whole = len(samples) // size  # with funasr, the last chunk is never whole, but may be empty
        segments: list[list[int]] = []
        for number in range(whole + is_final):
            chunk = samples[number * size : (number + 1) * size]
            segments += self._chunk(stream, chunk, frontend, is_last=number == whole)
        stream.waiting = samples[whole * size :].clone()  # views would keep a minute of each stream
        if is_final:
            cache.clear()
        pauses = stream.pauses.inside(segments)
        return {"value": segments, "pauses": pauses, "settled_ms": stream.machine.settled_ms}

    def _live(
        self, samples: np.ndarray, frontend: Any, cache: dict[str, Any], settings: dict[str, Any]
    ) -> dict[str, Any]:
        """Find the speech in the next samples of a stream that is being made, however few they are.

        Speech ends at each pause of `pause_ms`, as in `PauseFinder`. Returns "value" as `inference` does, the
        probability of "silence" of the frames that are now known, and "open_ms", where the speech began that
        goes on, None for none.
        """
        stream = cache.get("stream") or self._open_live()
        cache["stream"] = stream
        is_final = bool(settings.get("is_final"))
        silence = self._silence(stream, torch.from_numpy(samples), frontend, is_final)
        end_silence_ms = float(max(settings["pause_ms"] - self.vad_opts.speech_to_sil_time_thres, 0))
        segments = stream.machine.feed(silence, end_silence_ms, SCHEDULED_MARGIN, is_final)
        open_ms = stream.machine.segment_start_ms if stream.machine.in_speech else None
        return {"key": "", "value": segments, "silence": silence, "open_ms": open_ms}

    def _open_live(self) -> _Stream:
        rules = replace(Rules.of(self.vad_opts), longest_frames=float("inf"))  # who asks cuts what is long
        return _Stream(Machine(rules), PauseFinder(self.vad_opts, 0))

    def _open_stream(self, pause_ms: int) -> _Stream:
        return _Stream(Machine(Rules.of(self.vad_opts)), PauseFinder(self.vad_opts, pause_ms))

    def _is_simple(
        self, data_in: Any, frontend: Any, cache: dict[str, Any], settings: dict[str, Any]
    ) -> bool:
        """Return whether nothing is asked for but the segments, in funasr's own chunks."""
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
            and frontend.lfr_m == graph.STACKED_FRAMES
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
        stream.pauses.feed(silence, SCHEDULED_MARGIN, is_last)
        if segments:
            stream.speaking_ms = 0
            stream.is_speaking = False
        return segments

    def _silence(self, stream: _Stream, samples: torch.Tensor, frontend: Any, is_last: bool) -> np.ndarray:
        """Return the probability of silence of the frames whose context is now known."""
        self._network = network = self._network or self._open_network(frontend)
        try:
            return _silence(network, stream, samples, is_last)
        except RuntimeError as exc:
            if isinstance(network, Network) or not is_memory_shortage(exc):
                raise
            log.warning("no memory left on the GPU: speech is found on the CPU / 显存不足，改用 CPU 检测语音")
            self._network = network = self._network_of_the_cpu(frontend)
            return _silence(network, stream, samples, is_last)

    def _open_network(self, frontend: Any) -> Network | TorchNetwork:
        """Make the network from the weights, which funasr loads after this object is made."""
        if next(self.encoder.parameters()).is_cuda:
            return TorchNetwork(self.encoder, frontend.cmvn, self.vad_opts.sil_pdf_ids)
        return self._network_of_the_cpu(frontend)

    def _network_of_the_cpu(self, frontend: Any) -> Network:
        weights = {name: tensor.cpu().numpy() for name, tensor in self.encoder.state_dict().items()}
        return Network(weights, frontend.cmvn.numpy(), self.vad_opts.sil_pdf_ids)


def _silence(
    network: Network | TorchNetwork, stream: _Stream, samples: torch.Tensor, is_last: bool
) -> np.ndarray:
    """See `CompiledFsmnVad._silence`; a stream is as it was when there is no memory for it."""
    samples = torch.cat((stream.samples, samples))
    context = graph.CONTEXT_FRAMES
    with torch.cuda.stream(network.stream):
        new = network.mels(samples)
        known = stream.mels.to(new.device) if len(stream.mels) else new[:1].repeat(context, 1)
        mels = torch.cat((known, new))
        if is_last:
            mels = torch.cat((mels, mels[-1:].repeat(context, 1)))
        returned = max(0, len(known) - 2 * context)  # the frames that are here as a lead-in only
        result = np.empty(0, dtype=np.float32)
        if len(mels) - 2 * context > returned:
            result = network.silence(mels, returned)
    stream.samples = samples[len(new) * SHIFT_SAMPLES :].clone()
    stream.mels = mels[-network.lead_frames - 2 * context :].clone()
    return result
