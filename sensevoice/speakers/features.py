"""The features that CAM++ hears: Kaldi's log mel energies without their mean, as funasr computes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torchaudio.compliance.kaldi import get_mel_banks

from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS
from sensevoice.speakers.windows import WINDOW_MS

FRAME_SAMPLES, SHIFT_SAMPLES, FFT_SAMPLES, MELS = 400, 160, 512, 80
PRE_EMPHASIS, LOWEST_HZ = 0.97, 20.0
"""Kaldi's defaults; the samples stay between -1 and 1, unlike the recogniser's."""
POVEY_EXPONENT = 0.85
WINDOW_SAMPLES = WINDOW_MS * SAMPLES_PER_MS
FRAMES = (WINDOW_SAMPLES - FRAME_SAMPLES) // SHIFT_SAMPLES + 1


def stacked(clips: Sequence[np.ndarray]) -> torch.Tensor:
    """Return clips of up to a window as (clips, WINDOW_SAMPLES); shorter ones are repeated.

    So all have one length, and none holds silence that is not in the recording. What is no number becomes 0.
    """
    whole = np.stack([np.resize(clip[:WINDOW_SAMPLES], WINDOW_SAMPLES) for clip in clips])
    return torch.from_numpy(np.nan_to_num(whole.astype(np.float32), posinf=0.0, neginf=0.0))


def voice_features(samples: torch.Tensor) -> torch.Tensor:
    """Return (clips, frames, 80) of mono 16 kHz samples, (clips, samples), on the device where they lie.

    The same as `torchaudio.compliance.kaldi.fbank` with 80 bins and otherwise its defaults, less the mean
    over time of each clip, within rounding.
    """
    frames = samples.unfold(1, FRAME_SAMPLES, SHIFT_SAMPLES)
    frames = frames - frames.mean(dim=2, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
    shaped = (frames - PRE_EMPHASIS * before) * _window(samples.device)
    power = torch.fft.rfft(shaped, FFT_SAMPLES).abs().square()
    energies: torch.Tensor = power @ _mel_bank(samples.device)
    energies = energies.clamp(min=torch.finfo(torch.float32).eps).log()
    return energies - energies.mean(dim=1, keepdim=True)


@cache
def _window(device: torch.device) -> torch.Tensor:
    return torch.hann_window(FRAME_SAMPLES, periodic=False).pow(POVEY_EXPONENT).to(device)


@cache
def _mel_bank(device: torch.device) -> torch.Tensor:
    """The triangular filters, (FFT bins, mels)."""
    bank, _ = get_mel_banks(MELS, FFT_SAMPLES, SAMPLE_RATE_HZ, LOWEST_HZ, 0.0, 100.0, -500.0, 1.0)
    return torch.nn.functional.pad(bank, (0, 1)).T.contiguous().to(device)
