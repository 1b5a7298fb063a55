"""Training data, compared with the examples that come with SenseVoice (data/*_example.jsonl)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sensevoice.formats.finetune import finetune_jsonl, is_trainable, target_length
from sensevoice.transcript import Event, Segment, Span

KEYS = [
    "key",
    "text_language",
    "emo_target",
    "event_target",
    "with_or_wo_itn",
    "target",
    "source",
    "target_len",
    "source_len",
]


def segment(text: str = "你好。", language: str = "zh", **more: object) -> Segment:
    return Segment("speech", Span(1000, 2409), text, language=language, **more)  # type: ignore[arg-type]


def rows(*pairs: tuple[Segment, str | Path]) -> list[dict[str, object]]:
    return [json.loads(line) for line in finetune_jsonl(pairs).splitlines()]


def test_a_row_is_like_the_examples() -> None:
    clip = Path("/clips/通话 1.wav")
    angry = segment(
        emotion="ANGRY",
        events=(Event("Cough", offset=1), Event("Laughter")),
        raw="<|zh|><|ANGRY|><|woitn|>你好。",
    )
    (row,) = rows((angry, clip))
    assert list(row) == KEYS
    assert row == {
        "key": "通话_1",
        "text_language": "<|zh|>",
        "emo_target": "<|ANGRY|>",
        "event_target": "<|Laughter|>",
        "with_or_wo_itn": "<|woitn|>",
        "target": "你好。",
        "source": "/clips/通话 1.wav",
        "target_len": 3,
        "source_len": 140,
    }


def test_what_the_model_did_not_name_is_unknown_and_plain_speech() -> None:
    (row,) = rows((segment(events=(Event("Cough", offset=1),)), "a.wav"))
    assert row["emo_target"] == "<|EMO_UNKNOWN|>"
    assert row["event_target"] == "<|Speech|>"
    assert row["with_or_wo_itn"] == "<|withitn|>"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Including legal due diligence, subscription agreement, negotiation.", 7),
        ("there is a tendency to identify the self or take interest in what one has got used to", 18),
        ("案件受理费减半收取计一千六百三十一元赵会龙已预交由赵会龙负担一百零七元", 35),
        ("저녁 다 해결합니다", 10),
        ("小凳子", 3),
        ("Current proposals don't go far enough.", 6),
        ("이거 올리고 리베옹과 안 좋은 사이가 되었다는.", 26),
        ("万科租售中心。", 7),
        ("这也是我们呃。", 7),
        ("我用 Netflix 看", 12),
    ],
)
def test_lengths_are_those_of_the_examples(text: str, length: int) -> None:
    assert target_length(text) == length


def test_keys_are_unique_and_without_spaces_or_slashes() -> None:
    result = rows((segment(), "a/x (1).wav"), (segment(), "b/x (1).wav"), (segment(), "c/x (1)_2.wav"))
    assert [row["key"] for row in result] == ["x_1_", "x_1__2", "x_1__2_2"]


@pytest.mark.parametrize(
    "useless",
    [
        segment(""),
        segment("  \n"),
        segment(language=""),
        segment(language="nospeech"),
        segment(error="out of memory"),
        Segment("sound", Span(0, 1000), events=(Event("Laughter"),)),
    ],
)
def test_rows_that_teach_nothing_are_left_out(useless: Segment) -> None:
    assert not is_trainable(useless)
    assert rows((useless, "a.wav"), (segment(), "b.wav"))[0]["key"] == "b"
    assert finetune_jsonl([(useless, "a.wav")]) == ""
