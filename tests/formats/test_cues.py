"""When subtitles show which lines."""

from __future__ import annotations

import random
import unicodedata
from itertools import pairwise

import pytest

from sensevoice.formats.cues import MAX_CUE_MS, MAX_LINES, Cue, cues
from sensevoice.formats.linebreak import MAX_LINE_WIDTH, width
from sensevoice.transcript import Event, Segment, Span, Transcript, Word


def spoken(
    text: str, words: list[str], start_ms: int = 0, word_ms: int = 300, gaps_ms: dict[int, int] | None = None
) -> Segment:
    """Speech of words of equal length; `gaps_ms` names the silence before a word by its number."""
    timed, now = [], start_ms
    for index, word in enumerate(words):
        now += (gaps_ms or {}).get(index, 0)
        timed.append(Word(word, Span(now, now + word_ms)))
        now += word_ms
    return Segment("speech", Span(start_ms, now + 200), text, words=tuple(timed))


def shown(*segments: Segment, labels: str = "zh") -> list[tuple[int, int, str]]:
    return [
        (cue.span.start_ms, cue.span.end_ms, "|".join(cue.lines)) for cue in made(*segments, labels=labels)
    ]


def made(*segments: Segment, labels: str = "zh") -> list[Cue]:
    return cues(Transcript("a.wav", 60_000, segments), labels)


def test_a_short_text_is_one_cue_that_ends_with_its_last_word() -> None:
    segment = spoken("你好，世界。", ["你", "好，", "世", "界。"], start_ms=90_000)
    assert shown(segment) == [(90_000, 91_200, "你好，世界。")]


def test_words_may_come_without_punctuation() -> None:
    with_marks = spoken("Yes, we can.", ["Yes,", "we", "can."])
    without = spoken("Yes, we can.", ["Yes", "we", "can"])
    assert shown(with_marks) == shown(without) == [(0, 900, "Yes, we can.")]


def test_a_long_text_is_cut_after_a_sentence() -> None:
    first, second = (
        "今天我们来谈一谈天气。",
        "它真的是一个非常有意思而且永远也谈不完的话题，大家都知道这一点，你说是不是？",
    )
    segment = spoken(first + second, list(first + second), word_ms=100)
    assert made(segment)[0] == Cue(Span(0, 1000), (first,))
    assert made(segment)[1].span.start_ms == 1100


def test_without_a_sentence_the_cut_is_after_a_clause_else_a_word() -> None:
    clause = "We went up the hill, "
    rest = " ".join(["and"] * 20)
    assert made(spoken(clause + rest, (clause + rest).split()))[0].lines == ("We went up the hill,",)
    words = " ".join(["word"] * 30)
    assert made(spoken(words, words.split(), word_ms=100))[0].lines == (" ".join(["word"] * 8),) * 2


def test_no_cue_is_longer_than_seven_seconds() -> None:
    text = " ".join(["slow"] * 16)
    times = [cue.span.duration_ms for cue in made(spoken(text, text.split(), word_ms=1000))]
    assert times == [7000, 7000, 2000]


def test_a_word_that_lasts_longer_is_shown_for_seven_seconds() -> None:
    assert shown(spoken("啊", ["啊"], word_ms=9000)) == [(0, 7000, "啊")]


def test_a_pause_ends_a_cue() -> None:
    text = "first second"
    assert shown(spoken(text, text.split(), gaps_ms={1: 1000})) == [(0, 300, "first"), (1300, 1600, "second")]
    assert shown(spoken(text, text.split(), gaps_ms={1: 999})) == [(0, 1599, "first second")]


def test_a_segment_without_words_is_divided_by_its_length() -> None:
    segment = Segment("speech", Span(1000, 11_000), "一二三四五六七八九。")
    assert shown(segment) == [(1000, 8000, "一二三四五六七"), (8000, 11_000, "八九。")]


def test_a_word_that_the_text_lacks_does_no_harm() -> None:
    segment = spoken("共20元整", ["共", "二", "十", "元", "……", "整"])
    assert shown(segment) == [(0, 1800, "共20元整")]


def test_word_times_beyond_the_segment_or_backwards_are_held_in() -> None:
    words = (Word("a", Span(4000, 9000)), Word("b", Span(1000, 2000)), Word("c", Span(9000, 9500)))
    for cue in made(Segment("speech", Span(3000, 5000), "a b c", words=words)):
        assert Span(3000, 5000).start_ms <= cue.span.start_ms < cue.span.end_ms <= 5000


