"""Mel features for both models, as funasr computes them, in blocks that fit into the CPU's cache.

funasr computes the features of a whole clip or minute at once with torchaudio: every step then reads tens
of megabytes. Here the same steps run on a few seconds at a time, without the frame energies, which nothing
uses, and with constants computed once; shifting and scaling work in place. On a GPU the same steps run
there, and only the samples are copied to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from funasr.frontends.wav_frontend import WavFrontend
from funasr.utils.load_utils import extract_fbank
from torchaudio.compliance.kaldi import get_mel_banks

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES, SHIFT_SAMPLES, FFT_SAMPLES = 400, 160, 512
"""25 ms every 10 ms (the released config.yaml); the FFT takes the next power of two, as Kaldi does."""
MELS = 80
PRE_EMPHASIS = 0.97
LOWEST_HZ = 20.0
"""Kaldi's defaults, which funasr leaves as they are."""
FULL_SCALE = 1 << 15
"""Kaldi expects samples as 16-bit numbers."""
BLOCK_FRAMES = 256
"""256 x 512 x 4 bytes: half a megabyte per step, which the heap keeps (`runtime/environment.py`)."""
CUDA_BLOCK_FRAMES = 8192
"""A minute and a half: a GPU is fast with few large steps, and 16 MB of its memory per step is little."""

OUR_SETTINGS = {
    "fs": SAMPLE_RATE_HZ,
    "window": "hamming",
    "n_mels": MELS,
    "frame_length": 25,
    "frame_shift": 10,
    "dither": 0.0,
    "snip_edges": True,
}
"""The settings of `mel_frames`; frontends with others are left to funasr."""


@cache
def _window(device: torch.device) -> torch.Tensor:
    return torch.hamming_window(FRAME_SAMPLES, periodic=False, alpha=0.54, beta=0.46).to(device)


@cache
def _mel_bank(device: torch.device) -> torch.Tensor:
    """The triangular filters, (FFT bins, mels)."""
    bank, _ = get_mel_banks(MELS, FFT_SAMPLES, SAMPLE_RATE_HZ, LOWEST_HZ, 0.0, 100.0, -500.0, 1.0)
    return torch.nn.functional.pad(bank, (0, 1)).T.contiguous().to(device)


def mel_frames(samples: torch.Tensor) -> torch.Tensor:
    """Return the log mel energies, (frames, 80), of mono 16 kHz samples between -1 and 1.

    The same as `torchaudio.compliance.kaldi.fbank` with OUR_SETTINGS, within rounding, on the device of the
    samples.
    """
    device = samples.device
    if len(samples) < FRAME_SAMPLES:
        return torch.empty(0, MELS, device=device)
    frames = (samples * FULL_SCALE).unfold(0, FRAME_SAMPLES, SHIFT_SAMPLES)
    result = torch.empty(len(frames), MELS, device=device)
    at_a_time = CUDA_BLOCK_FRAMES if device.type == "cuda" else BLOCK_FRAMES
    padded = torch.zeros(min(at_a_time, len(frames)), FFT_SAMPLES, device=device)
    for start in range(0, len(frames), at_a_time):
        block = frames[start : start + at_a_time]
        _mel_block(block, padded[: len(block)], result[start : start + len(block)])
    return result


def _mel_block(frames: torch.Tensor, padded: torch.Tensor, out: torch.Tensor) -> None:
    centred = frames - frames.mean(dim=1, keepdim=True)
    inside = padded[:, :FRAME_SAMPLES]
    inside[:, 0] = centred[:, 0] * (1 - PRE_EMPHASIS)
    torch.sub(centred[:, 1:], centred[:, :-1], alpha=PRE_EMPHASIS, out=inside[:, 1:])
    inside *= _window(frames.device)
    spectrum = torch.fft.rfft(padded)
    torch.mm(spectrum.real.square() + spectrum.imag.square(), _mel_bank(frames.device), out=out)
    out.clamp_(min=torch.finfo(torch.float32).eps).log_()


def _scaled(frames: torch.Tensor, shift_and_scale: torch.Tensor | None) -> torch.Tensor:
    """Shift and scale features in place, by the values of am.mvn."""
    if shift_and_scale is None:
        return frames
    shift, scale = shift_and_scale[:, : frames.shape[-1]].to(frames.device)
    return frames.add_(shift).mul_(scale)


def is_ours(frontend: Any) -> bool:
    """Return whether `mel_frames` computes the same as a frontend of funasr."""
    return all(getattr(frontend, name) == value for name, value in OUR_SETTINGS.items())


def features_of(
    clips: Sequence[torch.Tensor], frontend: Any, device: str | torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the features of clips as the frontend of funasr's recogniser would, computed on a device.

    Takes float32 mono 16 kHz samples on the CPU, at least FRAME_SAMPLES each; returns (clips, frames, 560) on
    the device and the number of frames of each on the CPU. A batch is processed in one piece, so that a
    hundred short clips take no more steps than one.
    """
    device = torch.device(device)
    if not (is_ours(frontend) and frontend.upsacle_samples):
        features, lengths = extract_fbank(list(clips), data_type="sound", frontend=frontend)
        return features.to(device), lengths
    samples, first_frames = _in_a_row(clips, device)
    frames = np.array([(len(clip) - FRAME_SAMPLES) // SHIFT_SAMPLES + 1 for clip in clips])
    lengths = -(-frames // frontend.lfr_n)
    stacked = torch.from_numpy(_stacked(first_frames, frames, frontend.lfr_m, frontend.lfr_n)).to(device)
    features = _scaled(mel_frames(samples)[stacked].flatten(2), frontend.cmvn)
    behind = torch.from_numpy(np.arange(features.shape[1]) >= lengths[:, None])
    return features.masked_fill_(behind[:, :, None].to(device), 0.0), torch.from_numpy(lengths)


def _in_a_row(clips: Sequence[torch.Tensor], device: torch.device) -> tuple[torch.Tensor, np.ndarray]:
    """Copy clips to a device in one piece; return the samples and the index of the first frame of each."""
    first_frames = np.cumsum([0, *(-(-len(clip) // SHIFT_SAMPLES) for clip in clips)])
    # Only pinned memory can be copied to a GPU asynchronously.
    row = torch.zeros(first_frames[-1] * SHIFT_SAMPLES, pin_memory=device.type == "cuda")
    for clip, first in zip(clips, first_frames, strict=False):
        row[first * SHIFT_SAMPLES :][: len(clip)] = clip
    return row.to(device, non_blocking=True), first_frames[:-1]


def _stacked(first_frames: np.ndarray, frames: np.ndarray, width: int, step: int) -> np.ndarray:
    """Return the indices of the frames that are stacked in each feature, (clips, features, width).

    `width` frames around every `step`-th; beyond the ends of a clip its first and last frames are repeated,
    as in funasr's `apply_lfr`.
    """
    around = np.arange(width) - (width - 1) // 2
    within = np.arange(0, frames.max(), step)[:, None] + around
    return np.asarray(first_frames[:, None, None] + within.clip(0, frames[:, None, None] - 1))


class Frontend(WavFrontend):  # type: ignore[misc]
    """The frontend of funasr's recogniser, faster."""

    def forward(self, input: Any, input_lengths: Any, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Take (clips, samples) and their lengths; return (clips, frames, 560) and the frames of each."""
        if not (is_ours(self) and self.upsacle_samples):
            result: tuple[torch.Tensor, torch.Tensor] = super().forward(input, input_lengths, **kwargs)
            return result
        clips = [samples[:length] for samples, length in zip(input, input_lengths, strict=True)]
        return features_of(clips, self, "cpu")
