"""The record as JSON, and back."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sensevoice.errors import BadRecord, OptionError
from sensevoice.formats import RenderOptions, from_dict, render, to_dict
from sensevoice.options import Options
from sensevoice.transcript import (
    Diagnostic,
    Event,
    InlineTag,
    ModelInfo,
    Piece,
    Segment,
    Span,
    TagScore,
    Transcript,
    Word,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "json-format.md"

RECORD = Transcript(
    source="通话.mp3",
    duration_ms=22_000,
    segments=(
        Segment(
            kind="speech",
            span=Span(320, 1900),
            text="你好 today",
            raw="<|zh|><|BGM|><|withitn|>你好<|HAPPY|> today<|Laughter|>",
            language="zh",
            emotion="HAPPY",
            events=(Event("BGM"), Event("Laughter", offset=8)),
            inline=(InlineTag("HAPPY", 2),),
            words=(Word("你", Span(320, 500)), Word("好", Span(500, 700)), Word("today", Span(900, 1900))),
            channel="left",
            pieces=(Piece(Span(320, 700), "zh", "HAPPY", (TagScore("language", "zh", 0.9),)),),
            speaker="S1",
        ),
        Segment("sound", Span(2000, 9000), raw="<|nospeech|><|BGM|>", events=(Event("BGM", "rising"),)),
        Segment("speech", Span(9000, 9500), channel="right", error="显存不足"),
    ),
    diagnostics=(Diagnostic("clipping", 0.25, "声音过载。", "The sound is clipped."),),
    options=Options(language="zh", channel="split", merge_gap_s=0.5),
    model=ModelInfo("iic/SenseVoiceSmall", "fsmn-vad", "cuda:0", demo=True),
)


def test_the_record_comes_back_as_it_was() -> None:
    assert from_dict(json.loads(render(RECORD, "json"))) == RECORD
    assert from_dict(to_dict(Transcript("", 0, ()))) == Transcript("", 0, ())


def test_the_text_is_in_the_language_of_the_labels() -> None:
    chinese = to_dict(RECORD)
    english = to_dict(RECORD, RenderOptions(locale="en"))
    assert chinese["text"].startswith("[左] [中文] 你好 [开心] today (笑声) (背景音乐)\n")
    assert english["text"].startswith("[left] [Chinese] 你好 [happy] today (laughter) (background music)\n")
    assert {**chinese, "text": ""} == {**english, "text": ""}


def test_json_is_readable_and_keeps_its_order() -> None:
    text = render(RECORD, "json")
    assert text.startswith('{\n  "schema_version": 1,\n  "source": "通话.mp3",\n')
    assert text.endswith("}\n")
    assert list(json.loads(text)) == [
        "schema_version",
        "source",
        "duration_ms",
        "text",
        "raw",
        "segments",
        "diagnostics",
        "settings",
        "model",
    ]


def test_a_measure_without_bound_is_null() -> None:
    silent = replace(RECORD, diagnostics=(Diagnostic("level", -math.inf, "静音。", "Silence."),))
    data = json.loads(render(silent, "json"))
    assert data["diagnostics"] == [{"name": "level", "value": None, "zh": "静音。", "en": "Silence."}]
    assert math.isnan(from_dict(data).diagnostics[0].value)


def test_unknown_fields_are_passed_over() -> None:
    data = to_dict(RECORD)
    data["new"] = data["model"]["new"] = data["segments"][0]["new"] = data["segments"][0]["events"][0][
        "new"
    ] = 1
    assert from_dict(data) == RECORD


def test_a_record_of_an_older_version_was_joined_by_length() -> None:
    data = to_dict(replace(RECORD, segments=(replace(RECORD.segments[0], pieces=(), speaker=None),)))
    del data["settings"]["merge"], data["settings"]["pause_ms"]
    del data["segments"][0]["pieces"], data["segments"][0]["speaker"]
    old = from_dict(data)
    assert (old.options.merge, old.segments[0].pieces, old.segments[0].speaker) == ("length", (), None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema_version": 2}, "schema_version 2"),
        ({"segments": [{"kind": "speech"}]}, "start_ms"),
        ({"segments": None}, "TypeError"),
        ({"segments": [{"start_ms": 2, "end_ms": 1, "kind": "speech"}]}, "."),
        ({"model": "x"}, "AttributeError"),
    ],
)
def test_what_is_no_record_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        from_dict({**to_dict(RECORD), **change})


def test_an_empty_document_and_a_bad_setting_are_refused() -> None:
    with pytest.raises(BadRecord, match="schema_version"):
        from_dict({})
    with pytest.raises(OptionError, match="language"):
        from_dict({**to_dict(RECORD), "settings": {"language": "fr"}})


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()


def test_every_field_is_documented_and_the_example_is_valid() -> None:
    text = DOCUMENT.read_text("utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert example
    data = json.loads(example[1])
    assert to_dict(from_dict(data)) == data
    for name in _names(to_dict(RECORD)):
        assert f"`{name}`" in text
