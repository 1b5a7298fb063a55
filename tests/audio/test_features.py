"""Our mel features against torchaudio's, which funasr uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from funasr.frontends.wav_frontend import WavFrontend
from torchaudio.compliance.kaldi import fbank

from sensevoice.audio import features
from sensevoice.audio.features import BLOCK_FRAMES, Frontend, mel_frames
from sensevoice.models.graphs.known_speech import known_clip
from sensevoice.models.sources import demo

SETTINGS: dict[str, Any] = {
    "fs": 16_000,
    "window": "hamming",
    "n_mels": 80,
    "frame_length": 25,
    "frame_shift": 10,
    "lfr_m": 7,
    "lfr_n": 6,
    "dither": 0.0,
    "cmvn_file": str(demo.ASR_DIR / "am.mvn"),
}


def by_torchaudio(samples: torch.Tensor) -> torch.Tensor:
    return fbank(
        samples[None] * (1 << 15),
        num_mel_bins=80,
        frame_length=25,
        frame_shift=10,
        dither=0.0,
        energy_floor=0.0,
        window_type="hamming",
        sample_frequency=16_000,
    )


@pytest.mark.parametrize("frames", [1, 2, BLOCK_FRAMES - 1, BLOCK_FRAMES, BLOCK_FRAMES + 1, 3 * BLOCK_FRAMES])
@pytest.mark.parametrize("more", [0, 1, 159])
def test_the_same_as_torchaudios(frames: int, more: int) -> None:
    speech = torch.from_numpy(np.resize(known_clip(), 400 + 160 * (frames - 1) + more))
    result, expected = mel_frames(speech), by_torchaudio(speech)
    assert result.shape == expected.shape == (frames, 80)
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=2e-3)
    assert (result - expected).abs().mean() < 1e-5


def test_silence_and_too_little() -> None:
    assert torch.equal(mel_frames(torch.zeros(16_000)), by_torchaudio(torch.zeros(16_000)))
    assert mel_frames(torch.zeros(399)).shape == (0, 80)


@pytest.mark.parametrize("settings", [{}, {"window": "povey"}, {"n_mels": 40, "cmvn_file": None}])
def test_the_frontend_is_funasrs_also_with_other_settings(settings: dict[str, Any]) -> None:
    clips = torch.from_numpy(np.stack([known_clip()[:32_000]] * 2))
    lengths = torch.tensor([32_000, 20_000])
    result, found_lengths = Frontend(**SETTINGS | settings)(clips, lengths)
    expected, expected_lengths = WavFrontend(**SETTINGS | settings)(clips, lengths)
    assert found_lengths.tolist() == expected_lengths.tolist()
    torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("block", [BLOCK_FRAMES, 8192])
def test_features_of_several_clips_are_funasrs(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """What a GPU computes, on the CPU: clips of several lengths, in large steps."""
    monkeypatch.setattr(features, "BLOCK_FRAMES", block)
    speech = torch.from_numpy(np.resize(known_clip(), 700 * 160))
    clips = [speech, speech[:16_000], speech[5_000:6_000]]
    theirs = WavFrontend(**SETTINGS)
    result, lengths = features.features_of(clips, Frontend(**SETTINGS), "cpu")
    assert result.shape == (3, int(lengths.max()), 560)
    for clip, features_found, length in zip(clips, result, lengths.tolist(), strict=True):
        expected, frames = theirs(clip[None], [len(clip)])
        assert length == frames.item()
        torch.testing.assert_close(features_found[:length], expected[0], rtol=1e-4, atol=2e-3)
        assert not features_found[length:].any()


def test_a_frontend_with_other_settings_is_left_to_funasr() -> None:
    other = Frontend(**{**SETTINGS, "window": "povey"})
    clip = torch.from_numpy(known_clip())
    result, lengths = features.features_of([clip], other, "cpu")
    expected, frames = WavFrontend(**{**SETTINGS, "window": "povey"})(clip[None], [len(clip)])
    assert torch.equal(result, expected)
    assert lengths.tolist() == frames.tolist()


def test_every_step_stays_on_the_device(imagined_gpu: None) -> None:
    clips = [torch.empty(length) for length in (16_000, 400, 100_000)]
    result, lengths = features.features_of(clips, Frontend(**SETTINGS), "cuda:0")
    assert (result.device.type, result.shape) == ("cuda", (3, 104, 560))
    assert lengths.device.type == "cpu"
