"""In which ways a term may be spelled, with the bundled model's own pieces."""

from __future__ import annotations

from typing import Any

import pytest
import sentencepiece

from sensevoice.models.sources import demo
from sensevoice.vocabulary.pieces import MAX_WAYS, ways_of
from sensevoice.vocabulary.terms import Term


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    (path,) = demo.ASR_DIR.glob("*.bpe.model")
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def spelled(term: Term, tokenizer: Any) -> list[str]:
    return ["".join(tokenizer.id_to_piece(piece) for piece in way) for way in ways_of(term, tokenizer)]


def test_chinese_is_spelled_by_the_character(tokenizer: Any) -> None:
    ways = ways_of(Term("会议记录"), tokenizer)
    assert [tokenizer.id_to_piece(piece) for piece in ways[0]] == list("会议记录")


def test_words_begin_with_a_space_or_not_in_either_case(tokenizer: Any) -> None:
    ways = spelled(Term("Order"), tokenizer)
    assert {"order", "▁order", "Order", "▁Order"} <= {*ways}
    assert len(ways) <= MAX_WAYS


def test_what_is_said_otherwise_is_spelled_as_it_is_said_but_for_pinyin(tokenizer: Any) -> None:
    assert "会议" in spelled(Term("惠仪", "会议"), tokenizer)
    assert spelled(Term("会议", "hui yi"), tokenizer) == spelled(Term("会议"), tokenizer)


def test_letters_that_the_model_does_not_have_are_never_looked_for(tokenizer: Any) -> None:
    assert ways_of(Term("龘"), tokenizer) == ()
    assert ways_of(Term("会龘"), tokenizer) == ()
