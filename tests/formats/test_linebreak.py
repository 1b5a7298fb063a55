"""Where lines of text may end."""

from __future__ import annotations

import pytest

from sensevoice.formats.linebreak import MAX_LINE_WIDTH, Cut, lay_out, tokens, width


def pieces(text: str) -> list[str]:
    return [text[token.start : token.end] for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("中文", 4), ("ｶﾅ", 2), ("한국", 4), ("cafe\u0301", 4), ("，。", 4)]
)
def test_width_counts_a_wide_character_as_two(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, my world.", ["Hello,", "my", "world."]),
        ("你好，世界。", ["你", "好，", "世", "界。"]),
        ("他说：“好！”吗", ["他", "说：", "“好！”", "吗"]),
        ("（一）二", ["（一）", "二"]),
        ("我用Python写", ["我", "用", "Python", "写"]),
        ("コーヒー", ["コー", "ヒー"]),
        ("人々は", ["人々", "は"]),
        ("안녕 하세요.", ["안녕", "하세요."]),
        ("in the woods - where", ["in", "the", "woods -", "where"]),
        ("- Yes", ["-", "Yes"]),
        ("3.14 it's", ["3.14", "it's"]),
        ("等等……好", ["等", "等……", "好"]),
        ("か\u3099き", ["か\u3099", "き"]),
        ("", []),
        ("  ", []),
    ],
)
def test_tokens_are_never_divided(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_word_wider_than_a_line_is_cut_hard() -> None:
    url = "https://example.com/" + "x" * 80
    assert [len(piece) for piece in pieces(f"see {url}")] == [3, 42, 42, 16]
    assert "".join(pieces(url)) == url


def test_even_a_hard_cut_leaves_no_punctuation_to_begin_a_line() -> None:
    assert pieces("x" * 42 + "。") == ["x" * 41, "x。"]
    assert pieces("…" * 50) == ["…" * 42, "…" * 8]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("好。", Cut.SENTENCE),
        ("end.”", Cut.SENTENCE),
        ("好！”", Cut.SENTENCE),
        ("好，", Cut.CLAUSE),
        ("so:", Cut.CLAUSE),
        ("so", Cut.WORD),
        ("”", Cut.WORD),
    ],
)
def test_how_well_a_text_is_cut_after_a_token(text: str, cut: Cut) -> None:
    assert tokens(text)[-1].cut is cut


def test_one_line_if_it_fits() -> None:
    text = "x" * 20 + " " + "y" * 21
    assert lay_out(text, tokens(text)) == (text,)


def test_two_lines_are_divided_at_punctuation_first() -> None:
    text = "Yes, of course. I will come and see you there tomorrow."
    assert lay_out(text, tokens(text)) == ("Yes, of course.", "I will come and see you there tomorrow.")


def test_two_lines_without_punctuation_are_even() -> None:
    text = "一二三四五六七八九十一二三四五六七八九十一二三四"
    assert lay_out(text, tokens(text)) == ("一二三四五六七八九十一二", "三四五六七八九十一二三四")


def test_a_good_cut_that_leaves_too_long_a_line_is_not_taken() -> None:
    text = "No. " + " ".join(["abcdefg"] * 8)
    lines = lay_out(text, tokens(text))
    assert all(width(line) <= MAX_LINE_WIDTH for line in lines)
    assert " ".join(lines) == text


def test_more_than_two_lines_is_an_error() -> None:
    text = "word " * 30
    with pytest.raises(ValueError, match="two lines"):
        lay_out(text, tokens(text))
