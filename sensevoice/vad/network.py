"""fsmn-vad's network and its features over a minute of sound, cut up among the cores.

What a frame depends on reaches back a bounded way: a share that is given the frames before it as a lead-in
comes to the very values of a walk through the whole. So nothing but these frames has to be
carried from minute to minute, and the shares are small enough for the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import onnxruntime
import torch

from sensevoice.audio.features import FRAME_SAMPLES, SHIFT_SAMPLES, mel_frames
from sensevoice.runtime.cpus import usable_cores
from sensevoice.vad import graph as vad_graph

MOST_FRAMES, FEWEST_FRAMES = 1500, 250
"""Of a share: 1,500 frames of 250 values are 1.5 MB a step; below 250 the lead-in is a third of the work."""

CORES = usable_cores()

_side_by_side = ThreadPoolExecutor(CORES, thread_name_prefix="speech")

Part = TypeVar("Part")


class Network:
    """The network of a model; see `vad_graph.build` for the arguments."""

    stream: torch.cuda.Stream | None = None  # `vad_torch.TorchNetwork` has one

    def __init__(
        self, weights: Mapping[str, np.ndarray], shift_and_scale: np.ndarray, silence_pieces: Sequence[int]
    ) -> None:
        graph = vad_graph.build(weights, shift_and_scale, silence_pieces)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1  # the shares are what runs side by side
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), settings, providers=["CPUExecutionProvider"]
        )
        self.lead_frames = vad_graph.lead_frames(weights)

    def mels(self, samples: torch.Tensor) -> torch.Tensor:
        """Return what `features.mel_frames` does."""

        def of(first: int, end: int) -> torch.Tensor:
            return mel_frames(samples[first * SHIFT_SAMPLES : (end - 1) * SHIFT_SAMPLES + FRAME_SAMPLES])

        frames = (len(samples) - FRAME_SAMPLES) // SHIFT_SAMPLES + 1
        return torch.cat(_shared(of, 0, frames)) if frames > 0 else mel_frames(samples)

    def silence(self, mels: torch.Tensor, first: int) -> np.ndarray:
        """Return the probability of silence of every frame from `first` on.

        Takes (frames + 4, mels): what a frame sees of its neighbours stands around the frames.
        """

        def of(start: int, end: int) -> np.ndarray:
            lead = min(start, self.lead_frames)
            seen = mels[start - lead : end + 2 * vad_graph.CONTEXT_FRAMES].numpy()
            return np.asarray(self._session.run(None, {"mels": seen})[0][lead:])

        return np.concatenate(_shared(of, first, len(mels) - 2 * vad_graph.CONTEXT_FRAMES))


def _shared(work: Callable[[int, int], Part], first: int, end: int) -> list[Part]:
    """Run work(start, end) on shares of a range in parallel; return the results in order."""
    frames = end - first
    rounds = -(-frames // (CORES * MOST_FRAMES))
    shares = max(1, min(CORES * rounds, frames // FEWEST_FRAMES))
    edges = [first + frames * number // shares for number in range(shares + 1)]
    if shares == 1:
        return [work(first, end)]
    return list(_side_by_side.map(work, edges, edges[1:]))