def test_text_without_letters_is_shown() -> None:
    assert shown(Segment("speech", Span(0, 1000), "……")) == [(0, 1000, "……")]
    assert shown(spoken("……", ["……"])) == [(0, 500, "……")]


def test_a_sound_is_captioned_in_the_language_of_the_reader() -> None:
    laughter = Segment("sound", Span(0, 2000), events=(Event("Laughter"), Event("Applause")))
    music = Segment("sound", Span(2000, 60_000), events=(Event("BGM", "rising"),))
    nothing = Segment("sound", Span(60_000, 61_000), events=(Event("Event_UNK"),))
    assert shown(laughter, music, nothing) == [(0, 2000, "[笑声] [掌声]"), (2000, 9000, "(背景音乐渐强)")]
    assert shown(laughter, music, labels="en") == [
        (0, 2000, "[laughter] [applause]"),
        (2000, 9000, "(background music, growing louder)"),
    ]


def test_a_failed_segment_is_shown_as_failed() -> None:
    assert shown(Segment("speech", Span(0, 1000), error="x")) == [(0, 1000, "[识别失败]")]
    assert shown(Segment("sound", Span(0, 1000), error="x"), labels="en") == [
        (0, 1000, "[recognition failed]")
    ]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Span(0, 3000), Span(2900, 6000), [(0, 3000), (3000, 6000)]),
        (Span(0, 5000), Span(100, 3000), [(0, 1500), (1500, 3000)]),
        (Span(0, 4000), Span(0, 4000), [(0, 2000), (2000, 4000)]),
        (Span(0, 1), Span(0, 1), [(0, 1), (1, 2)]),
    ],
)
def test_channels_that_speak_at_once_share_the_time(
    left: Span, right: Span, expected: list[tuple[int, int]]
) -> None:
    result = made(
        Segment("speech", left, "左", channel="left"), Segment("speech", right, "右", channel="right")
    )
    assert [(cue.span.start_ms, cue.span.end_ms) for cue in result] == expected


def _random_segments(seed: int) -> list[Segment]:
    """Speech in Chinese and English with punctuation, pauses, long words and word times of all kinds."""
    dice = random.Random(seed)
    segments, now = [], 0
    for _ in range(30):
        parts = [_random_word(dice) for _ in range(dice.randint(1, 60))]
        text = "".join(part if _is_chinese(part) else f" {part} " for part in parts)
        start_ms, words = now, []
        for part in parts:
            now += dice.choice((0, 0, 50, 1500))
            words.append(Word(part, Span(now, now + dice.randint(1, 900))))
            now = words[-1].span.end_ms
        known = tuple(words) if dice.random() < 0.7 else ()
        segments.append(Segment("speech", Span(start_ms, now + 100), " ".join(text.split()), words=known))
        now += dice.randint(-500, 2000)
    return segments


def _random_word(dice: random.Random) -> str:
    if dice.random() < 0.5:
        return dice.choice("天地玄黄宇宙洪荒") + dice.choice(["", "", "", "，", "。", "”！", "……"])
    return "x" * dice.choice((1, 3, 7, 12, 90)) + dice.choice(["", "", ",", ".", "?"])


def _is_chinese(text: str) -> bool:
    return unicodedata.east_asian_width(text[0]) == "W"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_said_the_limits_hold_and_nothing_is_lost(seed: int) -> None:
    segments = _random_segments(seed)
    result = made(*segments)
    for cue in result:
        assert 1 <= len(cue.lines) <= MAX_LINES
        assert 0 < cue.span.duration_ms <= MAX_CUE_MS
        for line in cue.lines:
            assert line == line.strip() != ""
            assert width(line) <= MAX_LINE_WIDTH
            assert line[0] not in "，。！？”…,.?"
    assert all(before.span.end_ms <= after.span.start_ms for before, after in pairwise(result))
    for segment in segments:
        alone = "".join(line for cue in made(segment) for line in cue.lines)
        assert alone.replace(" ", "") == segment.text.replace(" ", "")
        assert all(cue.span.end_ms <= segment.span.end_ms for cue in made(segment))
    everything = sorted("".join(line for cue in result for line in cue.lines).replace(" ", ""))
    assert everything == sorted("".join(segment.text for segment in segments).replace(" ", ""))
