"""The CPU's graph against the same weights on torch: fp32 the same text, int8 nearly always."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from funasr.models.sense_voice.model import SenseVoiceSmall
from funasr.utils.load_utils import extract_fbank

from sensevoice.errors import ModelFileDamaged
from sensevoice.models import cpu_model, demo, funasr_model, graph_cache, registry
from sensevoice.recognise import ctc, onnx_graph
from sensevoice.recognise.cuda_encoder import DeviceEncoder, FusedAttention
from tests.models.test_demo import clips as evaluation_clips
from tests.models.test_demo import evaluate

QUESTIONS = [ctc.Prompt(ctc.prompt_rows("auto", True), []), ctc.Prompt(ctc.prompt_rows("en", False), [])]


@pytest.fixture(scope="module")
def reference() -> Any:
    registry.register()
    return funasr_model.open_model("SenseVoiceSmall", demo.ASR_DIR, "cpu")


@pytest.fixture(scope="module")
def graphs(reference: Any) -> dict[str, Any]:
    """AutoModels around the graph in both precisions."""
    weights = {name: tensor.numpy() for name, tensor in reference.model.state_dict().items()}
    heads = reference.kwargs["encoder_conf"]["attention_heads"]
    made: dict[str, Any] = {}
    for precision in ("fp32", "int8"):
        content = onnx_graph.build(weights, heads, precision).SerializeToString()
        made[precision] = funasr_model.open_graph(demo.ASR_DIR, content)
    return made


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    return [clip.audio for clip in evaluation_clips()]


def features(reference: Any, clip: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    result: tuple[torch.Tensor, torch.Tensor] = extract_fbank(
        [torch.from_numpy(clip)], data_type="sound", frontend=reference.kwargs["frontend"]
    )
    return result


def best_paths(reference: Any, model: Any, clips: list[np.ndarray], prompt: ctc.Prompt) -> tuple[Any, Any]:
    """Return the best pieces of all frames of all clips, by torch and by the graph."""
    expected, result = [], []
    for clip in clips:
        rows, lengths = features(reference, clip)
        with torch.inference_mode():
            expected.append(
                reference.model.logits(rows.clone(), lengths, prompt, "cpu")[0][0].argmax(-1).numpy()
            )
        result.append(model.model.run(rows[0].numpy(), prompt)[0])
    return np.concatenate(expected), np.concatenate(result)


@pytest.mark.parametrize("prompt", QUESTIONS, ids=["auto", "en without normalisation"])
def test_fp32_chooses_the_same_pieces(
    reference: Any, graphs: dict[str, Any], clips: list[np.ndarray], prompt: ctc.Prompt
) -> None:
    expected, result = best_paths(reference, graphs["fp32"], clips, prompt)
    assert np.array_equal(expected, result)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_clips_side_by_side_answer_as_each_alone(
    graphs: dict[str, Any], clips: list[np.ndarray], precision: str
) -> None:
    some = [*clips[:7], np.zeros(16_000, np.float32)]
    together = graphs[precision].generate(some, batch_size=len(some), language="auto", use_itn=True)
    alone = [graphs[precision].generate([clip], language="auto", use_itn=True)[0] for clip in some]
    assert [{**result, "key": ""} for result in together] == [{**result, "key": ""} for result in alone]


def test_int8_chooses_the_same_pieces_nearly_always(
    reference: Any, graphs: dict[str, Any], clips: list[np.ndarray]
) -> None:
    expected, result = best_paths(reference, graphs["int8"], clips, QUESTIONS[0])
    assert np.mean(expected == result) >= 0.995


@pytest.fixture(scope="module")
def in_bf16() -> Any:
    """What runs on CUDA, on the CPU: autocast, rounded weights, fused attention."""
    registry.register()
    model = funasr_model.open_model("SenseVoiceSmall", demo.ASR_DIR, "cpu")
    registry.prepare_cuda(model.model, "bf16")
    return model


def test_bf16_chooses_the_same_pieces_nearly_always(
    reference: Any, in_bf16: Any, clips: list[np.ndarray]
) -> None:
    same = []
    for clip in clips:
        rows, lengths = features(reference, clip)
        with torch.inference_mode():
            expected, result = (
                model.model.logits(rows.clone(), lengths, QUESTIONS[0], "cpu")[0][0].argmax(-1)
                for model in (reference, in_bf16)
            )
        same.append((expected == result).numpy())
    assert np.mean(np.concatenate(same)) >= 0.995
    assert {
        module.weight.dtype for module in in_bf16.model.encoder.modules() if hasattr(module, "weight")
    } == {
        torch.bfloat16,  # products and memory blocks
        torch.float32,  # norms
    }


@pytest.mark.parametrize("precision", ["int8", "bf16"])
def test_less_precision_makes_no_more_mistakes(graphs: dict[str, Any], in_bf16: Any, precision: str) -> None:
    """The character error rate moves by at most 0.2 points."""
    rates = []
    for model in (graphs["fp32"], {**graphs, "bf16": in_bf16}[precision]):
        scores = evaluate.Scores()
        evaluate.score_clips(model, evaluation_clips(), scores)
        rates.append(scores.error_rate)
    assert abs(rates[1] - rates[0]) <= 0.2


def test_the_text_is_the_same_through_generate(
    reference: Any, graphs: dict[str, Any], clips: list[np.ndarray]
) -> None:
    for settings in ({"language": "auto"}, {"language": "zh", "use_itn": True, "ban_emo_unk": True}):
        expected = reference.generate(input=clips, batch_size=1, **settings)
        result = graphs["fp32"].generate(input=clips, batch_size=8, **settings)
        for part in ("text", "tokens"):
            assert [answer[part] for answer in result] == [answer[part] for answer in expected]


def test_the_query_outputs_are_the_logits_of_the_tags(
    reference: Any, graphs: dict[str, Any], clips: list[np.ndarray]
) -> None:
    rows, lengths = features(reference, clips[0])
    with torch.inference_mode():
        expected = reference.model.logits(rows.clone(), lengths, QUESTIONS[0], "cpu")[0][0, :4].numpy()
    result = graphs["fp32"].model.run(rows[0].numpy(), QUESTIONS[0])[1]
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3)


def test_banned_pieces_are_never_chosen(graphs: dict[str, Any], reference: Any) -> None:
    noise = (0.01 * np.random.default_rng(3).standard_normal(32_000)).astype(np.float32)
    for model in graphs.values():
        assert "EMO_UNKNOWN" in model.generate(input=noise)[0]["text"]
        assert "EMO_UNKNOWN" not in model.generate(input=noise, ban_emo_unk=True)[0]["text"]


def test_the_rows_of_the_query_table_are_funasrs(reference: Any) -> None:
    assert reference.model.lid_dict == ctc.LANGUAGE_ROWS
    assert reference.model.textnorm_dict == {
        "withitn": ctc.NORMALISATION_ROWS[True],
        "woitn": ctc.NORMALISATION_ROWS[False],
    }


def test_what_a_gpu_computes_is_the_same(reference: Any, clips: list[np.ndarray]) -> None:
    """On the CPU: padded clips of several lengths, and funasr's classes with ours in their places."""
    registry.register()
    prepared = funasr_model.open_model("SenseVoiceSmall", demo.ASR_DIR, "cpu").model
    registry.prepare_cuda(prepared, "fp32")
    assert any(isinstance(module, FusedAttention) for module in prepared.modules())
    assert any(isinstance(module, DeviceEncoder) for module in prepared.modules())
    chosen = sorted(clips, key=len)[::10]
    rows, lengths = extract_fbank(chosen, data_type="sound", frontend=reference.kwargs["frontend"])
    with torch.inference_mode():
        expected, sizes = reference.model.logits(rows.clone(), lengths, QUESTIONS[0], "cpu")
        result, _ = prepared.logits(rows, lengths, QUESTIONS[0], "cpu")
    for index, size in enumerate(sizes.tolist()):
        torch.testing.assert_close(result[index, :size], expected[index, :size], rtol=1e-3, atol=1e-3)


