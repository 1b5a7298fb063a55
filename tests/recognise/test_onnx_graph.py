"""The CPU's graph against the same weights on torch: fp32 the same text, 8 bits nearly always.

What needs no VNNI is the same on every processor; int8 with full weights is asked for only where VNNI is.
Without it, its sums overflow: `test_saturation.py` computes them as such a processor would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from funasr.utils.load_utils import extract_fbank

from sensevoice.errors import ModelFileDamaged
from sensevoice.models import funasr_model, registry
from sensevoice.models.graphs.candidates import VNNI, WIDENING, bounds_of, candidates, cpu_flags
from sensevoice.models.sources import demo
from sensevoice.recognise import ctc, onnx_graph
from sensevoice.recognise.cuda_encoder import DeviceEncoder, FusedAttention
from tests.models.test_demo import clips as evaluation_clips
from tests.models.test_demo import evaluate

pytestmark = pytest.mark.slow

QUESTIONS = [ctc.Prompt(ctc.prompt_rows("auto", True), []), ctc.Prompt(ctc.prompt_rows("en", False), [])]


HAS_VNNI = bool(cpu_flags() & VNNI)
ROUNDED = ("uint8", "uint8_tensor", "int8_7bit", *(("int8",) if HAS_VNNI else ()))
"""What this processor computes without overflow."""


def test_what_may_be_chosen_here_is_what_is_tested_here() -> None:
    assert set(candidates("int8", cpu_flags())) <= set(ROUNDED)


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
    for rounding in ("fp32", *ROUNDED):
        content = onnx_graph.build(weights, heads, rounding).SerializeToString()
        made[rounding] = funasr_model.open_graph(demo.ASR_DIR, content)
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


@pytest.mark.parametrize("precision", ["fp32", *ROUNDED])
def test_clips_side_by_side_answer_as_each_alone(
    graphs: dict[str, Any], clips: list[np.ndarray], precision: str
) -> None:
    some = [*clips[:7], np.zeros(16_000, np.float32)]
    together = graphs[precision].generate(some, batch_size=len(some), language="auto", use_itn=True)
    alone = [graphs[precision].generate([clip], language="auto", use_itn=True)[0] for clip in some]
    assert [{**result, "key": ""} for result in together] == [{**result, "key": ""} for result in alone]


@pytest.mark.parametrize("rounding", ROUNDED)
def test_8_bits_choose_the_same_pieces_nearly_always(
    reference: Any, graphs: dict[str, Any], clips: list[np.ndarray], rounding: str
) -> None:
    expected, result = best_paths(reference, graphs[rounding], clips, QUESTIONS[0])
    assert np.mean(expected == result) >= bounds_of(rounding, VNNI if rounding == "int8" else WIDENING).tokens


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


@pytest.mark.parametrize("precision", [*(name for name in ROUNDED if name != "int8_7bit"), "bf16"])
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


def test_a_graph_that_is_no_graph_is_named_as_damage() -> None:
    registry.register()
    with pytest.raises(ModelFileDamaged):
        funasr_model.open_graph(demo.ASR_DIR, b"no graph")
