"""Chinese and Cantonese in traditional characters; the one importer of OpenCC, an optional package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType

from sensevoice.errors import OptionError
from sensevoice.transcript import Segment, Transcript, Word

_CONFIGURATIONS: Mapping[str, str] = MappingProxyType({"zh": "s2tw", "yue": "s2hk"})
"""The forms of Taiwan for Mandarin and of Hong Kong for Cantonese: other characters, no other words."""

INSTALL = "pip install OpenCC"


def traditional(transcript: Transcript, raw: bool = False) -> Transcript:
    """Return the transcript with its Chinese and Cantonese text and words in traditional characters.

    What the model wrote stays as it was, unless `raw`. Raises OptionError without OpenCC.
    """
    return replace(transcript, segments=tuple(_converted(item, raw) for item in transcript.segments))


def can_be_traditional() -> bool:
    """Tell whether OpenCC is installed."""
    return find_spec("opencc") is not None


def check_traditional() -> None:
    """Raise OptionError if OpenCC is missing, before anybody waits for a transcript."""
    for configuration in _CONFIGURATIONS.values():
        _converter(configuration)


def _converted(segment: Segment, raw: bool) -> Segment:
    if segment.language not in _CONFIGURATIONS:
        return segment
    convert = _converter(_CONFIGURATIONS[segment.language])
    text = _same_length(segment.text, convert)
    return replace(
        segment,
        text=text,
        words=_words(segment, text, convert),
        raw=convert(segment.raw) if raw else segment.raw,
    )


def _same_length(text: str, convert: Callable[[str], str]) -> str:
    """Convert a text; by phrases if its length stays, because tags and events have their place in it."""
    whole = convert(text)
    return whole if len(whole) == len(text) else "".join(_one(char, convert) for char in text)


def _one(char: str, convert: Callable[[str], str]) -> str:
    converted = convert(char)
    return converted if len(converted) == 1 else char


def _words(segment: Segment, text: str, convert: Callable[[str], str]) -> tuple[Word, ...]:
    """Take the words from the converted text, where the phrase decides: 头发 is 頭髮, but 发 alone 發."""
    words = []
    at = 0
    for word in segment.words:
        result = segment.text.find(word.text, at)
        if result < 0:
            words.append(replace(word, text=convert(word.text)))
            continue
        at = result + len(word.text)
        words.append(replace(word, text=text[result:at]))
    return tuple(words)


@cache
def _converter(configuration: str) -> Callable[[str], str]:
    try:
        from opencc import OpenCC  # type: ignore[import-not-found,unused-ignore]
    except ImportError as exc:
        raise OptionError(option="traditional", value=True, allowed=f"False, {INSTALL}") from exc
    convert: Callable[[str], str] = OpenCC(configuration).convert
    return convert
