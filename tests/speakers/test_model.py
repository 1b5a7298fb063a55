"""CAM++: the graph answers as funasr's class does, its features are Kaldi's, and what is damaged is said."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torchaudio

from sensevoice.errors import ModelFileDamaged, ModelNotAvailable
from sensevoice.models.sources import files, hub
from sensevoice.models.voice_encoder import RETRY_S, LazyVoiceEncoder, TorchVoiceEncoder, open_encoder
from sensevoice.speakers import graph
from sensevoice.speakers.features import FRAMES, WINDOW_SAMPLES, stacked, voice_features

SIZES = {
    "released": {},
    "narrow": {"embedding_size": 64, "growth_rate": 4, "bn_size": 3, "init_channels": 24},
}


def network(**settings: Any) -> torch.nn.Module:
    """Return funasr's own CAM++ with weights of chance, its normalisations included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that it imports
        from funasr.models.campplus.model import CAMPPlus
    torch.manual_seed(3)
    made: torch.nn.Module = CAMPPlus(**settings).eval()
    with torch.no_grad():
        for name, value in [*made.named_buffers(), *made.named_parameters()]:
            if name.endswith("running_mean") or ("bn" in name and name.endswith("bias")):
                value.normal_(0, 0.3)
            elif name.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif value.ndim == 1 and name.endswith("weight"):
                value.uniform_(0.5, 1.5)
    return made


def write_model(directory: Path, file: str = "campplus_cn_en_common.pt", config: bool = False) -> Path:
    """Write a narrow CAM++ as ModelScope has the released one, or with a config.yaml, as funasr does."""
    directory.mkdir(parents=True)
    settings = SIZES["narrow"]
    torch.save(network(**settings).state_dict(), directory / file)
    (directory / "configuration.json").write_text(json.dumps({"task": "speaker-verification"}))
    if config:
        text = json.dumps({"model": "CAMPPlus", "model_conf": settings})  # JSON is YAML, too
        (directory / "config.yaml").write_text(text)
    return directory


def clips(count: int = 3) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.standard_normal(WINDOW_SAMPLES).astype(np.float32) * 0.1 for _ in range(count)]


@pytest.mark.parametrize("size", SIZES)
def test_the_graph_answers_as_funasrs_class(size: str) -> None:
    torch_model = network(**SIZES[size])
    weights = {name: value.float().numpy() for name, value in torch_model.state_dict().items()}
    session = onnxruntime.InferenceSession(
        graph.build(weights).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    features = voice_features(stacked(clips()))
    with torch.inference_mode():
        expected = torch_model(features).numpy()
    (result,) = session.run(None, {"features": features.numpy()})
    assert np.abs(result - expected).max() < 1e-4 * np.abs(expected).max()


def test_the_features_are_kaldis() -> None:
    (clip,) = clips(1)
    kaldi = torchaudio.compliance.kaldi.fbank(torch.from_numpy(clip)[None], num_mel_bins=80)
    result = voice_features(stacked([clip]))[0]
    assert result.shape == (FRAMES, 80)
    assert torch.allclose(result, kaldi - kaldi.mean(dim=0), atol=1e-4)


def test_a_short_clip_is_repeated_and_what_is_no_number_becomes_nothing() -> None:
    result = stacked([np.array([0.5, np.nan, np.inf, -0.25], np.float32)])
    assert result.shape == (1, WINDOW_SAMPLES)
    assert result[0, :8].tolist() == [0.5, 0.0, 0.0, -0.25] * 2


@pytest.mark.parametrize("config", [False, True])
@pytest.mark.parametrize("file", files.VOICES.weights)
def test_each_way_to_lay_the_model_out(tmp_path: Path, file: str, config: bool) -> None:
    directory = hub.find_model(str(write_model(tmp_path / "m", file, config)), contents=files.VOICES)
    assert open_encoder(directory, "cpu").embed(clips(2)).shape == (2, 64)


def test_torch_answers_as_the_graph() -> None:
    torch_model = network(**SIZES["narrow"])
    weights = {name: value.float().numpy() for name, value in torch_model.state_dict().items()}
    from sensevoice.models.voice_encoder import GraphVoiceEncoder

    result = GraphVoiceEncoder(graph.build(weights).SerializeToString()).embed(clips(20))
    expected = TorchVoiceEncoder(torch_model, "cpu").embed(clips(20))
    assert np.allclose(result, expected, atol=1e-3 * np.abs(expected).max())


def test_no_clips_are_no_prints(tmp_path: Path) -> None:
    assert open_encoder(write_model(tmp_path / "m"), "cpu").embed([]).shape == (0, 64)


def test_another_network_is_said(tmp_path: Path) -> None:
    directory = write_model(tmp_path / "m")
    (directory / "config.yaml").write_text("model: ERes2Net\n")
    with pytest.raises(ModelFileDamaged, match="ERes2Net"):
        open_encoder(directory, "cpu")


@pytest.mark.parametrize("damage", ["cut", "foreign", "not finite"])
def test_damaged_weights_are_said(tmp_path: Path, damage: str) -> None:
    directory = write_model(tmp_path / "m")
    path = directory / "campplus_cn_en_common.pt"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100_000])
    elif damage == "foreign":
        torch.save({"weight": torch.zeros(3)}, path)
    else:
        weights = torch.load(path, weights_only=True)
        weights["xvector.tdnn.linear.weight"][0] = float("nan")
        torch.save(weights, path)
    with pytest.raises(ModelFileDamaged) as caught:
        open_encoder(directory, "cpu")
    assert path.name in caught.value.message("zh") and path.name in caught.value.message("en")


def test_a_model_that_cannot_be_had_is_not_looked_for_again_at_once() -> None:
    now, asked = [0.0], []

    def find() -> Path:
        asked.append(now[0])
        raise ModelNotAvailable(model="cam", path="/x", missing="all", reason="offline")

    lazy = LazyVoiceEncoder(find, "cpu", clock=lambda: now[0])
    for time_s in (0.0, 1.0, RETRY_S - 1, RETRY_S + 1):
        now[0] = time_s
        with pytest.raises(ModelNotAvailable):
            lazy.get()
    assert asked == [0.0, RETRY_S + 1]


def test_it_is_loaded_once(tmp_path: Path) -> None:
    directory = write_model(tmp_path / "m")
    asked: list[int] = []
    lazy = LazyVoiceEncoder(lambda: asked.append(1) or directory, "cpu")  # type: ignore[func-returns-value]
    assert lazy.get() is lazy.get()
    assert asked == [1]
