"""Resemblyzer's voice encoder, in CAM++'s place: weights from its wheel, without its imports."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torchaudio.functional import melscale_fbanks

SAMPLE_RATE_HZ = 16_000
FFT, SHIFT, MELS, HIDDEN = 400, 160, 40, 256
LOUDNESS_DBFS = -30.0
"""Resemblyzer makes quieter speech this loud before it listens."""


def weights() -> Path | None:
    """Return the file of the weights in the installed wheel, None where it is not installed."""
    try:
        files = importlib.metadata.files("resemblyzer") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    result = [Path(str(file.locate())) for file in files if file.name == "pretrained.pt"]
    return result[0] if result and result[0].is_file() else None


class Resemblyzer(torch.nn.Module):
    """A VoiceEncoder: three LSTM layers over 40 mel bands, 256 numbers a clip, none of them negative."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(MELS, HIDDEN, 3, batch_first=True)
        self.linear = torch.nn.Linear(HIDDEN, HIDDEN)
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        self.load_state_dict({name: state[name] for name in self.state_dict()})
        self._bank = melscale_fbanks(
            FFT // 2 + 1, 0.0, SAMPLE_RATE_HZ / 2, MELS, SAMPLE_RATE_HZ, norm="slaney", mel_scale="slaney"
        )

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """See VoiceEncoder."""
        if not clips:
            return np.zeros((0, HIDDEN), np.float32)
        longest = max(map(len, clips))
        padded = torch.from_numpy(np.stack([np.resize(clip, longest) for clip in clips]).astype(np.float32))
        with torch.inference_mode():
            _, (hidden, _) = self.lstm(self._mels(padded))
            result = torch.relu(self.linear(hidden[-1]))
            return torch.nn.functional.normalize(result, dim=1).numpy()

    def _mels(self, clips: torch.Tensor) -> torch.Tensor:
        level = 10 * torch.log10(clips.square().mean(dim=1, keepdim=True) + 1e-12)
        clips = clips * 10 ** ((LOUDNESS_DBFS - level).clamp(min=0.0) / 20)
        window = torch.hann_window(FFT)
        spectrum = torch.stft(clips, FFT, SHIFT, window=window, pad_mode="constant", return_complex=True)
        return spectrum.abs().square().transpose(1, 2) @ self._bank
