"""The SentencePiece vocabulary: all tags, characters for Chinese and Japanese, subwords for the rest."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

import sentencepiece

from .sentences import SENTENCES, without_punctuation
from .tags import ALL_TAGS

MERGES = 180
"""Subwords beyond single characters: fast English and Korean need fewer tokens than 60 ms frames."""

_RUN = re.compile(r"[A-Za-z' \uac00-\ud7a3]+|.")


def _corpus() -> Iterable[str]:
    """The texts and their halves; each Chinese or Japanese character is a line, so that none are merged."""
    for sentence in SENTENCES:
        for text in (sentence.text, without_punctuation(sentence.text), *(sentence.clauses or ())):
            yield from (run.strip() for run in _RUN.findall(text) if run.strip())
            # A word inside a sentence begins with the mark for a space; one at its start does not.
            yield from (f" {word}" for word in re.findall(r"[A-Za-z'\uac00-\ud7a3]+", text))


def train_tokenizer() -> bytes:
    """Train the vocabulary and return the model file's bytes."""
    letters = {letter for line in _corpus() for letter in line if letter != " "}
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(list(_corpus())),
        model_writer=writer,
        model_type="bpe",
        vocab_size=3 + len(ALL_TAGS) + len(letters) + 1 + MERGES,
        hard_vocab_limit=False,
        character_coverage=1.0,
        user_defined_symbols=ALL_TAGS,
        # Full-width punctuation must survive, and no space may appear between a tag and the text.
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    return writer.getvalue()


def load_tokenizer(model: bytes) -> sentencepiece.SentencePieceProcessor:
    """Open a vocabulary from its bytes, checking that every sentence survives a round trip."""
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(model)
    for sentence in SENTENCES:
        for text in (sentence.text, without_punctuation(sentence.text), *(sentence.clauses or ())):
            ids = processor.EncodeAsIds(text)
            if processor.DecodeIds(ids) != text or 0 in ids:
                raise ValueError(f"the vocabulary does not hold {text!r}")
    return processor


def load_pieces(model: bytes) -> list[str]:
    """The pieces of a vocabulary, in order."""
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(model)
    return [processor.IdToPiece(number) for number in range(len(processor))]
