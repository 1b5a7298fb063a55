"""Which pieces agree: language, mood, speaker, silence, length, and the sounds between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.transcribe.agreement import (
    Clip,
    Item,
    better,
    emotion_of,
    groups,
    language_to_ask_for,
    may_be_one_sentence,
    mean_scores,
)
from sensevoice.transcribe.assemble import WindowResult
from sensevoice.transcript import Piece, Segment, Span, TagScore

OPTIONS = Options()


def answer(text: str, language: str = "zh", emotion: str = "NEUTRAL", event: str = "Speech") -> Recognition:
    return Recognition(f"<|{language}|><|{emotion}|><|{event}|><|withitn|>{text}")


def clip(
    start_ms: int,
    end_ms: int,
    said: Recognition | None = None,
    scores: tuple[TagScore, ...] = (),
    speaker: str | None = None,
) -> Clip:
    nothing = np.zeros(0, dtype=np.float32)
    message = replace(message or answer("你好。"), scores=scores)
    return Clip((Piece(Span(start_ms, end_ms)),), nothing, message, nothing, speaker)


def cell(start_ms: int, end_ms: int, *events: str, error: str | None = None) -> WindowResult:
    return WindowResult(Span(start_ms, end_ms), events, 0.0, "", error)


def grouped(*items: Item, options: Options = OPTIONS) -> list[list[int] | str]:
    """Return groups as the starts of their clips, and all else by its kind."""
    return [
        [each.span.start_ms for each in result] if isinstance(result, tuple) else type(result).__name__
        for result in groups(items, options)
    ]


def mood(name: str, score: float) -> tuple[TagScore, ...]:
    return TagScore("emotion", name, score), TagScore("emotion", "NEUTRAL", round(0.95 - score, 2))


def test_neighbours_that_agree_are_one() -> None:
    assert grouped(clip(0, 2_000), clip(2_300, 4_000)) == [[0, 2_300]]


@pytest.mark.parametrize(
    "other",
    [
        answer("Hello.", "en"),
        answer("你好。", emotion="ANGRY"),
        Recognition("", error="out of memory"),
    ],
)
def test_another_language_mood_or_a_failure_parts_rows(other: Recognition) -> None:
    assert grouped(clip(0, 2_000), clip(2_300, 4_000, other)) == [[0], [2_300]]


@pytest.mark.parametrize("unsure", ["EMO_UNKNOWN", "OTHER", "NEUTRAL"])
def test_no_mood_agrees_with_no_mood(unsure: str) -> None:
    assert grouped(clip(0, 2_000), clip(2_300, 4_000, answer("好。", emotion=unsure))) == [[0, 2_300]]


def test_a_mood_that_the_model_is_not_sure_of_parts_nothing_and_stays_in_the_record() -> None:
    weak = clip(2_300, 4_000, answer("好。", emotion="SAD"), mood("SAD", 0.48))
    sure = clip(2_300, 4_000, answer("好。", emotion="SAD"), mood("SAD", 0.7))
    plain = clip(0, 2_000, scores=mood("SAD", 0.05))
    assert grouped(plain, weak) == [[0, 2_300]]
    assert grouped(plain, sure) == [[0], [2_300]]
    assert emotion_of([plain, weak]) == "NEUTRAL"
    assert {score.name for score in mean_scores([plain, weak])} == {"NEUTRAL", "SAD"}


def test_silence_and_length_have_limits() -> None:
    assert grouped(clip(0, 2_000), clip(3_000, 4_000)) == [[0, 3_000]]
    assert grouped(clip(0, 2_000), clip(3_001, 4_000)) == [[0], [3_001]]
    assert grouped(clip(0, 8_000), clip(8_100, 15_001)) == [[0], [8_100]]
    assert grouped(clip(0, 900), clip(950, 2_000), options=Options(merge_length_s=0)) == [[0], [950]]
    assert grouped(clip(0, 900), clip(950, 2_000), options=Options(merge="length")) == [[0], [950]]


def test_speakers() -> None:
    known, same, other, unknown = (
        clip(at, at + 900, speaker=name)
        for at, name in ((0, "S1"), (1_000, "S1"), (2_000, "S2"), (3_000, None))
    )
    assert grouped(known, same, other, unknown) == [[0, 1_000], [2_000, 3_000]]
    # One who is not known joins two who are known to differ to neither both.
    assert grouped(known, replace(unknown, pieces=same.pieces), other) == [[0, 1_000], [2_000]]


def test_a_sound_between_parts_rows_and_stays() -> None:
    laughter = cell(2_000, 2_400, "Laughter")
    assert grouped(clip(0, 2_000), laughter, clip(2_500, 4_000)) == [[0], "WindowResult", [2_500]]
    assert grouped(clip(0, 2_000), cell(2_000, 2_400, error="no memory"), clip(2_500, 4_000)) == [
        [0], "WindowResult", [2_500]
    ]  # fmt: skip
    result = Segment("speech", Span(2_000, 2_400), "漏掉的话。")
    assert grouped(clip(0, 2_000), result, clip(2_500, 4_000)) == [[0], "Segment", [2_500]]


def test_silence_and_music_that_goes_on_under_the_speech_part_nothing() -> None:
    assert grouped(clip(0, 2_000), cell(2_000, 2_400), clip(2_500, 4_000)) == [[0, 2_500]]
    music = answer("你好。", event="BGM")
    under = clip(0, 2_000, music), cell(2_000, 2_400, "BGM"), clip(2_500, 4_000, music)
    assert grouped(*under) == [[0, 2_500]]
    assert grouped(*under[:2], clip(2_500, 4_000)) == [[0], "WindowResult", [2_500]]


def test_a_doubtful_language_is_asked_for_again_in_that_of_the_neighbours() -> None:
    flip = clip(2_100, 3_000, answer("はい。", "ja"), (TagScore("language", "ja", 0.6),))
    around = clip(0, 2_000), flip, clip(3_100, 5_000)
    assert language_to_ask_for(around, 1, OPTIONS) == "zh"
    assert language_to_ask_for(around, 0, OPTIONS) == ""
    assert language_to_ask_for(around, 1, Options(language="zh")) == ""
    sure = replace(flip, answer=replace(flip.answer, scores=(TagScore("language", "ja", 0.95),)))
    assert language_to_ask_for((around[0], sure, around[2]), 1, OPTIONS) == ""
    long = clip(2_100, 3_600, flip.answer, flip.answer.scores)
    assert language_to_ask_for((around[0], long, around[2]), 1, OPTIONS) == ""
    mixed = clip(3_100, 5_000, answer("Yes.", "en"))
    assert language_to_ask_for((around[0], flip, mixed), 1, OPTIONS) == ""
    far = clip(9_000, 9_900)
    assert language_to_ask_for((around[0], flip, far), 1, OPTIONS) == "zh"


def test_a_text_without_a_letter_of_its_language_is_doubtful_however_sure_the_model_is() -> None:
    flip = clip(2_100, 3_000, answer("好的。", "ko"), (TagScore("language", "ko", 0.99),))
    assert language_to_ask_for((clip(0, 2_000), flip), 1, OPTIONS) == "zh"
    again = replace(answer("好的。"), scores=(TagScore("language", "zh", 0.9),))
    assert better(flip, again) is again


def test_alone_it_is_asked_for_in_the_likeliest_language_that_is_written_so() -> None:
    scores = tuple(
        TagScore("language", name, score)
        for name, score in (("ja", 0.6), ("en", 0.2), ("yue", 0.1), ("zh", 0.05))
    )
    alone = clip(0, 4_000, answer("聽日九點開會。", "ja"), scores)
    assert language_to_ask_for((alone,), 0, OPTIONS) == "yue"
    kana = clip(0, 4_000, answer("明日です。", "ja"), scores)
    assert language_to_ask_for((kana,), 0, OPTIONS) == ""


def test_the_surer_answer_stands() -> None:
    flip = clip(2_100, 3_000, answer("はい。", "ja"), (TagScore("language", "ja", 0.7),))
    weaker = replace(answer("嗨。"), scores=(TagScore("language", "zh", 0.6),))
    surer = replace(weaker, scores=(TagScore("language", "zh", 0.8),))
    assert better(flip, weaker) is flip.answer
    assert better(flip, surer) is surer
    assert better(flip, Recognition("", error="no memory")) is flip.answer
    assert better(flip, replace(surer, raw="<|zh|><|NEUTRAL|><|Speech|><|withitn|>はい。")) is flip.answer


def test_a_mood_of_its_own_in_a_short_piece_is_doubtful_where_the_sentence_may_go_on() -> None:
    short, long = clip(0, 1_000, answer("您好。", emotion="SAD")), clip(1_100, 3_900)
    assert may_be_one_sentence(short, long, OPTIONS)
    assert not may_be_one_sentence(clip(0, 1_000), long, OPTIONS)
    assert not may_be_one_sentence(clip(0, 1_000, answer("您好！", emotion="SAD")), long, OPTIONS)
    assert not may_be_one_sentence(short, clip(1_300, 3_900), OPTIONS)
    assert not may_be_one_sentence(short, clip(1_100, 3_900, answer("Hello.", "en")), OPTIONS)
    assert not may_be_one_sentence(clip(0, 2_500, short.answer), clip(2_600, 5_000), OPTIONS)
    assert not may_be_one_sentence(replace(short, speaker="S1"), replace(long, speaker="S2"), OPTIONS)
