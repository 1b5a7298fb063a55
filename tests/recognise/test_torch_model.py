"""Our model class against funasr's own: the same text, and word times that alignment confirms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
import pytest
import torch
from funasr import AutoModel
from funasr.models.sense_voice.model import SenseVoiceSmall
from funasr.register import tables
from funasr.utils.load_utils import extract_fbank
from torchaudio.functional import forced_align

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.audio.source import open_audio, select_channels
from sensevoice.models import funasr_model, registry
from sensevoice.models.sources import demo
from sensevoice.recognise import ctc
from sensevoice.recognise import onnx_graph as graph_module
from tests.conftest import SAMPLES


def load(model_class: type) -> Any:
    tables.model_classes["SenseVoiceSmall"] = model_class
    return AutoModel(
        model=str(demo.ASR_DIR),
        device="cpu",
        disable_update=True,
        disable_pbar=True,
        trust_remote_code=False,
        frontend_conf={"dither": 0.0},
    )


@pytest.fixture(scope="module")
def models() -> Iterator[tuple[Any, Any]]:
    """(ours, funasr's own), from the same files."""
    theirs = load(SenseVoiceSmall)
    yield load(registry.TimedSenseVoiceSmall), theirs
    registry.register()


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    """Every utterance of every sample recording."""
    result = []
    for sample in SAMPLES.values():
        with open_audio(sample.path) as source:
            samples = np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()])
        result += [
            samples[u.start_ms * SAMPLES_PER_MS : u.end_ms * SAMPLES_PER_MS] for u in sample.utterances
        ]
    return result


@pytest.mark.parametrize("language", ["auto", "zh", "en"])
@pytest.mark.parametrize("use_itn", [True, False])
def test_the_text_is_funasrs(
    models: tuple[Any, Any], clips: list[np.ndarray], language: str, use_itn: bool
) -> None:
    answers = [model.generate(input=clips, language=language, use_itn=use_itn) for model in models]
    assert [item["text"] for item in answers[0]] == [item["text"] for item in answers[1]]
    assert len(answers[0]) == len(clips)


def test_padding_in_a_batch_changes_nothing(models: tuple[Any, Any], clips: list[np.ndarray]) -> None:
    alone = models[0].generate(input=clips, batch_size=1)
    together = models[0].generate(input=clips, batch_size=len(clips))
    assert [item["text"] for item in alone] == [item["text"] for item in together]


def test_token_times_are_those_of_forced_alignment(models: tuple[Any, Any], clips: list[np.ndarray]) -> None:
    ours = models[0]
    frontend, tokenizer = ours.kwargs["frontend"], ours.kwargs["tokenizer"]
    for clip in clips:
        tokens = ours.generate(input=clip)[0]["tokens"]
        ids = [tokenizer.sp.piece_to_id(piece) for piece, _, _ in tokens]
        if not ids:
            continue
        with torch.no_grad():
            features, lengths = frontend(torch.from_numpy(clip)[None], torch.tensor([len(clip)]))
            prompt = ctc.Prompt(ctc.prompt_rows("auto", use_itn=False), [])
            logits, _ = ours.model.logits(features, lengths, prompt, "cpu")
            scores = logits.log_softmax(-1)[:, ctc.PROMPT_FRAMES :]
        path = forced_align(scores, torch.tensor([ids], dtype=torch.int32), blank=0)[0][0].tolist()
        frame, starts = 0, []
        for token_id, run in groupby(path):
            if token_id:
                starts.append(max(0, frame * ctc.CTC_FRAME_MS + ctc.FRAME_OFFSET_MS))
            frame += len(list(run))
        assert [start_ms for _, start_ms, _ in tokens] == starts


def test_the_unknown_emotion_can_be_banned(models: tuple[Any, Any]) -> None:
    noise = (0.01 * np.random.default_rng(3).standard_normal(32_000)).astype(np.float32)
    assert "EMO_UNKNOWN" in models[0].generate(input=noise)[0]["text"]
    assert "EMO_UNKNOWN" not in models[0].generate(input=noise, ban_emo_unk=True)[0]["text"]


def test_without_the_unknown_emotion_speech_always_has_one(models: tuple[Any, Any]) -> None:
    """Where that piece is banned the likeliest in its frame is often none; the scores still tell."""
    tokenizer = models[0].kwargs["tokenizer"]
    zh, happy, woitn = (tokenizer.sp.piece_to_id(f"<|{name}|>") for name in ("zh", "HAPPY", "woitn"))
    scores = [
        *(("language", "zh", 0.9), ("language", "nospeech", 0.1)),
        *(("emotion", "EMO_UNKNOWN", 0.5), ("emotion", "SAD", 0.3), ("emotion", "HAPPY", 0.2)),
    ]
    banned = ctc.Prompt.of({"ban_emo_unk": True}, tokenizer)

    def text(path: list[int], prompt: ctc.Prompt, scores: list[tuple[str, str, float]]) -> str:
        path = ctc.with_emotion(path, scores, prompt, tokenizer)
        return str(ctc.decode(path, tokenizer, 0)["text"])

    assert "<|SAD|>" in text([zh, 0, 0, woitn, 0], banned, scores)
    assert "<|SAD|>" not in text([zh, happy, 0, woitn, 0], banned, scores)
    assert "<|SAD|>" not in text([zh, 0, 0, woitn, 0], ctc.Prompt.of({}, tokenizer), scores)
    silence = [("language", "nospeech", 0.9), *scores[2:]]
    assert "<|SAD|>" not in text([0, 0, 0, woitn, 0], banned, silence)


def test_scores_are_the_softmax_of_funasrs_own_output(
    models: tuple[Any, Any], clips: list[np.ndarray]
) -> None:
    ours, theirs = models
    frontend, tokenizer = ours.kwargs["frontend"], ours.kwargs["tokenizer"]
    registry.register()
    graph = funasr_model.open_graph(demo.ASR_DIR, graph_of(ours))
    prompt = ctc.Prompt(ctc.prompt_rows("auto", use_itn=False), [])
    for clip in clips:
        features, lengths = extract_fbank([torch.from_numpy(clip)], data_type="sound", frontend=frontend)
        prompt_ids = theirs.model.embed(torch.tensor([prompt.prompt_ids]))
        with torch.inference_mode():
            encoded, _ = theirs.model.encoder(
                torch.cat((prompt_ids, features), 1), lengths + ctc.PROMPT_FRAMES
            )
            expected = theirs.model.ctc.ctc_lo(encoded)[0, :3].softmax(-1)
        for model in (ours, graph):
            result = model.generate(input=clip)[0]["scores"]
            assert [score for *_, score in result] == pytest.approx(
                [
                    float(expected[("language", "emotion", "event").index(kind), piece_id(tokenizer, name)])
                    for kind, name, _ in result
                ],
                abs=1e-4,
            )
            best = {kind: name for kind, name, _ in reversed(result)}
            assert (
                f"<|{best['language']}|><|{best['emotion']}|><|{best['event']}|>"
                in (model.generate(input=clip)[0]["text"])
            )


def piece_id(tokenizer: Any, name: str) -> int:
    number: int = tokenizer.sp.piece_to_id(f"<|{name}|>")
    return number


def graph_of(model: Any) -> bytes:
    weights = {name: tensor.float().numpy() for name, tensor in model.model.state_dict().items()}
    heads = model.kwargs["encoder_conf"]["attention_heads"]
    content: bytes = graph_module.build(weights, heads, "fp32").SerializeToString()
    return content
