"""A short clip on a GPU in one call: CUDA graphs of the network, recorded once at a few lengths.

The network is well over a thousand small steps. In a batch of minutes a GPU is busy with one step while
Python asks for the next; with one clip of seconds it waits for Python. A recorded pass is asked for at once.

Not yet measured on a GPU, and therefore off unless asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

SIZES = (64, 128, 192, 256)
"""Frames of 60 ms with the four prompt_ids: clips of up to 3.6, 7.4, 11.2 and 15.1 s. Each keeps its output,
(frames, 25,055), 13 MB for the longest in bf16; the room to compute in is one for all."""

WARM_UPS = 3
"""Passes before recording, as torch's documentation of CUDA graphs asks for: libraries choose their kernels
and fetch their memory at the first ones."""

Pass = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From (1, frames, size) and the frames (1,), both on the device, to (1, frames, pieces)."""


class CudaGraphs:
    """A pass recorded at SIZES; raises what CUDA has against it."""

    def __init__(self, run: Pass, features: int, device: torch.device) -> None:
        pool: Any = None
        self._recorded: dict[int, _Recorded] = {}
        for size in reversed(SIZES):  # the longest first: its memory does for all
            recorded = self._recorded[size] = _Recorded(run, size, features, device, pool)
            pool = recorded.graph.pool()

    def play(self, frames: torch.Tensor) -> torch.Tensor | None:
        """Return the output for one clip, good until the next call; None where none is recorded for it."""
        fitting = [size for size in self._recorded if size >= frames.shape[1]]
        if len(frames) != 1 or not fitting:
            return None
        return self._recorded[min(fitting)].play(frames)


class _Recorded:
    """A pass at one length, which reads and writes the same memory every time."""

    def __init__(self, run: Pass, size: int, features: int, device: torch.device, pool: Any) -> None:
        self._frames = torch.zeros(1, size, features, device=device)
        self._length = torch.full((1,), size, device=device)
        aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                run(self._frames, self._length)
        torch.cuda.current_stream(device).wait_stream(aside)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, pool=pool):
            self._output = run(self._frames, self._length)

    def play(self, frames: torch.Tensor) -> torch.Tensor:
        count = frames.shape[1]
        self._frames.zero_()
        self._frames[:, :count] = frames
        self._length.fill_(count)
        self.graph.replay()
        return self._output[:, :count]
