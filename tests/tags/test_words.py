"""From tokenizer pieces to words."""

from __future__ import annotations

from sensevoice.tags.word_times import words_from_tokens
from sensevoice.transcript import Span

CLIP = Span(10_000, 20_000)


def words(*pieces: str) -> list[str]:
    tokens = [(piece, index * 60, index * 60 + 60) for index, piece in enumerate(pieces)]
    return [word.text for word in words_from_tokens(tokens, CLIP)]


def test_english_pieces_become_words_with_their_punctuation() -> None:
    assert words("▁To", "day", "▁we", "'", "re", "▁here", ",", "▁now", ".") == [
        "Today",
        "we're",
        "here,",
        "now.",
    ]


def test_a_space_may_stand_alone() -> None:
    assert words("▁", "A", "B", "▁", "C") == ["AB", "C"]


def test_each_chinese_or_japanese_piece_is_a_word() -> None:
    assert words("对", "，", "特别", "▁Fla", "sh", "的", "。") == ["对，", "特别", "Flash", "的。"]
    assert words("は", "い", "、", "その") == ["は", "い、", "その"]


def test_korean_goes_by_spaces() -> None:
    assert words("▁안녕", "하세요", ".", "▁네") == ["안녕하세요.", "네"]


def test_an_opening_quote_belongs_to_what_follows_it() -> None:
    assert words("说", "“", "好", "”", "！") == ["说", "“好”！"]


def test_tags_are_no_words() -> None:
    assert words("<|HAPPY|>", "你", "<|Laughter|>", "好") == ["你", "好"]


def test_times_are_those_of_the_clip_and_stay_inside_it() -> None:
    tokens = [("a", 0, 30), ("▁b", 9_990, 10_050), ("▁c", 10_050, 10_110)]
    result = words_from_tokens(tokens, CLIP)
    assert [(word.span.start_ms, word.span.end_ms) for word in result] == [
        (10_000, 10_030),
        (19_990, 20_000),
    ]
    assert result[-1].text == "b c"  # no room is left for the last, but no word is lost


def test_no_tokens_no_words() -> None:
    assert words_from_tokens([], CLIP) == ()
