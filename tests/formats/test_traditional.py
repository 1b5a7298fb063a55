"""Chinese and Cantonese in traditional characters."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from sensevoice.errors import OptionError
from sensevoice.formats import RenderOptions, check_traditional, render, render_view
from sensevoice.formats.traditional import _converter
from sensevoice.formats.traditional import traditional as convert
from sensevoice.transcript import Event, Segment, Span, Transcript, Word

TRADITIONAL = RenderOptions("plain", traditional=True)


class Phrases:
    """Stands in for OpenCC: knows a phrase, a character by itself, and one that grows."""

    def __init__(self, configuration: str) -> None:
        self.last = {"s2tw": "臺", "s2hk": "台"}[configuration]

    def convert(self, text: str) -> str:
        return text.replace("头发", "頭髮").replace("发", "發").replace("台", self.last).replace("〇", "零〇")


@pytest.fixture(autouse=True)
def phrases(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "opencc", SimpleNamespace(OpenCC=Phrases))
    _converter.cache_clear()
    yield
    _converter.cache_clear()


def spoken(text: str, language: str = "zh", **more: object) -> Segment:
    return Segment("speech", Span(0, 2000), text, raw=f"<|{language}|>{text}", language=language, **more)  # type: ignore[arg-type]


def record(*segments: Segment) -> Transcript:
    return Transcript("头发.wav", 2000, segments)


def test_mandarin_takes_the_forms_of_taiwan_and_cantonese_those_of_hong_kong() -> None:
    segments = [spoken("台"), spoken("台", "yue"), spoken("台", "ja"), spoken("台", "")]
    assert render(record(*segments), "txt", TRADITIONAL) == "臺\n台\n台\n台\n"
    assert render_view(record(*segments[:2]), "plain", in_traditional=True) == "臺\n台"
    assert render(record(*segments), "txt", RenderOptions("plain")) == "台\n台\n台\n台\n"


def test_words_take_their_characters_from_the_phrase() -> None:
    words = tuple(Word(text, Span(place * 100, place * 100 + 100)) for place, text in enumerate("头发发"))
    segment = convert(record(spoken("头发，发", words=words))).segments[0]
    assert segment.text == "頭髮，發"
    assert [word.text for word in segment.words] == ["頭", "髮", "發"]
    assert [word.span for word in segment.words] == [word.span for word in words]


def test_a_word_that_is_not_in_the_text_is_converted_by_itself() -> None:
    words = (Word("发发", Span(0, 100)), Word("头", Span(100, 200)))
    segment = convert(record(spoken("头发", words=words))).segments[0]
    assert [word.text for word in segment.words] == ["發發", "頭"]


def test_the_length_stays_so_that_events_keep_their_place() -> None:
    segment = spoken("二〇发", events=(Event("Laughter", offset=2),))
    assert convert(record(segment)).segments[0].text == "二〇發"
    assert render_view(record(segment), "tagged", in_traditional=True) == "[中文] 二〇 (笑声) 發"


def test_what_the_model_wrote_stays_except_for_the_emoji_view() -> None:
    transcript = record(spoken("头发"))
    assert '"raw": "<|zh|>头发"' in render(transcript, "json", TRADITIONAL)
    assert '"text": "頭髮"' in render(transcript, "json", TRADITIONAL)
    assert render(transcript, "txt", RenderOptions("raw", traditional=True)) == "<|zh|>头发\n"
    assert "頭髮" in render(transcript, "txt", RenderOptions("emoji", traditional=True))
    assert "頭髮" in render_view(transcript, "emoji", in_traditional=True)


def test_without_opencc_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    with pytest.raises(OptionError, match=r"traditional.*pip install OpenCC"):
        render(record(spoken("头发")), "srt", TRADITIONAL)
    with pytest.raises(OptionError, match="traditional"):
        check_traditional()


def test_without_chinese_opencc_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    assert render(record(spoken("Yes.", "en")), "txt", TRADITIONAL) == "Yes.\n"


def test_a_value_that_is_no_choice_is_refused() -> None:
    with pytest.raises(OptionError, match="traditional"):
        RenderOptions(traditional="yes")  # type: ignore[arg-type]


def test_opencc_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "opencc")
    pytest.importorskip("opencc")
    text = "理发以后，头发很干。里面为什么？"
    segments = (spoken(text), spoken("皇后里面", "yue"))
    result = convert(record(*segments)).segments
    assert result[0].text == "理髮以後，頭髮很乾。裡面為什麼？"
    assert result[1].text == "皇后裏面"
