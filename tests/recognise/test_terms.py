"""Terms in the output of a network: on made-up frames, and in clips of the bundled model in both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sensevoice.audio.info import SAMPLES_PER_MS
from sensevoice.audio.source import open_audio, select_channels
from sensevoice.models import funasr_model, registry
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.models.sources import demo
from sensevoice.options import Options
from sensevoice.recognise.ctc import PROMPT_FRAMES, decode
from sensevoice.recognise.terms import Hit, TermFinder
from sensevoice.transcribe.pipeline import transcribe
from tests.conftest import SAMPLES

NAMES = [
    "<blank>",
    "▁we",
    "▁use",
    "▁pie",
    "torch",
    "py",
    "▁py",
    "李",
    "里",
    "清",
    "照",
    "赵",
    "，",
    "▁",
    "ing",
    "s",
]


class Pieces:
    """As much of a SentencePieceProcessor as is used, with one piece for each name."""

    def encode(self, text: str) -> list[int]:
        rest, found = text.replace(" ", "▁"), []
        while rest:
            name = max((name for name in NAMES[1:] if rest.startswith(name)), key=len, default="")
            if not name:
                return [len(NAMES)]
            found.append(NAMES.index(name))
            rest = rest[len(name) :]
        return found

    def unk_id(self) -> int:
        return len(NAMES)

    def id_to_piece(self, number: int) -> str:
        return NAMES[number] if number < len(NAMES) else "<unk>"

    def piece_to_id(self, name: str) -> int:
        return NAMES.index(name) if name in NAMES else len(NAMES)


class Tokenizer:
    sp = Pieces()

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(NAMES[number] for number in ids).replace("▁", " ").strip()


def frames(*spoken: str, **near: tuple[int, float]) -> tuple[list[int], np.ndarray]:
    """Return a path with a blank behind each piece, and values in which others are `near` in some frame."""
    path = [number for name in spoken for number in (NAMES.index(name), 0)]
    values = np.full((len(path), len(NAMES)), -15.0, np.float32)
    values[:, 0] = -1.0
    values[np.arange(len(path)), path] = 0.0
    for name, (frame, value) in near.items():
        values[frame, NAMES.index(name.replace("_", "▁"))] = value
    return [0] * PROMPT_FRAMES + path, values


def hits(path: list[int], values: np.ndarray, *lines: str) -> list[Hit]:
    finder = TermFinder(Tokenizer(), 0)
    return finder.hits(path, finder.vocabulary(lines), lambda ids: values[:, ids])


def test_a_term_that_is_near_takes_the_place_of_what_was_heard() -> None:
    path, values = frames("里", "清", "赵", "，", 李=(0, -2.0), 照=(4, -2.0))
    assert hits(path, values, "李清照") == [("里清赵", "李清照", 0, 390, 0.2636)]
    assert decode(path, Tokenizer(), 0)["text"] == "里清赵，", "greedy decoding is as it was"


def test_one_that_is_too_far_does_not_unless_it_weighs_more() -> None:
    path, values = frames("里", "清", "赵", 李=(0, -6.0), 照=(4, -6.0))
    assert hits(path, values, "李清照") == []
    assert [hit[:2] for hit in hits(path, values, "李清照 :3")] == [("里清赵", "李清照")]


def test_only_the_word_that_differs_is_replaced_and_words_stay_whole() -> None:
    path, values = frames("▁we", "▁use", "▁pie", "torch", "s", _py=(4, -2.0))
    assert [hit[:2] for hit in hits(path, values, "PyTorch")] == [("pietorchs", "PyTorchs")]


def test_a_part_of_a_word_is_no_term() -> None:
    path, values = frames("▁pie", "torch", "ing", _py=(0, -2.0))
    assert hits(path, values, "PyTorch") == []


def test_what_is_there_already_is_no_hit() -> None:
    path, values = frames("李", "清", "照")
    assert hits(path, values, "李清照", "清") == []


def test_a_term_of_other_letters_or_none_is_never_looked_for() -> None:
    path, values = frames("李")
    assert hits(path, values, "龘") == []
    assert hits(path, values) == []
    assert hits([0] * PROMPT_FRAMES, values[:0], "李") == []


def test_two_terms_beside_each_other_are_both_found() -> None:
    path, values = frames("里", "清", "，", "▁pie", "torch", 李=(0, -2.0), _py=(6, -2.0))
    assert [hit[:2] for hit in hits(path, values, "李清", "PyTorch")] == [
        ("里清", "李清"),
        ("pietorch", "PyTorch"),
    ]


@pytest.fixture(scope="module")
def engines(demo_recognizer: FunasrRecognizer) -> dict[str, Any]:
    registry.register()
    torch_model = funasr_model.open_model("SenseVoiceSmall", demo.ASR_DIR, "cpu")
    return {"onnx": demo_recognizer._model, "torch": torch_model}


def clip_of(text: str) -> np.ndarray:
    """Return the sound of the utterance of a sample that begins so."""
    for sample in SAMPLES.values():
        for utterance in sample.utterances:
            if utterance.text.startswith(text):
                with open_audio(sample.path) as source:
                    samples = np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()])
                start, end = (ms * SAMPLES_PER_MS for ms in (utterance.start_ms, utterance.end_ms))
                return np.asarray(samples[start:end])
    raise AssertionError(text)


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_both_engines_find_the_same_and_leave_what_they_say(engines: dict[str, Any], engine: str) -> None:
    clips = [clip_of("所以我说啊"), clip_of("您好")]
    plain = engines[engine].generate(input=clips, batch_size=2, use_itn=True)
    assert not any("hits" in each for each in plain)
    told = engines[engine].generate(
        input=clips, batch_size=2, use_itn=True, hotwords=("成序员 :5", "帮忙 :5")
    )
    for before, after in zip(plain, told, strict=True):
        assert {**after, "key": "", "hits": []} == {**before, "key": "", "hits": []}


def test_with_other_terms_the_record_is_the_same_but_for_them(demo_recognizer: FunasrRecognizer) -> None:
    lines = ("李清照", "Kubernetes", "单田芳|shan tian fang")
    for sample in SAMPLES.values():
        plain = transcribe(sample.path, demo_recognizer)
        told = transcribe(sample.path, demo_recognizer, Options(hotwords=lines))
        assert replace(told, options=plain.options) == plain
