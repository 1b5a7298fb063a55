"""Terms in the text of a segment: put in, taken back, and what stands around them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sensevoice.tags.replacements import inside, is_free, still_standing, turned, with_replacement
from sensevoice.transcript import Event, InlineTag, Replacement, Segment, Span, Word


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text, Span(100 * number, 100 * number + 100)) for number, text in enumerate(texts))


ROW = Segment(
    "speech",
    Span(0, 1_000),
    "我是里清赵，用py torch。",
    raw="<|zh|>我是里清赵，用py torch。",
    events=(Event("Laughter", offset=6), Event("BGM")),
    inline=(InlineTag("HAPPY", 2), InlineTag("SAD", 16)),
    words=words("我", "是", "里", "清", "赵，", "用", "py", "torch。"),
)
NAME = Replacement("里清赵", "李清照", 2, 0.9, "decoding")
TOOL = Replacement("py torch", "PyTorch", 7, 1.0, "sound")


def test_words_and_tags_keep_their_places() -> None:
    row = with_replacement(with_replacement(ROW, TOOL), NAME)
    assert row.text == "我是李清照，用PyTorch。"
    assert row.raw == ROW.raw
    assert [word.text for word in row.words] == ["我", "是", "李", "清", "照，", "用", "PyTorch。"]
    assert row.words[3].span == ROW.words[3].span, "a character for a character"
    assert row.words[-1].span == Span(600, 800), "one word for two has their time"
    assert row.inline == (InlineTag("HAPPY", 2), InlineTag("SAD", 15))
    assert row.events == ROW.events
    assert row.terms == (NAME, TOOL)


def test_a_longer_term_moves_what_stands_behind_it() -> None:
    first = Replacement("我", "我们大家", 0, 0.8, "sound")
    row = with_replacement(with_replacement(ROW, NAME), first)
    assert row.text.startswith("我们大家是李清照，")
    assert row.events[0].offset == 9
    assert row.terms == (first, replace(NAME, offset=5))
    assert [word.text for word in row.words[:5]] == ["我", "们", "大", "家", "是"]
    assert [word.span for word in row.words[:4]] == [
        Span(25 * number, 25 * number + 25) for number in range(4)
    ]


def test_terms_are_taken_back_and_applied_again_one_by_one() -> None:
    row = with_replacement(with_replacement(ROW, NAME), replace(TOOL, offset=7))
    back = turned(row, [0])
    assert back.text == "我是里清赵，用PyTorch。"
    assert [term.applied for term in back.terms] == [False, True]
    assert turned(back, [0]) == row
    none = turned(row, [1, 0])
    assert none.text == ROW.text
    assert none.inline == ROW.inline
    assert none.terms == (replace(NAME, applied=False), replace(TOOL, applied=False))
    assert [word.text for word in none.words][:6] == [word.text for word in ROW.words][:6]


def test_what_is_only_proposed_is_listed_and_changes_nothing() -> None:
    row = with_replacement(ROW, replace(NAME, applied=False))
    assert (row.text, row.words) == (ROW.text, ROW.words)
    assert not is_free(row, 4, 3)
    assert is_free(row, 5, 3)
    assert is_free(row, 0, 2)


def test_a_term_stays_where_a_person_left_it() -> None:
    row = with_replacement(with_replacement(ROW, TOOL), NAME)
    assert still_standing(row.terms, "她是李清照，用 PyTorch！") == (NAME, replace(TOOL, offset=8))
    assert still_standing(row.terms, "她用 PyTorch！") == (replace(TOOL, offset=3),)


def test_a_part_of_a_text_has_the_terms_that_stand_whole_in_it() -> None:
    row = with_replacement(with_replacement(ROW, TOOL), NAME)
    assert inside(row.terms, 0, 6) == (NAME,)
    assert inside(row.terms, 6, 9) == (replace(TOOL, offset=1),)
    assert inside(row.terms, 3, 4) == ()


@pytest.mark.parametrize("texts", [(), ("我是", "里清赵，", "用")])
def test_without_the_time_of_every_word_the_text_is_right_all_the_same(texts: tuple[str, ...]) -> None:
    row = with_replacement(replace(ROW, words=words(*texts)), NAME)
    assert row.text == "我是李清照，用py torch。"
    assert "".join(word.text for word in row.words) == "".join(texts).replace("里清赵", "李清照")
