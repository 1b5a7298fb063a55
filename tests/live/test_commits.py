"""Words are shown for good when two passes agree on them, and never change after that."""

from __future__ import annotations

from sensevoice.live.commits import Committer, spelled
from sensevoice.transcript import Span, Word


def words(text: str, word_ms: int = 200, shift_ms: int = 0) -> list[Word]:
    """Return the words of a text: one for each character of Chinese, one for each run of letters."""
    parts = text.split() if " " in text or text.isascii() else list(text)
    return [
        Word(part, Span(number * word_ms + shift_ms, (number + 1) * word_ms + shift_ms))
        for number, part in enumerate(parts)
    ]


def test_the_first_pass_commits_nothing() -> None:
    committer = Committer()
    committer.push(words("今天"))
    assert (committer.committed, committer.tail) == ("", "今天")


def test_what_two_passes_agree_on_stays() -> None:
    committer = Committer()
    committer.push(words("今天天汽"))
    committer.push(words("今天天气很"))
    assert (committer.committed, committer.tail) == ("今天天", "气很")


def test_what_stays_does_not_change_when_later_passes_hear_it_otherwise() -> None:
    committer = Committer()
    for heard in ("今天", "今天天", "金天天气"):
        committer.push(words(heard))
    assert (committer.committed, committer.tail) == ("今天天", "气")
    committer.push(words("金天天气很好"))
    assert (committer.committed, committer.tail) == ("今天天气", "很好")


def test_a_word_at_the_border_is_not_doubled_by_jitter_of_its_time() -> None:
    committer = Committer()
    committer.push(words("今天天气"))
    committer.push(words("今天天气"))
    assert committer.committed == "今天天气"
    committer.push([Word("京", Span(0, 200)), *words("天天气好", shift_ms=210)])
    assert committer.tail == "好"


def test_punctuation_that_changes_while_a_sentence_grows_is_left_out() -> None:
    committer = Committer()
    committer.push(words("good morning."))
    committer.push(words("good morning everybody."))
    assert (committer.committed, committer.tail) == ("good morning", "everybody")


def test_the_full_stop_at_the_end_of_what_was_heard_is_never_committed() -> None:
    committer = Committer()
    for _ in range(2):
        committer.push(words("good morning."))
    assert committer.committed == "good morning"
    committer.push(words("good morning. Hello"))
    committer.push(words("good morning. Hello everybody"))
    assert (committer.committed, committer.tail) == ("good morning Hello", "everybody")


def test_words_are_spelled_with_spaces_where_their_script_has_them() -> None:
    assert spelled(["今", "天", "very", "good"]) == "今天very good"
    assert spelled(["안녕", "하세요"]) == "안녕 하세요"
