"""Stretches of a text that sound like a term."""

from __future__ import annotations

import pytest

from sensevoice.vocabulary.by_sound import SoundTable
from sensevoice.vocabulary.terms import parse


def found(text: str, *lines: str, chinese: bool = True) -> list[tuple[str, str, bool]]:
    table = SoundTable(parse(lines))
    result = table.find(text, chinese)
    for each in result:
        assert text[each.offset : each.end] == each.heard
        assert 0 < each.score <= 1
    return [(each.heard, each.written, each.applied) for each in result]


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("我是李清照。", "李清照", []),
        ("我是里清赵。", "李清照", [("里清赵", "李清照", True)]),
        ("我是你亲造。", "李清照", [("你亲造", "李清照", False)]),
        ("请慧仪开门", "惠仪", [("慧仪", "惠仪", True)]),
        ("请会意开门", "惠仪", [("会意", "惠仪", False)]),
        ("善田方讲得好", "单田芳|shan tian fang", [("善田方", "单田芳", True)]),
        ("单田方讲得好", "单田芳|shan tian fang", []),
        ("里，清赵", "李清照", []),
        ("一个字理", "李", []),
    ],
)
def test_chinese_by_its_syllables(text: str, line: str, expected: list[tuple[str, str, bool]]) -> None:
    assert found(text, line) == expected


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("we use pytorch here", "PyTorch", [("pytorch", "PyTorch", True)]),
        ("we use py torch here", "PyTorch", [("py torch", "PyTorch", True)]),
        ("ask open AI", "OpenAI", [("open AI", "OpenAI", True)]),
        ("run kubernetis now", "Kubernetes", [("kubernetis", "Kubernetes", True)]),
        ("run cooper netties now", "Kubernetes", [("cooper netties", "Kubernetes", True)]),
        ("keep it open", "OpenAI", [("open", "OpenAI", False)]),
        ("run kubernetes now", "K8s|kubernetes", [("kubernetes", "K8s", True)]),
        ("用G P T 4做", "GPT-4", [("G P T 4", "GPT-4", True)]),
        ("on the grass", "Grace", [("grass", "Grace", False)]),
        ("a red car", "Reed", [("red", "Reed", False)]),
        ("on the road", "Reed", []),
        ("the meeting", "PyTorch", []),
    ],
)
def test_words_in_letters_by_metaphone(text: str, line: str, expected: list[tuple[str, str, bool]]) -> None:
    assert found(text, line) == expected


def test_both_in_one_term() -> None:
    assert found("用啊里云 ecs 跑", "阿里云 ECS") == [("啊里云 ecs", "阿里云 ECS", True)]


def test_the_weight_says_how_near_a_term_has_to_be() -> None:
    assert found("请会意开门", "惠仪 :1.1") == [("会意", "惠仪", True)]
    assert found("我是里清赵。", "李清照 :0.5") == []


def test_a_text_that_is_a_term_is_no_other_one() -> None:
    assert found("李明和黎明", "李明", "黎明") == []


def test_the_longer_and_the_nearer_term_counts() -> None:
    assert found("在北京大血", "北京", "北京大学") == [("北京大血", "北京大学", True)]


def test_characters_of_another_language_are_not_read_as_chinese() -> None:
    assert found("会仪は pytorch です", "惠仪", "PyTorch", chinese=False) == [("pytorch", "PyTorch", True)]
