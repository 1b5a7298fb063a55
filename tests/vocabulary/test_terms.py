"""A vocabulary as people write it, and what is said of one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.errors import BadVocabulary, OptionError
from sensevoice.options import Options
from sensevoice.vocabulary.terms import MAX_TERM_CHARS, MAX_TERMS, Term, parse, read_file


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("李清照", Term("李清照")),
        ("  Windows   11 ", Term("Windows 11")),
        ("单田芳|shan tian fang", Term("单田芳", "shan tian fang")),
        ("K8s ｜ kubernetes :2", Term("K8s", "kubernetes", 2.0)),
        ("通义千问 ：0.5", Term("通义千问", "", 0.5)),
        ("C++", Term("C++")),
        ("某某|某某", Term("某某")),
    ],
)
def test_a_line_holds_a_term(line: str, term: Term) -> None:
    assert parse([line]) == (term,)
    assert parse([term.line]) == (term,), "and its line is read as the same"


def test_comments_and_empty_lines_are_passed_over_and_the_later_of_two_counts() -> None:
    assert parse(["\ufeff# names", "", "阿里", "阿里 :3", "#"]) == (Term("阿里", "", 3.0),)


@pytest.mark.parametrize(
    ("written", "reading", "syllables"),
    [
        ("单田芳", "Shan tian1 fang", ("shan", "tian", "fang")),
        ("吕布", "lü bu", ("lv", "bu")),
        ("西安", "xi'an", ("xi", "an")),
        ("微信", "wechat", ()),
        ("K8s", "kubernetes", ()),
        ("阿里", "阿狸", ()),
    ],
)
def test_a_reading_of_as_many_syllables_as_characters_is_pinyin(
    written: str, reading: str, syllables: tuple[str, ...]
) -> None:
    assert Term(written, reading).syllables == syllables


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        ("甲|乙|丙", "多个", "more than one"),
        ("|jia", "没有可识别", "no letters"),
        ("甲|", "没有可识别", "no letters"),
        ("……", "没有可识别", "no letters"),
        ("a\x07b", "没有可识别", "no letters"),
        ("甲 :9", "0.1 到 5", "from 0.1 to 5"),
        ("甲 :", "权重", "weight"),
        ("甲 :nan", "权重", "weight"),
        ("长" * (MAX_TERM_CHARS + 1), "一行只写一个词", "one term a line"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line: str, zh: str, en: str) -> None:
    with pytest.raises(BadVocabulary) as caught:
        parse(["好", line], "words.txt")
    assert caught.value.message("zh").startswith("热词“words.txt”第 2 行：")
    assert zh in caught.value.message("zh")
    assert caught.value.message("en").startswith("Hotwords “words.txt”, line 2: ")
    assert en in caught.value.message("en")


def test_there_are_not_too_many() -> None:
    lines = [f"词{number}" for number in range(MAX_TERMS)]
    assert len(parse(lines)) == MAX_TERMS
    with pytest.raises(BadVocabulary, match=str(MAX_TERMS)):
        parse([*lines, "又一个"])


def test_a_file_is_read_and_its_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "热词.txt"
    path.write_bytes("\ufeff李清照\r\n# \r\nK8s|kubernetes\r\n".encode())
    assert [term.written for term in read_file(path)] == ["李清照", "K8s"]
    path.write_bytes("好\n李清照".encode("gb18030"))
    with pytest.raises(BadVocabulary, match="UTF-8"):
        read_file(path)
    path.write_bytes(b"a" * (1 << 20) + b"b")
    with pytest.raises(BadVocabulary, match="1 MB"):
        read_file(path)
    for missing in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(BadVocabulary, match="cannot be read"):
            read_file(missing)


def test_options_keep_a_vocabulary_by_its_content() -> None:
    options = Options(hotwords="# 名字\n李清照 :1.0\n\nK8s | kubernetes")  # type: ignore[arg-type]  # of a form
    assert options.hotwords == ("李清照", "K8s|kubernetes")
    assert Options(**options.as_dict()) == options
    assert options == Options(hotwords=["李清照\nK8s|kubernetes"])  # type: ignore[arg-type]
    for wrong in (7, [7], {"a": 1}):
        with pytest.raises(OptionError, match="hotwords"):
            Options(hotwords=wrong)  # type: ignore[arg-type]
