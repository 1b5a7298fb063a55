"""fsmn-vad's network and its features on a GPU, by funasr's own network.

What a GPU is waited for is one row of probabilities a minute, where funasr fetches every frame. It works in
a stream of its own, beside the recogniser.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from sensevoice.audio.features import mel_frames
from sensevoice.vad.graph import STACKED_FRAMES, lead_frames


class TorchNetwork:
    """Does what `vad_network.Network` does, on the device on which funasr's network lies."""

    def __init__(
        self, encoder: torch.nn.Module, shift_and_scale: torch.Tensor, silence_pieces: Sequence[int]
    ) -> None:
        state = encoder.state_dict()
        device = next(iter(state.values())).device
        self.lead_frames = lead_frames(state)
        self._encoder = encoder
        self._shift, self._scale = shift_and_scale.to(device)
        self._silence_pieces = torch.tensor(silence_pieces).to(device)
        self.stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self.stream.wait_stream(torch.cuda.current_stream(device))  # for what was just copied

    def mels(self, samples: torch.Tensor) -> torch.Tensor:
        """Return what `features.mel_frames` does, on the device."""
        return mel_frames(samples.to(self._shift.device))

    def silence(self, mels: torch.Tensor, first: int) -> np.ndarray:
        """See `vad_network.Network.silence`."""
        return self.probabilities(mels, first).cpu().numpy()

    def probabilities(self, mels: torch.Tensor, first: int) -> torch.Tensor:
        """Return the same, while the device may still be at work on it."""
        lead = min(first, self.lead_frames)
        stacked = mels[first - lead :].unfold(0, STACKED_FRAMES, 1).transpose(1, 2).flatten(1)
        scaled = (stacked + self._shift) * self._scale
        # Without a cache it begins as if nothing had been before, which is what the lead-in is for.
        pieces: torch.Tensor = self._encoder(scaled[None], None)[0, lead:]
        return pieces[:, self._silence_pieces].sum(dim=1)