class TestChoosing:
    """cpu_model.open_model: made once, kept, mended, and never trusted blindly."""

    @pytest.fixture(autouse=True)
    def everything_is_kept(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(cpu_model, "KEPT_FROM_BYTES", 0)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(graph_cache, "_folders", lambda directory: iter([tmp_path / "kept"]))
        registry.register()

    def open(self, precision: str = "int8") -> tuple[Any, str, list[str]]:
        message: list[str] = []
        model, result = cpu_model.open_model(demo.ASR_DIR, precision, message.append)
        return model, result, message

    def test_the_first_start_makes_it_and_says_so_the_second_reads_it(self, tmp_path: Path) -> None:
        first, second = self.open(), self.open()
        assert first[1:] == ("int8", first[2])
        assert len(first[2]) == 1
        assert second[1:] == ("int8", [])
        assert len(list((tmp_path / "kept").iterdir())) == 1
        clip = cpu_model.known_clip()
        texts = [model.generate(input=clip)[0]["text"] for model, _, _ in (first, second)]
        assert texts[0] == texts[1] != ""

    def test_a_file_that_was_cut_short_is_made_again(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.open()
        (path,) = (tmp_path / "kept").iterdir()
        path.write_bytes(path.read_bytes()[:5_000])
        with caplog.at_level(logging.WARNING):
            assert len(self.open()[2]) == 1
        assert path.name in caplog.text
        assert self.open()[2] == []

    def test_other_weights_make_another_graph_and_the_old_one_goes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.open()
        before = list((tmp_path / "kept").iterdir())
        monkeypatch.setattr(onnx_graph, "VERSION", onnx_graph.VERSION + 1)
        self.open()
        after = list((tmp_path / "kept").iterdir())
        assert len(before) == len(after) == 1
        assert before != after

    def test_int8_that_is_wrong_becomes_fp32(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setitem(cpu_model.LARGEST_ERROR, "int8", 1e-9)
        with caplog.at_level(logging.WARNING):
            assert self.open()[1] == "fp32"
        assert "int8 differs from torch" in caplog.text

    def test_without_any_graph_torch_answers(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fails(*_: Any) -> None:
            raise RuntimeError("no operators today")

        monkeypatch.setattr(onnx_graph, "build", fails)
        with caplog.at_level(logging.WARNING):
            model, precision, _ = self.open()
        assert precision == "fp32"
        assert isinstance(model.model, SenseVoiceSmall)
        assert "no operators today" in caplog.text

    def test_a_full_disk_costs_only_the_next_start(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(graph_cache, "_write", full)
        with caplog.at_level(logging.WARNING):
            assert self.open()[1] == "int8"
        assert "No space left" in caplog.text


def test_a_graph_that_is_no_graph_is_named_as_damage() -> None:
    registry.register()
    with pytest.raises(ModelFileDamaged):
        funasr_model.open_graph(demo.ASR_DIR, b"no graph")


class TestStore:
    def test_beside_the_model_or_else_in_the_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        model = tmp_path / "model"
        model.mkdir()
        assert graph_cache.store(model, "int8", "k1", b"graph").parent == model
        assert graph_cache.find(model, "int8", "k1") is not None
        assert graph_cache.find(model, "int8", "k2") is None
        assert graph_cache.find(model, "fp32", "k1") is None
        blocked = tmp_path / "file"
        blocked.write_text("not a folder")
        path = graph_cache.store(blocked / "model", "int8", "k1", b"graph")
        assert path.is_relative_to(tmp_path / "cache")
        assert graph_cache.find(blocked / "model", "int8", "k1") == path

    def test_the_key_follows_the_content(self, tmp_path: Path) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        one.write_bytes(b"1")
        two.write_bytes(b"2")
        keys = {graph_cache.key_of([one, two]), graph_cache.key_of([two, one]), graph_cache.key_of([one])}
        assert len(keys) == 3
        two.write_bytes(b"2")
        assert graph_cache.key_of([one, two]) in keys
