"""Settings are checked when they are made, and the error names the setting and what it may be."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from sensevoice.errors import OptionError
from sensevoice.options import CHANNELS, LANGUAGES, MAX_SEGMENT_S, Options


def test_the_defaults() -> None:
    assert Options().as_dict() == {
        "language": "auto",
        "use_itn": True,
        "ban_emo_unk": False,
        "merge": "agreement",
        "pause_ms": 300,
        "speakers": "off",
        "merge_length_s": 15.0,
        "merge_gap_s": 1.0,
        "batch_size_s": 60.0,
        "channel": "mix",
        "sounds": True,
        "word_times": True,
        "among": [],
        "keep_numbers": False,
        "track": 0,
        "raw_format": "",
        "hotwords": [],
    }


def test_as_dict_makes_the_same_options_again() -> None:
    options = Options(language="yue", merge_length_s=0, channel="split", sounds=False)
    assert Options(**options.as_dict()) == options
    assert list(options.as_dict()) == [field.name for field in fields(Options)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language(language: str) -> None:
    assert Options(language=language).language == language


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel(channel: Any) -> None:
    assert Options(channel=channel).channel == channel


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("merge_length_s", 0),
        ("merge_length_s", MAX_SEGMENT_S),
        ("merge_gap_s", 0.0),
        ("merge_gap_s", MAX_SEGMENT_S),
        ("batch_size_s", 1),
        ("batch_size_s", 3600),
    ],
)
def test_the_ends_of_a_range_belong_to_it(option: str, value: float) -> None:
    kept = getattr(Options(**{option: value}), option)
    assert kept == value
    assert isinstance(kept, float)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("language", "de"),
        ("language", "ZH"),
        ("language", ""),
        ("language", None),
        ("channel", "both"),
        ("channel", 0),
        ("merge", "none"),
        ("pause_ms", 199),
        ("pause_ms", 2001),
        ("pause_ms", 300.5),
        ("pause_ms", "300"),
        ("pause_ms", float("nan")),
        ("pause_ms", float("inf")),
        ("pause_ms", True),
        ("pause_ms", None),
        ("merge_length_s", -0.1),
        ("merge_length_s", 30.1),
        ("merge_length_s", "15"),
        ("merge_length_s", float("nan")),
        ("merge_length_s", float("inf")),
        ("merge_length_s", True),
        ("merge_length_s", None),
        ("merge_gap_s", -1),
        ("merge_gap_s", float("nan")),
        ("batch_size_s", 0),
        ("batch_size_s", 3601),
        ("batch_size_s", float("nan")),
        ("use_itn", "true"),
        ("use_itn", 1),
        ("ban_emo_unk", None),
        ("sounds", "no"),
        ("word_times", 0),
    ],
)
def test_a_value_that_is_not_allowed_is_named(option: str, value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        Options(**{option: value})
    assert caught.value.data["option"] == option
    for language in ("zh", "en"):
        message = caught.value.message(language)
        assert option in message
        assert repr(value) in message
        assert caught.value.data["allowed"] in message


def test_options_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Options().language = "zh"  # type: ignore[misc]
