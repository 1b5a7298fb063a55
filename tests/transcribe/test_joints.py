"""Where sentences end at the pauses between pieces."""

from __future__ import annotations

import pytest

from sensevoice.tags.word_times import spelled
from sensevoice.transcribe.joints import SURE_GAP_MS, Token, divide, ends_sentence, is_sure, text_of


def tokens(*pieces: str) -> list[Token]:
    """Return pieces of 100 ms, one after the other."""
    return [(piece, 100 * at, 100 * at + 100) for at, piece in enumerate(pieces)]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("好的。", True),
        ("好吗？", True),
        ("Well…", True),
        ("Stop!", True),
        ("他说“好。”", True),
        ("I see. ", True),
        ("好的，", False),
        ("3,", False),
        ("你好", False),
        ("", False),
    ],
)
def test_the_marks_that_end_a_sentence(text: str, ends: bool) -> None:
    assert ends_sentence(text) == ends


def test_a_full_stop_is_believed_after_a_long_pause_only() -> None:
    assert is_sure("好的。", SURE_GAP_MS)
    assert not is_sure("好的。", SURE_GAP_MS - 1)
    assert not is_sure("Well…", 0)
    assert is_sure("好吗？", 0) and is_sure("好的，", 0)


def test_tokens_are_divided_at_word_borders_and_marks_stay_with_what_they_follow() -> None:
    message = tokens("好", "的", "。", "我", "来")
    assert [text_of(part) for part in divide(message, [250])] == ["好的。", "我来"]
    assert [text_of(part) for part in divide(message, [190])] == ["好的。", "我来"]
    english = tokens("I", "▁see", ".", "▁Th", "ank", "▁you")
    assert [text_of(part) for part in divide(english, [300])] == ["I see.", "Thank you"]
    # In the middle of a word: the word stays whole.
    assert [text_of(part) for part in divide(english, [400])] == ["I see. Thank", "you"]


def test_every_time_gives_a_part_though_it_be_empty() -> None:
    message = tokens("好", "的")
    assert [text_of(part) for part in divide(message, [0, 100, 5_000])] == ["", "好", "的", ""]
    assert divide([], [100]) == [[], []]


def test_tags_inside_the_text_stay_in_it_and_are_not_shown() -> None:
    message = tokens("好", "<|HAPPY|>", "的")
    assert (spelled(message), text_of(message)) == ("好<|HAPPY|>的", "好的")
