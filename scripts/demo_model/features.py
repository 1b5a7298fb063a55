"""Features through funasr's own frontends, and the mean and variance file they read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from funasr.frontends.wav_frontend import WavFrontend
from numpy.typing import NDArray

from .voices import Audio

ASR_FRONTEND: dict[str, Any] = {
    "fs": 16000,
    "window": "hamming",
    "n_mels": 80,
    "frame_length": 25,
    "frame_shift": 10,
    "lfr_m": 7,
    "lfr_n": 6,
    "dither": 0.0,
}
VAD_FRONTEND: dict[str, Any] = ASR_FRONTEND | {"lfr_m": 5, "lfr_n": 1}

SMALLEST_DEVIATION = 1e-3
"""Guards the division for features that never move."""


def make_frontend(settings: dict[str, Any], mean_file: Path | None = None) -> WavFrontend:
    """A funasr frontend; without a mean file it gives raw features."""
    return WavFrontend(cmvn_file=None if mean_file is None else str(mean_file), **settings)


def extract(frontend: WavFrontend, audio: Audio) -> torch.Tensor:
    """Features of one clip, one row per frame."""
    samples = torch.from_numpy(audio)[None, :]
    features: torch.Tensor = frontend(samples, [len(audio)])[0]
    return features[0]


def write_means(path: Path, features: Iterable[torch.Tensor]) -> None:
    """Write shift and scale per feature in the Kaldi network form that funasr reads."""
    rows = torch.cat(list(features)).double()
    shift = -rows.mean(dim=0)
    scale = 1.0 / rows.std(dim=0).clamp(min=SMALLEST_DEVIATION)
    size = rows.shape[1]

    def numbers(values: torch.Tensor) -> str:
        return " ".join(f"{value:.7g}" for value in values.tolist())

    path.write_text(
        f"<Nnet>\n<Splice> {size} {size}\n[ 0 ]\n"
        f"<AddShift> {size} {size}\n<LearnRateCoef> 0 [ {numbers(shift)} ]\n"
        f"<Rescale> {size} {size}\n<LearnRateCoef> 0 [ {numbers(scale)} ]\n</Nnet>\n",
        encoding="utf-8",
    )


def pad_rows(rows: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack clips of different lengths, with their lengths."""
    lengths = torch.tensor([len(row) for row in rows])
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths


def frame_labels(mask: NDArray[np.bool_], frames: int) -> torch.Tensor:
    """Fit a 10 ms speech mask to the number of feature frames."""
    labels = np.zeros(frames, dtype=np.int64)
    count = min(frames, len(mask))
    labels[:count] = mask[:count]
    return torch.from_numpy(labels)
