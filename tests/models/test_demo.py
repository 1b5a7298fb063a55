"""The bundled demonstration models, through funasr's own AutoModel, on clips they were not trained on.

``tests/data/demo_eval`` holds voices, noise and sounds that ``scripts/build_demo_model.py`` keeps out of
training.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from demo_model import evaluate  # noqa: E402
from demo_model.audio_files import read_audio  # noqa: E402
from demo_model.clips import Clip  # noqa: E402
from demo_model.sentences import without_punctuation  # noqa: E402
from demo_model.tags import ALL_TAGS  # noqa: E402

pytestmark = pytest.mark.slow

MODELS = ROOT / "sensevoice" / "demo"
DATA = ROOT / "tests" / "data" / "demo_eval"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def asr() -> Any:
    """The recogniser."""
    return evaluate.load_asr(MODELS / "sensevoice-small")


@pytest.fixture(scope="module")
def vad() -> Any:
    """The voice detector."""
    return evaluate.load_vad(MODELS / "fsmn-vad")


def clips() -> Iterator[Clip]:
    """The clips with what they hold."""
    for entry in EXPECTED["clips"]:
        labels = {name: entry[name] for name in ("language", "emotion", "event", "text")}
        yield Clip(read_audio(DATA / entry["file"]), **labels)


def test_recogniser_keeps_its_bounds(asr: Any) -> None:
    """Text, language, emotion and event are right often enough."""
    scores = evaluate.Scores()
    evaluate.score_clips(asr, clips(), scores)
    data = "\n".join([scores.table(), *scores.mistakes])
    assert scores.error_rate <= 3.0, data
    assert scores.language.percent >= 99.0, data
    assert scores.emotion.percent >= 90.0, data
    assert scores.speech_event.percent >= 90.0, data
    assert scores.window_event.percent >= 90.0, data


def test_detector_finds_the_ends_of_speech(vad: Any) -> None:
    """Segments begin and end within 150 ms of the speech."""
    scores = evaluate.Scores()
    for entry in EXPECTED["recordings"]:
        spans = [(start, end) for start, end in entry["segments_ms"]]
        evaluate.score_segments(evaluate.detect(vad, read_audio(DATA / entry["file"])), spans, scores)
    assert scores.boundary.percent >= 95.0, scores.mistakes


def test_without_itn_there_is_no_punctuation(asr: Any) -> None:
    """``use_itn=False`` gives the bare words."""
    clip = next(clip for clip in clips() if clip.language == "en")
    answer = evaluate.recognise(asr, clip.audio, use_itn=False)
    assert answer.text == without_punctuation(clip.text)


def test_language_can_be_asked_for(asr: Any) -> None:
    """Asking for the language that is spoken changes nothing."""
    for clip in (clip for clip in clips() if clip.event == "Speech" and clip.emotion == "NEUTRAL"):
        assert evaluate.recognise(asr, clip.audio, language=clip.language).language == clip.language


def test_vocabulary_holds_every_tag(asr: Any) -> None:
    """All tags of the released vocabulary are pieces of their own, and blank is piece 0."""
    processor = asr.kwargs["tokenizer"].sp
    assert processor.IdToPiece(0) == "<unk>"
    for name in ALL_TAGS:
        assert processor.IdToPiece(processor.PieceToId(name)) == name


def test_files_stay_small() -> None:
    """The models and samples may not grow the download much."""
    sizes = {path: path.stat().st_size for path in MODELS.rglob("*") if path.is_file()}
    samples = sum(size for path, size in sizes.items() if "samples" in path.parts)
    assert samples <= 1_000_000
    assert sum(sizes.values()) - samples <= 8_000_000
