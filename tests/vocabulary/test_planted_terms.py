"""Planted terms in clips of the bundled model: a small part of what scripts/evaluate_vocabulary.py counts."""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np
import pytest

from sensevoice.audio.source import open_audio, select_channels
from sensevoice.models.recognizer import FunasrRecognizer
from sensevoice.options import Options
from sensevoice.transcribe.assemble import speech_segment
from sensevoice.transcript import Span
from tests.conftest import ROOT

CLIPS = ROOT / "tests" / "data" / "demo_eval"
SEEDS = range(4)


@pytest.fixture
def planted_terms(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("demo_model.planted_terms")


def samples_of(file: str) -> np.ndarray:
    with open_audio(CLIPS / file) as source:
        return np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()])


def test_planted_terms_are_found_and_no_others(demo_recognizer: FunasrRecognizer, planted_terms: Any) -> None:
    listed = json.loads((CLIPS / "expected.json").read_text("utf-8"))["clips"]
    spoken = {clip["text"]: samples_of(clip["file"]) for clip in listed if clip["language"] in ("zh", "en")}
    found = proposed = planted = false = characters = 0
    for seed in SEEDS:
        rng = planted_terms.seeded(seed)
        terms = {each.sentence.text: each.term for each in planted_terms.plant(rng)}
        lines = (*terms.values(), *planted_terms.distractors(rng, 300))
        options = Options(hotwords=lines)
        for (text, clip), answer in zip(
            spoken.items(), demo_recognizer.recognise([*spoken.values()], options), strict=True
        ):
            row = speech_segment(Span(0, len(clip) // 16), answer, None, options)
            own = terms.get(text)
            planted += own is not None
            found += own is not None and own in row.text
            proposed += any(each.written == own and not each.applied for each in row.terms)
            false += sum(len(each.written) for each in row.terms if each.applied and each.written != own)
            characters += len(row.text)
    assert planted >= 20
    assert found / planted >= 0.85, (found, proposed, planted)
    assert false / characters <= 0.001, (false, characters)
